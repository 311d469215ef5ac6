# `make` alone lists what there is. Needs make, git and Python 3.11 or newer; uv is used where it is found.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
GRAPHIQL := content_api/web/graphiql
NODE_FOLDERS := $(GRAPHIQL) tests/node tests/bench/delivery/peers/mercurius
# The first that is there and new enough; `make install PYTHON=/path/to/python` names another.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help install run test check audit format bench schema graphiql test-node-deps clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Create the environment in .venv, with everything that tests and checks need

run: install ## Serve the shipped content on http://127.0.0.1:8000 (more options: make run ARGS='--port 9000')
	@trap : INT; $(BIN)/content-api serve $(ARGS) || [ $$? -eq 130 ] # Ctrl+C is how to stop it, and no error

test: check ## Check the code, then run all tests (some only: make test ARGS='tests/web -k audit')
	$(BIN)/pytest -n auto --dist worksteal $(ARGS)

check: install ## Lint, format check, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: install ## Ask for known holes in what is installed (needs a network)
	$(BIN)/python .ci/audit.py

format: install ## Put the code into the project's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## Measure; the figures of docs/performance.md come from here
	$(BIN)/python -m tests.bench $(ARGS)

schema: install ## Write schema/ from the code
	$(BIN)/content-api export

graphiql: $(GRAPHIQL)/node_modules/.installed ## Build the GraphiQL page again (needs Node)
	cd $(GRAPHIQL) && npm run --silent build

test-node-deps: $(NODE_FOLDERS:%=%/node_modules/.installed) ## Install the Node packages that some tests need

clean: ## Remove the environment, Node packages and all caches
	rm -rf $(VENV) $(NODE_FOLDERS:%=%/node_modules) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache \
	  .hypothesis .benchmarks dist *.egg-info
	find content_api tests -name __pycache__ -prune -exec rm -rf {} +

# --- what the targets above stand on ----------------------------------------------------------------------------------

# The stamp comes last, so that an installation which was interrupted is taken up again.
$(INSTALLED): pyproject.toml constraints.txt
	@if command -v uv >/dev/null 2>&1; then \
	  echo "Installing into $(VENV) with uv ..."; \
	  uv venv --quiet --allow-existing --python '>=3.11' $(VENV) && \
	  uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'; \
	else \
	  echo "Installing into $(VENV) with pip, which takes about a minute ..."; \
	  for python in $(PYTHON); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	  done; \
	  if [ -z "$$python" ]; then \
	    echo "content-api needs Python 3.11 or newer; found: $$(python3 --version 2>&1)."; \
	    echo "Install one, or name it: make install PYTHON=/path/to/python3.12"; exit 1; \
	  fi; \
	  if ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
	    echo "$$python lacks the venv module. On Debian and Ubuntu: apt install python3-venv"; exit 1; \
	  fi; \
	  "$$python" -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'; \
	fi
	@touch $@
	@echo "Installed. 'make run' serves the content, 'make test' checks everything."

# No package here needs to run anything when it is installed, so none may.
%/node_modules/.installed: %/package-lock.json %/package.json
	cd $* && npm ci --ignore-scripts
	@touch $@
