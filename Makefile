# Two commands set everything up on a fresh machine: `make run` starts the desk, `make test` tests it.

export PORT ?= 8000
# A machine that reaches the registries through a proxy trusts that proxy in the system's certificates only.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1
endif
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PANGO := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core
PANGO_LIBRARIES := libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0
PO := $(wildcard dsar/locale/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)

.PHONY: run test test-postgres check messages lock pango clean
.DEFAULT_GOAL := run
.NOTPARALLEL:
.DELETE_ON_ERROR:

# The desk with demo organisations, staff and cases, on SQLite, with nothing else to install or start.
run: export DSAR_DEMO ?= 1
run: $(VENV)/run.stamp $(MO) pango
	@exec $(BIN)/python manage.py serve

# Every test that this machine has the parts for; the last lines say which parts were used. A test goes to the process
# that is free: a few take a minute each.
test: $(VENV)/dev.stamp $(MO)
	$(BIN)/python -m pytest -n auto --maxschedchunk 1 $(ARGS)

# The same suite on PostgreSQL: TEST_POSTGRES_URL, else the server on this machine.
test-postgres: export DATABASE_URL = $(or $(TEST_POSTGRES_URL),postgres://postgres@127.0.0.1:5432/postgres)
test-postgres: test

check: $(VENV)/dev.stamp $(MO)
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/mypy
	DSAR_DATA_DIR=$(VENV)/check-data $(BIN)/python manage.py makemigrations --check --dry-run
	DSAR_DATA_DIR=$(VENV)/check-data $(BIN)/python manage.py check --fail-level WARNING

# French of all strings: new ones are added to the .po files, which a translator then completes.
messages: $(VENV)/dev.stamp
	$(BIN)/python manage.py makemessages --locale fr --no-obsolete --no-location --ignore node_modules --ignore var

$(MO): %.mo: %.po | $(VENV)/run.stamp
	$(BIN)/pybabel -q compile --input-file $< --output-file $@ --locale $(word 3,$(subst /, ,$<))

# The lock names no registry host; both files come from pyproject.toml.
lock: $(VENV)/dev.stamp
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml --group dev \
		-c requirements.lock -o requirements-dev.lock

$(VENV)/bin/uv: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	@awk '/^uv==/ { found = 1 } found { print } found && !/\\$$/ { exit }' $< > $(VENV)/uv.lock.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.lock.txt
	@touch $@

# Where the tools of the test suite are installed already, everything that `run` needs is there too.
$(VENV)/run.stamp: requirements.lock | $(VENV)/bin/uv
	@echo "Installing from requirements.lock …"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock requirements.lock | $(VENV)/bin/uv
	@echo "Installing from requirements-dev.lock …"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.lock
	@touch $@ $(VENV)/run.stamp

# Letters are made with Pango, which no Python package brings. Without it everything but PDFs works.
pango:
	@$(BIN)/python -c 'import ctypes, sys; [ctypes.CDLL(name) for name in sys.argv[1:]]' $(PANGO_LIBRARIES) 2> /dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			echo "Installing the libraries that make PDFs …"; \
			export DEBIAN_FRONTEND=noninteractive; \
			{ timeout 40 apt-get install -qq -y --no-install-recommends $(PANGO) || \
			  { timeout 40 apt-get update -qq && timeout 60 apt-get install -qq -y --no-install-recommends $(PANGO); } \
			} > $(VENV)/pango.log 2>&1 || echo "That failed, see $(VENV)/pango.log; everything but PDFs works."; \
		else \
			echo "For PDFs: sudo apt-get install $(PANGO)   (everything else works without)"; \
		fi; }

clean:
	rm -rf $(VENV) $(MO) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
