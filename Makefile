# Amplify RAG Async on this machine. `make` alone lists the targets.

VENV ?= .venv
BIN := $(VENV)/bin
OSLS := node --no-warnings node_modules/osls/bin/serverless.js
TSC := node_modules/.bin/tsc
# Policies of CloudFormation templates, in an environment of its own: its pins clash with ours
POLICIES := $(BIN)/uv tool run --from checkov==3.3.30 checkov
# Tests wait for other processes as often as they compute, so there is work for more of them than processors
TEST_PROCESSES := $(shell n=$$(nproc); echo $$((n < 3 ? 3 : n > 4 ? 4 : n)))
# Where the versions stand of whatever runs, here or deployed
PINNED := requirements.lock requirements-vdr.txt $(wildcard layers/*/requirements.txt layers/*/Dockerfile)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev up down status demo test check style types template dockerfiles layers images audit lock logs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: up ## set up, start, upload the samples, watch them, ask questions
	@$(BIN)/python -m cli.demo

up: setup ## start the local stack, or bring a running one up to date
	@$(BIN)/python -m local up

down: setup ## stop the local stack; its state is kept
	@$(BIN)/python -m local down

status: setup ## what runs, and where
	@$(BIN)/python -m local status

test: setup-dev ## run every test; T="tests/core -k chunk" for some
	@$(TSC) --project web
	node --no-warnings --test build/web/tests/
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(T)

check: style types template dockerfiles audit ## style, types, imports, CloudFormation template, sizes, Dockerfiles, known vulnerabilities

style: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup-dev
	$(BIN)/mypy
	$(TSC) --project web --noEmit

template: layers
	$(OSLS) package --stage dev --package build/dev
	$(OSLS) package --stage dev --param database=create --param databaseAccess=proxy --package build/dev-create
	$(BIN)/cfn-lint -i W3005 -t build/dev*/cloudformation-template-update-stack.json
	$(POLICIES) --config-file checkov.yml --file build/dev*/cloudformation-template-update-stack.json
	$(BIN)/python -m pytest --quiet tests/template/test_limits.py
	$(BIN)/python -m layers.sizes build/dev

dockerfiles: setup-dev
	$(BIN)/hadolint layers/*/Dockerfile

layers: setup-dev ## build the layers under the zip functions, if their packages changed; ARCHITECTURE=arm64 for Graviton
	@$(BIN)/python -m layers.build

images: ## build and push the workers' images: REGISTRY=<account>.dkr.ecr.<region>.amazonaws.com; without it, print how
	@layers/images.sh $(REGISTRY)

audit: setup-dev build/pins.txt ## known vulnerabilities of all that runs locally and deployed; where no advisories can be had, the hashes still hold
	@$(BIN)/pip-audit --requirement build/pins.txt --disable-pip --no-deps --progress-spinner off --desc off > build/audit.txt 2>&1 \
		|| { grep -qE 'requests\.exceptions|Could not connect' build/audit.txt && echo "no advisories could be fetched"; } \
		|| { cat build/audit.txt; exit 1; }
	@unknown=$$(grep -c 'could not be audited' build/audit.txt); [ $$unknown = 0 ] || echo "$$unknown packages could not be audited here"

# Each package once, with its version: pip-audit takes no files with hashes beside others, nor does a Dockerfile have them
build/pins.txt: Makefile $(PINNED)
	@mkdir -p build
	@grep -hoE '[A-Za-z0-9._-]+(\[[A-Za-z0-9,._-]+\])?==[^ ;\]+' $(PINNED) | sort -u > $@.new && mv $@.new $@

lock: setup-dev ## write requirements.lock anew, after a change of requirements*.txt or constraints.txt
	@{ echo '# What runs locally and deployed, each file by its hash. Made by `make lock`; pip refuses anything else.'; \
		$(BIN)/uv pip compile requirements.txt requirements-local.txt --constraint constraints.txt --generate-hashes \
		--python-version 3.11 --python-platform linux --no-annotate --no-header --quiet; } > build/requirements.lock
	@mv build/requirements.lock requirements.lock
	@for set in base search text vdr; do \
		{ echo "# Made by \`make lock\` from requirements.in."; $(BIN)/uv pip compile layers/$$set/requirements.in \
			--constraint constraints.txt $$(find layers/$$set -name overrides.txt -exec echo --override {} \;) \
			--generate-hashes --python-version 3.13 --python-platform x86_64-manylinux_2_28 --no-annotate --no-header --quiet; \
		} > build/requirements.txt && mv build/requirements.txt layers/$$set/requirements.txt || exit 1; done

logs: setup ## log lines of one function: F=text_rag_processor; FOLLOW=1 to go on
	@$(BIN)/python -m local status >/dev/null || { echo "The local stack is not up: make up"; exit 1; }
	@$(OSLS) logs --stage local -f $(or $(F),$(error say which function: make logs F=text_rag_processor)) \
		$(if $(FOLLOW),--tail,--startTime 1h)

clean: ## stop the local stack and delete its state and everything that was installed here
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m local destroy; fi
	rm -rf $(VENV) node_modules .serverless build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

setup: $(VENV)/.ready node_modules/.package-lock.json ## install what running needs
setup-dev: setup $(VENV)/.ready-dev ## install what tests and checks need too

$(VENV)/.ready: requirements.lock local/programs.sh
	@python=$$(local/programs.sh) && { [ -x $(BIN)/python ] || $$python -m venv $(VENV); }
	@echo "installing Python packages"
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements.lock
	@printf '%s\n' '#!$(abspath $(BIN)/python)' 'import sys' 'sys.path.insert(0, "$(CURDIR)")' \
		'from cli.main import app' 'app()' > $(BIN)/amplify-rag
	@chmod +x $(BIN)/amplify-rag
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt requirements-vdr.txt $(VENV)/.ready
	@echo "installing Python packages for tests and checks"
	@$(PIP_INSTALL) -r requirements-dev.txt -r requirements-vdr.txt
	@touch $@

node_modules/.package-lock.json: package-lock.json $(VENV)/.ready
	@echo "installing Node.js packages"
	@npm ci --silent --no-audit --no-fund
	@touch $@
