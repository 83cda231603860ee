#!/usr/bin/env bash
# Builds the workers' images, pushes them to a registry and prints the settings that name them by digest.
#
#   layers/images.sh 123456789012.dkr.ecr.us-east-1.amazonaws.com     without an address: prints the commands
#
# ARCHITECTURE=arm64 builds for Graviton. PAGE_MODEL=<name on a hub> bakes that model's weights into the page worker's
# image, of PAGE_MODEL_REVISION (a commit); the setting VDR_MODEL_NAME is then /opt/page-model/<last part of the name>.
set -euo pipefail
cd "$(dirname "$0")/.."

registry=${1:-}
repository=${registry:-REGISTRY}/amplify-rag-async
case ${ARCHITECTURE:-x86_64} in
  x86_64) platform=linux/amd64 ;;
  arm64) platform=linux/arm64 ;;
  *) echo "ARCHITECTURE must be x86_64 or arm64, not $ARCHITECTURE" >&2; exit 1 ;;
esac

run() { # the command, or only its words
  if [ -n "$registry" ]; then "$@"; else printf '%q ' "$@"; echo; fi
}

build() { # worker, more options: an image without attestations, which Lambda refuses
  local worker=$1
  shift
  run docker buildx build --platform "$platform" --provenance=false --sbom=false --push \
    --file "layers/$worker/Dockerfile" --tag "$repository:$worker" --metadata-file "build/image-$worker.json" "$@" .
}

name_it() { # worker, setting
  local digest
  digest=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["containerimage.digest"])' "build/image-$1.json")
  echo "export $2=$repository@$digest"
}

mkdir -p build
if [ -n "$registry" ]; then
  command -v docker >/dev/null || { echo "docker with buildx is needed to build images" >&2; exit 1; }
  region=$(cut -d. -f4 <<<"$registry")
  aws ecr describe-repositories --region "$region" --repository-names amplify-rag-async >/dev/null 2>&1 ||
    aws ecr create-repository --region "$region" --repository-name amplify-rag-async \
      --image-scanning-configuration scanOnPush=true >/dev/null
  aws ecr get-login-password --region "$region" | docker login --username AWS --password-stdin "$registry"
fi

model=()
[ -z "${PAGE_MODEL:-}" ] ||
  model=(--build-arg "PAGE_MODEL=$PAGE_MODEL" --build-arg "PAGE_MODEL_REVISION=${PAGE_MODEL_REVISION:-main}")
build text
build vdr "${model[@]}"
[ -z "$registry" ] || { name_it text AMPLIFY_RAG_TEXT_IMAGE; name_it vdr AMPLIFY_RAG_VDR_IMAGE; }
