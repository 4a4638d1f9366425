# Two commands do everything: `make demo` and `make test`. Each sets up what it needs first.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test lint types check campaign bench lock clean

# Exit code 1 of ingest means findings: rejected descriptions are kept with their report. Only a fault ends the demo.
demo: $(READY)
	@$(BIN)/radiograph ingest idc || test $$? -eq 1
	@$(BIN)/radiograph publish
	@$(BIN)/radiograph status
ifndef DEMO_ONLY
	@exec $(BIN)/radiograph serve --host 127.0.0.1 --port $(PORT)
endif

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy .

check: lint types test

# Full sizes, by hand; the dated figures go to bench/results/.
campaign: $(READY)
	$(BIN)/python -m pytest -m slow
	$(BIN)/python -m bench.demo --write
	$(BIN)/python -m bench.validation --plain 1000 10000 --write
	$(BIN)/python -m bench.impact --write

bench: $(READY)
	$(BIN)/python -m bench.demo
	$(BIN)/python -m bench.validation

# Renews the locked dependencies; needs pip-tools in the environment.
lock: $(READY)
	$(BIN)/python -m piptools compile --quiet --strip-extras --upgrade --extra idc --extra reason --extra dev --generate-hashes \
	  --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header \
	  --output-file requirements/development.txt pyproject.toml

$(READY): requirements/development.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Radiograph needs Python 3.11 or newer; say which with: make PYTHON=/path/to/python" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
