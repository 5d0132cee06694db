# Everything here works on a machine that has Python 3.11 or newer, and installs into .venv only.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8000
WORKERS ?= auto
BIN := .venv/bin
PYTEST := $(BIN)/pytest -q -n $(WORKERS) --dist worksteal
COVERED := tests/domain tests/infra tests/api tests/contract

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-deep check format lock openapi examples bench clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: .venv/.run ## Serve an example newsroom on http://127.0.0.1:8000 (PORT=… for another port)
	@$(BIN)/standfirst demo --port $(PORT)

setup: .venv/.dev ## Make .venv with everything that development needs

test: .venv/.dev ## Run the suite, on SQLite and on a PostgreSQL that it starts itself
	$(PYTEST) -m "not deep"

test-deep: .venv/.dev ## Run it with coverage, full products, long random runs and races with real commits
	@rm -f .coverage .coverage.*
	$(PYTEST) -m "not deep" --cov --cov-report= $(COVERED)
	$(BIN)/coverage report --include='domain/*' --fail-under=100
	$(BIN)/coverage report --fail-under=95
	HYPOTHESIS_PROFILE=deep $(PYTEST) --durations=10 -m "deep or hypothesis" $(COVERED)
	HYPOTHESIS_PROFILE=deep $(PYTEST) --durations=10 $(COVERED:%=--ignore=%)

check: .venv/.dev ## Check format, lint, types, layers, and that the contract is the application's
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/openapi-spec-validator openapi/openapi.json openapi/delivery.json
	$(BIN)/standfirst openapi --check

format: .venv/.dev ## Put the code into its format, and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

openapi: .venv/.dev ## Write openapi/openapi.json and openapi/delivery.json
	$(BIN)/standfirst openapi

examples: .venv/.dev ## Write the contract's examples anew, from requests to a small newsroom
	$(BIN)/python -m tests.contract.example_newsroom

bench: .venv/.dev ## Measure, beside bare figures of the same run (SCALE=200000 for a large newsroom)
	$(BIN)/python -m bench

lock: .venv/.dev ## Choose the newest versions anew and pin them
	$(BIN)/uv pip compile -q --universal --no-header --no-annotate --generate-hashes --upgrade \
		pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile -q --universal --no-header --no-annotate --generate-hashes --upgrade \
		pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock

clean: ## Remove .venv and all that was made here
	rm -rf .venv .bench demo-data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*

.venv/.run: requirements.lock
	@$(MAKE) --no-print-directory .venv/bin/python
	@echo "Installing what Standfirst runs on (once, some 50 packages) …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements.lock requirements-dev.lock
	@$(MAKE) --no-print-directory .venv/bin/python
	@echo "Installing what development needs (once, some 90 packages) …"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/.run $@

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Standfirst needs Python 3.11 or newer; install it, or name it: make PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is missing (on Debian: apt install python3-venv)."; exit 1; }
