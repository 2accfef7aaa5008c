# Everything a newcomer needs; `make help` lists it. Needs Python 3.11 or newer, make and git.

# The text goes through the environment: neither make nor a shell may read what a stranger wrote.
override TEXT := $(value TEXT)
export TEXT

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help explain page test check eval clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

explain: .venv/core  ## explain a text: make explain TEXT="...", or on standard input; without either a sample
ifneq ($(strip $(value TEXT)),)
	@printf '%s' "$$TEXT" | $(BIN)/explainer explain -
else
	@if [ -t 0 ] || [ ! -p /dev/stdin -a ! -s /dev/stdin ]; then $(BIN)/explainer explain --sample; else $(BIN)/explainer explain -; fi
endif

page: .venv/all  ## the page in a browser
	@$(BIN)/explainer page

test: .venv/all  ## install everything, run all tests
	@$(BIN)/python -m pytest

check: .venv/all  ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

eval: .venv/all  ## score the program and its baselines on the evaluation set
	@$(BIN)/python -m eval.run

clean:  ## remove the virtual environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache build *.egg-info

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/core: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Setting up (once, about a minute) ..." >&2
	@$(PIP) -e . && touch $@

.venv/all: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing everything for tests and development (once, a few minutes) ..." >&2
	@$(PIP) -e ".[all]" && touch $@ .venv/core
