# What one does with Signet, in words. `make` alone prints this list.
# Python >= 3.11 with pip is all that is needed: PYTHON=… names another one than python3.

PYTHON ?= python3
PORT ?= 8000
export SAM_CLI_TELEMETRY ?= 0

VENV := .venv/bin/python
SAM := .venv-sam/bin/sam
# sam looks for python3.13 on PATH and is confused by pyenv's shims: the real one goes first.
PYTHON313 = $(shell $(PYTHON) local/venvs.py --which 3.13)
SAM_PATH = $(if $(PYTHON313),$(dir $(PYTHON313)):)$(CURDIR)/.venv-sam/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help run test bench check build bootstrap import-users smoke clean \
    venvs-run venvs-test venvs-bench venvs-sam node

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 21

run: venvs-run ## start everything on http://127.0.0.1:8000 (PORT=… moves it, KEEP=1 keeps the state)
	@exec $(VENV) -m local --port $(PORT) $(if $(filter-out 0,$(KEEP)),--keep)

# All tests keep three processes busy at most; a few are done before a second one has started.
test: venvs-test venvs-sam node ## run all tests (ARGS=… goes to pytest)
	@# sam build runs make again, to which a PYTHON=… of ours must not go on.
	MAKEFLAGS= $(VENV) -m pytest $(if $(ARGS),$(ARGS),--numprocesses auto --maxprocesses 3)

bench: venvs-test venvs-sam $(if $(filter-out 0,$(QUICK)),,venvs-bench) ## measure against the budgets (QUICK=1 takes a minute and a half)
	$(VENV) -m benchmarks $(if $(filter-out 0,$(QUICK)),--quick)

check: venvs-test venvs-sam ## lint, format, types, template
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy
	.venv-sam/bin/cfn-lint template.yaml
	PATH="$(SAM_PATH)" $(SAM) validate --lint

build: venvs-sam ## sam build, into .aws-sam/build
	MAKEFLAGS= PATH="$(SAM_PATH)" $(SAM) build $(ARGS)

bootstrap: venvs-run ## first operator and app of a deployed stack (STACK=…), keys printed once
	@$(if $(STACK),,$(error Name the stack: make bootstrap STACK=signet))\
	$(VENV) -m local.bootstrap $(STACK) $(ARGS)

import-users: venvs-run ## users that LeanCloud exported (FILE=… [APP_ID=… STACK=…], FILE=s3://… in AWS)
	@$(if $(FILE),,$(error Name the export: make import-users FILE=users.jsonl APP_ID=… STACK=…))\
	$(VENV) -m local.import_users "$(FILE)" $(if $(APP_ID),--app-id "$(APP_ID)") \
	    $(if $(STACK),--stack "$(STACK)")

smoke: venvs-run ## check a deployment from outside (URL=… APP_ID=… APP_KEY=… [MASTER_KEY=…])
	@$(if $(URL),,$(error Name the server: make smoke URL=https://… APP_ID=… APP_KEY=…))\
	URL="$(URL)" APP_ID="$(APP_ID)" APP_KEY="$(APP_KEY)" MASTER_KEY="$(MASTER_KEY)" \
	$(VENV) -m local.smoke

clean: ## remove everything that the other commands made
	rm -rf .venv .venv-ministack .venv-sdk .venv-lambda .venv-sam .venv-solvers .local .aws-sam node_modules \
	    tests/wire/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venvs-run:
	@$(PYTHON) local/venvs.py run

venvs-test:
	@$(PYTHON) local/venvs.py test

venvs-bench:
	@$(PYTHON) local/venvs.py bench

venvs-sam:
	@$(PYTHON) local/venvs.py sam

# The JavaScript SDK, for the tests that run it. Without Node those tests are skipped, loudly.
node:
	@if command -v npm >/dev/null && test -f tests/wire/package.json; then $(MAKE) -s tests/wire/node_modules/.package-lock.json; fi

tests/wire/node_modules/.package-lock.json: $(wildcard tests/wire/package.json tests/wire/package-lock.json)
	npm ci --prefix tests/wire --no-audit --no-fund --silent
	@touch $@
