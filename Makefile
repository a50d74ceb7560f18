# Two commands matter: `make demo` and `make test`. Both build .venv themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --disable-pip-version-check --quiet
# Three workers fill two cores: what they start works as well, and a fourth only makes all of them wait.
WORKERS ?= 3

# A hundred processes are started; without compiled code kept each of them compiles the whole house anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test suite prove mutants bench pictures lint style types lock format clean

help:  ## Show these lines.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.run: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Peak Ops needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@echo "Building $(VENV) (once; a minute or so)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --no-deps -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Adding the development tools"
	$(PIP) install --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

demo: $(VENV)/.run  ## The whole desk on this machine, in the browser.
	@$(BIN)/peak-ops demo

test: style  ## Everything: style, types, unit, scenarios, browser.
	@$(MAKE) --no-print-directory -j 2 types suite

suite: $(VENV)/.dev
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "not prove"

prove: $(VENV)/.dev  ## The long proofs: random kills, full counts, mutants.
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup
	@$(MAKE) --no-print-directory mutants

mutants: $(VENV)/.dev  ## Change approvals/ in all small ways; a test must fail.
	$(BIN)/python -m tests.mutation

bench: $(VENV)/.dev  ## Figures beside a baseline from the same run.
	$(BIN)/python -m tests.benchmarks

pictures: $(VENV)/.dev  ## Take pictures of all that the bot posts: var/pictures/index.html, and two for docs/.
	$(BIN)/python -m tests.pictures

lint: style types  ## Style and types.

style: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

lock:  ## Pin again (needs uv); the files name no index host.
	uv pip compile pyproject.toml --extra build --upgrade --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header -q -o requirements.txt
	uv pip compile pyproject.toml --extra build --extra dev --constraint requirements.txt --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header -q -o requirements-dev.txt

format: $(VENV)/.dev  ## Put the code into the house style.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove what the commands above made, but not var/.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
