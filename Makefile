.DEFAULT_GOAL := help
.PHONY: help setup lock check servers test demo bench chaos clean
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.set-up

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

setup: $(STAMP) ## make .venv with everything (needs only python3 and pip)
	@echo "Ready; see what it does with: make demo"

$(STAMP): pyproject.toml requirements.lock .ci/virtualenv.lock .ci/make-venv
	@PYTHON=$(PYTHON) .ci/make-venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(STAMP) ## choose package versions anew: requirements.lock, .ci/virtualenv.lock
	.ci/lock

check: $(STAMP) ## run the linters and the type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

servers: ## install the Debian packages the tests need (as root)
	@.ci/install-servers

test: check servers ## run the checks and all tests
	$(BIN)/python -m pytest -n auto

demo: $(STAMP) ## run the whole product on sample data
	$(BIN)/intake --config config/demo.toml demo

bench: $(STAMP) ## run the benchmarks
	$(BIN)/python -m tests.bench

chaos: $(STAMP) servers ## random faults while 2,000 emails arrive (about 10 minutes)
	$(BIN)/python -m tests.chaos

clean: ## remove what the tools left behind; .venv and var/ stay
	rm -rf dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find intake tests -name __pycache__ -prune -exec rm -rf {} +
