# Every chore is one target; `.ci/run` calls the same ones. `make` alone lists them.
# What a target needs is installed first, into .venv; Debian packages too, where they are missing.

MAKEFLAGS += --no-print-directory
BIN := .venv/bin
PYTHON ?= $(shell scripts/find-python)
PYTEST := $(BIN)/python -m pytest -p scripts.refuse_skips
WORKERS ?= 2
KILLS ?= 300
STORE ?= sqlite
PEOPLE ?= 100000

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: install-runtime  ## make the example project in build/demo, run it and say what happened
	@rm -rf build/demo && mkdir -p build
	@$(BIN)/unisono demo build/demo

.PHONY: test
test: lint  ## lint, then all tests but the slow ones; a skipped test fails
	@$(PYTEST) -n $(WORKERS) -m "not slow"

.PHONY: slow
slow: install-dev  ## the tests that take longer than a few seconds, if there are any
	@$(PYTEST) --collect-only -qq -m slow >/dev/null; status=$$?; \
	if [ $$status -eq 5 ]; then echo "There are no slow tests." >&2; else $(PYTEST) -n $(WORKERS) -m slow; fi

.PHONY: kills
kills: install-dev  ## kill cycles anywhere, KILLS times on each store (300), and compare with undisturbed ones
	@UNISONO_KILLS=$(KILLS) $(PYTEST) -n $(WORKERS) tests/crash/test_kills.py

.PHONY: lint
lint: install-dev  ## style, format, types and the direction of imports
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

.PHONY: format
format: install-dev  ## put the code into its format
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

.PHONY: bench
bench: install-dev  ## measure 100,000 people beside the floor (STORE=postgresql, PEOPLE=1000000)
	@$(BIN)/python -m benchmarks --store $(STORE) --people $(PEOPLE)

.PHONY: bench-expressions
bench-expressions: install-dev  ## rows a second of every function of the rule language, slowest first
	@$(BIN)/python -m benchmarks.expressions

.PHONY: reference
reference: install-dev  ## write the pages of docs/reference that come from the code
	@$(BIN)/python scripts/write_reference.py

.PHONY: lock
lock: install-lock  ## choose versions again where pyproject.toml asks for it (UPGRADE=--upgrade: the newest)
	@scripts/lock $(UPGRADE)

.PHONY: install-runtime install-dev install-lock
install-runtime install-dev install-lock:
	@$(PYTHON) scripts/install.py $(@:install-%=%)

.PHONY: clean
clean:  ## remove what was built, cached or installed
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
