# Set-up and work in one command each: every target makes .venv from the pinned set first.
# A fresh machine needs Python >= 3.11 and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# pip's own chatter is not the answer to "what is it doing"; these lines are.
SAY := @printf '\033[1m%s\033[0m\n'

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-system bench lint format clean

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## create .venv and install the pinned set

$(READY): pyproject.toml constraints.txt
	$(SAY) "Installing the pinned set into $(VENV) (about two minutes, once)"
	@$(PYTHON) -c 'import sys; sys.exit("delivery_ops needs Python 3.11 or newer; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

demo: $(READY) ## a synthetic agency's four weeks through the whole pipeline
	@$(BIN)/delivery-ops demo

test: $(READY) ## set up and test (no Debian package needed)
	@$(BIN)/python -m pytest

test-system: $(READY) ## what needs Debian packages, minutes, or kills processes
	@$(BIN)/python -m pytest -m system

bench: $(READY) ## figures beside the least they could cost; ONLY=name measures one
	@$(BIN)/python -m delivery_ops_tests.benchmarks $(if $(ONLY),ONLY=$(ONLY))

lint: $(READY) ## format, lint, types, import directions, dbt parse
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@cd dbt_project && ../$(BIN)/sqlfluff lint --disable-progress-bar models tests
	@$(BIN)/python -m delivery_ops.warehouse.manifest

format: $(READY) ## rewrite the code in the house style
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## remove the environment and caches (never data/local)
	rm -rf $(VENV) dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache .hypothesis
