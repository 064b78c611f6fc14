.DEFAULT_GOAL := help
.PHONY: help setup lock check servers test demo bench fuzz chaos screenshots clean
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
SECONDS ?= 120
BIN := .venv/bin
STAMP := .venv/.set-up
PAGES := intake/web/static/app.css

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: $(STAMP) $(PAGES) ## make .venv with everything (needs only python3 and pip)
	@echo "Ready; see what it does with: make demo"

$(STAMP): pyproject.toml requirements.lock .ci/virtualenv.lock .ci/make-venv
	@PYTHON=$(PYTHON) .ci/make-venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(PAGES): $(wildcard intake/web/assets/*) intake/web/assets/.npmrc .ci/build-pages | $(STAMP)
	.ci/build-pages

lock: $(STAMP) ## choose package versions anew: requirements.lock, .ci/virtualenv.lock
	.ci/lock

check: $(STAMP) ## run the linters and the type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

servers: ## install the Debian packages the tests need (as root)
	@.ci/install-servers

test: check $(PAGES) servers ## run the checks and all tests
	$(BIN)/python -m pytest -n $$(($$(nproc) + 1)) # they wait for servers a fifth of the time

demo: $(STAMP) $(PAGES) ## run the whole product on sample data
	$(BIN)/intake --config config/demo.toml demo

bench: $(STAMP) $(PAGES) ## run the benchmarks
	$(BIN)/python -m tests.bench

fuzz: $(STAMP) ## look for emails that break the reading of them (SECONDS=120)
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

chaos: $(STAMP) $(PAGES) servers ## random faults while 2,000 emails arrive (about 10 minutes)
	$(BIN)/python -m tests.chaos

screenshots: $(STAMP) $(PAGES) servers ## draw docs/screenshots anew from the demo
	$(BIN)/python -m tests.web.screenshots

clean: ## remove what the tools left behind; .venv and var/ stay
	rm -rf dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find intake tests -name __pycache__ -prune -exec rm -rf {} +
