# Counterfoil. `make` lists what can be done; nothing but Python 3.11+ and make is needed beforehand.

PY := .venv/bin/python
comma := ,
LOCKS := requirements/run.txt requirements/dev.txt

.PHONY: help demo test faults mutants bench lint format check screenshots lock clean
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# A proxy set for the internet knows nothing of this machine, and every client of Stripe's would send it our own calls.
export no_proxy := $(if $(no_proxy),$(no_proxy)$(comma))127.0.0.1,localhost
export NO_PROXY := $(no_proxy)

help:
	@echo "make demo         run the whole portal on this machine   (PORT=8000 chooses the port, RESET=1 starts over)"
	@echo "make test         run every test, the browser journeys too   (TESTS=tests/portal narrows it down)"
	@echo "make faults       break everything once and see what is lost   (ROWS=F01,F05 and SEEDS=3 choose)"
	@echo "make mutants      take each guard out of the code in turn and see its test turn red"
	@echo "make bench        measure the sandbox, how fast events are taken in and applied, and usage counted   (about ten minutes)"
	@echo "make check        lint, types, import contract, house rules"
	@echo "make lint         find what the formatter and the linter would change"
	@echo "make format       change it"
	@echo "make screenshots  take the pictures of the README from a running demo"
	@echo "make lock         renew requirements/ from pyproject.toml"
	@echo "make clean        remove the environment, the demo's data and all caches"

# exec: a stopped demo ends with its own words and code, not with those of a shell in between.
demo: .venv/run.stamp
	@$(PY) -m portal.services.system demo
	@exec .venv/bin/portal demo $(if $(PORT),--port $(PORT)) $(if $(filter-out 0,$(RESET)),--reset)

test: .venv/dev.stamp
	@$(PY) -m portal.services.system test
	@$(PY) -m pytest -n 2 --durations=10 $(TESTS)

faults: .venv/dev.stamp
	@$(PY) -m portal.services.system demo
	@$(PY) -m faults $(if $(ROWS),--rows $(ROWS),--write) $(if $(SEEDS),--seeds $(SEEDS))

mutants: .venv/dev.stamp
	@$(PY) -m portal.services.system test
	@$(PY) -m tests.mutants

bench: .venv/dev.stamp
	@$(PY) -m bench.sandbox
	@$(PY) -m bench.webhooks
	@$(PY) -m bench.usage

lint: .venv/dev.stamp
	@.venv/bin/ruff format --check
	@.venv/bin/ruff check

format: .venv/dev.stamp
	@.venv/bin/ruff format
	@.venv/bin/ruff check --fix

check: lint
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m pytest -q tests/test_house_rules.py tests/test_paperwork.py

screenshots: .venv/dev.stamp
	@$(PY) -m portal.services.system test
	@$(PY) -m portal.demo.screenshots

# --universal: one lock for every system and Python; no address of an index ends up in it.
COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --upgrade pyproject.toml requirements/build.in
lock: .venv/dev.stamp
	$(COMPILE) --extra demo --extra dev --output-file requirements/dev.txt
	$(COMPILE) --constraint requirements/dev.txt --extra demo --output-file requirements/run.txt
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/image.txt

clean:
	@if [ -x $(PY) ]; then $(PY) -m portal.services.place .demo .test; fi
	rm -rf .venv .demo .test .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache test-results *.egg-info

# The environment. It is made anew when a lock file changes; what the demo needs is part of what the tests need, so that
# `make demo` after `make test` finds all it wants.
PIP = $(PY) -m pip --disable-pip-version-check --no-input --quiet install
INSTALL_OURSELVES = $(PIP) --no-deps --no-build-isolation --editable .

.venv/made.stamp: $(LOCKS)
	@sh requirements/make-venv.sh
	@touch $@

.venv/run.stamp: .venv/made.stamp
	@echo "Installing what the portal needs (once, about a minute)"
	@$(PIP) --require-hashes --requirement requirements/run.txt
	@$(INSTALL_OURSELVES)
	@touch $@

.venv/dev.stamp: .venv/made.stamp
	@echo "Installing what the portal and its tests need (once, about a minute)"
	@$(PIP) --require-hashes --requirement requirements/dev.txt
	@$(INSTALL_OURSELVES)
	@touch $@ .venv/run.stamp
