# Every command a person needs. `make` alone lists them.
.DEFAULT_GOAL := help
.SUFFIXES:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
SOURCES := api bot core migrations notion_assistant sandbox tests benchmarks scripts

.PHONY: help run dev setup test check bench lock manifest format clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(RUN_STAMP) ## start everything on http://localhost:8080, with no key and no server
	@$(BIN)/notion-assistant run

dev: $(DEV_STAMP) ## the same, started again whenever a source file changes
	@$(BIN)/python scripts/reload.py

setup: $(RUN_STAMP) $(DEV_STAMP) ## install the locked dependencies into .venv

test: $(DEV_STAMP) ## the whole test suite, its servers and browser included
	@$(BIN)/python scripts/test.py

check: $(DEV_STAMP) ## format, lint, types, import contracts, sizes, docs, audit
	@$(BIN)/python scripts/check.py

bench: $(DEV_STAMP) ## the figures that the README quotes
	@$(BIN)/python -m benchmarks

format: $(DEV_STAMP) ## rewrite the sources in the house format
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

manifest: $(DEV_STAMP) ## write docs/slack-manifest.yaml anew
	@PYTHONPATH=. $(BIN)/python scripts/manifest.py --write

lock: $(DEV_STAMP) ## write requirements/*.txt anew
	@sh scripts/lock.sh

clean: ## remove what was installed and built; data/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(RUN_STAMP): requirements/run.txt requirements/offline.txt pyproject.toml
	@sh scripts/install.sh run "$(PYTHON)" "$(VENV)"
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements/dev.txt
	@sh scripts/install.sh dev "$(PYTHON)" "$(VENV)"
	@touch $@
