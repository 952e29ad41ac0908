# Needs make and Python 3.11 or later; everything else is brought into .venv. `make help` lists the targets.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
COMPILE := $(UV) pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"

.PHONY: help setup setup-dev run test lint check format bench lock docs clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

setup: .venv/.installed ## what runs Nines, into .venv (a second run does nothing)

setup-dev: .venv/.installed-dev ## and what its tests need

run: setup ## serve the demo organisation on http://127.0.0.1:8501
	$(BIN)/nines serve --demo

test: setup-dev ## the whole suite
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup-dev ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test ## what CI runs

format: setup-dev ## mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup-dev ## how fast imports, pages, clicks and many viewers are, as ratios
	$(BIN)/python -m tests.bench

lock: $(UV) ## choose versions anew within pyproject.toml
	$(COMPILE) --upgrade --output-file requirements.lock pyproject.toml
	$(COMPILE) --upgrade --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

docs: setup ## write docs/metrics.md from the catalogue
	$(BIN)/python -m app.metrics.document > docs/metrics.md

clean: ## remove .venv and what tools left behind
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info

# uv and setuptools come first, pinned like the rest. Plain Debian has Python without ensurepip: then pip is borrowed from the system, and where there is none it is said what to install.
$(UV): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Nines needs Python 3.11 or later. Name it like this: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv >/dev/null 2>&1 || $(PYTHON) -m venv --without-pip --clear .venv
	@awk '/^[a-z]/ {on = /^(setuptools|uv)==/} on' requirements-dev.lock > .venv/first.txt
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/first.txt; \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --require-hashes -r .venv/first.txt; \
	else \
		echo "This Python cannot install packages: it lacks pip and ensurepip. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; \
	fi
	@touch $(UV)

.venv/.installed: $(UV) requirements.lock pyproject.toml
	@echo "Installing Nines into .venv"
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# Signing in is tested against a provider that runs on node; where there is none, those tests are skipped.
.venv/.installed-dev: .venv/.installed requirements-dev.lock tests/browser/oidc/package-lock.json
	@echo "Installing what the tests need"
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@if command -v npm >/dev/null 2>&1; then npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/browser/oidc; fi
	@touch $@
