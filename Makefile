# Two commands matter: `make demo` and `make test`. Both install what they need into .venv first.
.DEFAULT_GOAL := help
SHELL := bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

$(STAMP): pyproject.toml constraints.txt scripts/bootstrap scripts/system-packages
	-@scripts/system-packages
	@PYTHON=$(PYTHON) scripts/bootstrap $(VENV)
	@touch $@

.PHONY: help install demo test test-unit test-contract test-integration test-e2e lint type up down bench evaluate \
	clean

help:  ## Show what there is
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

install: $(STAMP)  ## Install vtr with everything it needs into .venv

demo: $(STAMP)  ## Publish three real videos, index, search, recommend, and print what was found
	@$(BIN)/vtr demo

test: $(STAMP) lint type  ## All checks and tests, on real Kafka, Redis, Milvus Lite and Milvus
	@$(BIN)/python -m pytest tests/unit tests/contract tests/integration tests/e2e

test-unit: $(STAMP)  ## Unit tests only (seconds)
	@$(BIN)/python -m pytest tests/unit

test-contract: $(STAMP)  ## Contract tests only
	@$(BIN)/python -m pytest tests/contract

test-integration: $(STAMP)  ## Tests of single parts on real engines
	@$(BIN)/python -m pytest tests/integration

test-e2e: $(STAMP)  ## The whole pipeline on real engines
	@$(BIN)/python -m pytest tests/e2e

lint: $(STAMP)  ## ruff, import rules, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m vtr.contracts.generate --check
	@$(BIN)/python -m vtr.cli.reference --check
	@$(BIN)/python scripts/reference.py --check

type: $(STAMP)  ## mypy --strict
	@$(BIN)/mypy

up: $(STAMP)  ## Start the laptop stack in the background
	@$(BIN)/vtr up --detach

down: $(STAMP)  ## Stop the laptop stack; its data stays
	@$(BIN)/vtr down

bench: $(STAMP)  ## Benchmarks: print ratios, change nothing
	@$(BIN)/python -m pytest tests/benchmark -s -q

# What is in these directories is used; what is missing is made. FEATURES and SOUNDS default to beside CORPUS.
CORPUS ?= data/corpus
RUNS ?= data/runs
RESULTS ?= docs/reference/results.md

evaluate: $(STAMP)  ## Train every method with three seeds, measure, write the results page (CORPUS=, RUNS=)
	@$(BIN)/vtr evaluate all --corpus $(CORPUS) --runs $(RUNS) --out $(RESULTS) \
		$(if $(FEATURES),--features $(FEATURES)) $(if $(SOUNDS),--sounds $(SOUNDS)) $(EVALUATE)

clean:  ## Remove what was built here; not the caches, not the stack's data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
