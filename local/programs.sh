#!/usr/bin/env bash
# What must be on the machine before anything else: a recent Python with venv, a recent Node.js, poppler, tesseract.
# Prints the Python to use. Installs what apt-get can where it may (root on Debian or Ubuntu); otherwise says exactly what
# to install and fails.
set -euo pipefail

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

node_is_recent() {
  node -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit(a >= 24 || (a === 22 && b >= 13) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

missing_packages() { # as Debian calls them
  [ -n "$(find_python)" ] || echo python3
  "$(find_python)" -c 'import ensurepip' 2>/dev/null || echo python3-venv
  command -v pdftoppm >/dev/null || echo poppler-utils
  command -v tesseract >/dev/null || echo tesseract-ocr
}

install() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $*" >&2
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
  elif command -v brew >/dev/null; then
    echo "Please install first:   brew install python@3.13 poppler tesseract" >&2
    exit 1
  else
    echo "Please install first:   sudo apt-get install $*" >&2
    exit 1
  fi
}

mapfile -t packages < <(missing_packages)
[ ${#packages[@]} = 0 ] || install "${packages[@]}"

python=$(find_python)
if [ -z "$python" ]; then
  echo "Python 3.11, 3.12 or 3.13 is needed; found only: $(python3 --version 2>&1 || true)." >&2
  echo "Install one (for instance: sudo apt-get install python3.12-venv, or pyenv) or name it: make setup PYTHON=/path/to/python3.12" >&2
  exit 1
fi
if ! node_is_recent || ! command -v npm >/dev/null; then
  echo "Node.js 20.19+, 22.13+ or 24+ with npm is needed; found: $(node --version 2>/dev/null || echo none)." >&2
  echo "Install it from https://nodejs.org/en/download or with nvm:   nvm install 22" >&2
  exit 1
fi
command -v "$python"
