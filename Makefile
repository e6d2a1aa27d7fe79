SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
V := .venv
BIN := $(V)/bin
PIP := -m pip install -q --disable-pip-version-check
COMPILE := build/lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')# tests that wait for processes leave a core free
READY := $(V)/.ready-$(shell cat requirements*.txt pyproject.toml | sha256sum | cut -c1-16)

help: ## list targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11+ needed: make PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' || { echo "apt-get install python3-venv" >&2; exit 2; }
	rm -rf $(V)
	$(PYTHON) -m venv $(V)
	$(BIN)/python $(PIP) --require-hashes --no-deps -r requirements-uv.txt
	$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes --only-binary :all: requirements.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --offline -e .
	touch $@
setup: $(READY) ## make .venv
demo: $(READY) ## the daemon at work on an invented company, and its page (ONCE=1: one pass; PORT=: the page's)
	$(BIN)/vindaris-sync demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))
test: $(READY) ## tests (ARGS="-k name")
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not long" $(ARGS)
test-long: $(READY) ## what takes most of a minute or more each: planted faults found, real trackers whole, a goal's life among kills
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m long $(ARGS)
browser: $(READY) ## the page in a real browser: Debian's Chromium, or CHROMIUM=; pictures in build/browser
	$(BIN)/python -m pytest tests/browser $(ARGS)
screenshots: $(READY) ## make the pictures of the documents anew, in docs/images
	$(BIN)/python -m tests.browser.screenshots
check: $(READY) ## lint, types, import contracts, docs
	$(BIN)/ruff check -q .
	$(BIN)/ruff format -q --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/docs
chaos: $(READY) ## kill the daemon at KILLS=500 random moments while people act, then judge (SEED=)
	$(BIN)/python -m tests.chaos $(or $(KILLS),500) $(SEED)
bench: $(READY) ## speed, memory and requests against their bounds (SIZE=quick)
	$(BIN)/python -m benchmarks $(SIZE)
sim: $(READY) ## simulated days of people, faults and crashes, audited, for three minutes (SEED=…)
	$(BIN)/python -m tests.simulation --seconds 180 $(if $(SEED),--seed $(SEED))
soak: $(READY) ## the same for so many tracker-days (DAYS=20000 SEED=1)
	$(BIN)/python -m tests.simulation --days $(or $(DAYS),20000) --seed $(or $(SEED),1)
wheel: $(READY) ## build the wheel, start it in a bare environment, list what is in it (SBOM)
	rm -rf dist build/smoke
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .
	$(PYTHON) -m venv build/smoke
	build/smoke/bin/python $(PIP) --require-hashes --only-binary :all: -r requirements-run.txt
	build/smoke/bin/python $(PIP) --no-deps --no-index dist/*.whl
	cd build && smoke/bin/vindaris-sync --help
	$(BIN)/cyclonedx-py environment build/smoke/bin/python --pyproject pyproject.toml --output-reproducible -o $$(ls dist/*.whl | sed 's/-py3.*/.cdx.json/')
check-supply: $(READY) ## licences and known vulnerabilities of dependencies (error 3: no advisory service reached)
	$(BIN)/python -m supply.licences
	$(BIN)/python -m supply.advisories
check-api: $(READY) ## the JSON API against its own document, with made-up requests (SECONDS=300)
	$(BIN)/python -m tests.security.api $(or $(SECONDS),120)
fuzz: $(READY) ## hostile and mutated input through every mapping, longer than in the tests (EXAMPLES=500)
	FUZZ=$(or $(EXAMPLES),500) $(BIN)/python -m pytest -q -s -p no:cacheprovider tests/security -k "fuzz or canary"
lock: ## renew locks
	test -x build/lock/bin/uv || { $(PYTHON) -m venv build/lock; build/lock/bin/pip install -q uv; }
	$(COMPILE) pyproject.toml -o requirements-run.txt
	$(COMPILE) --group dev -c requirements-run.txt pyproject.toml -o requirements.txt
	grep -oE '^uv==[^ ]+' requirements.txt | $(COMPILE) - -o requirements-uv.txt
	! grep -nE '://|--(extra-)?index-url|--find-links' requirements*.txt
.PHONY: help setup demo test test-long browser screenshots check chaos bench sim soak wheel check-supply fuzz check-api lock
