# Everything a newcomer types. The environment is made in $(VENV) and refilled when a requirements file changed.
PYTHON ?= python3
VENV ?= .venv
UV = uv==0.13.9
INSTALL = $(PYTHON) -m smartgateway.local.install $(VENV)
RUN = $(INSTALL) requirements.txt requirements-local.txt --
DEV = $(INSTALL) requirements.txt requirements-local.txt requirements-dev.txt --
COMPILE = uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

.PHONY: run test test-all clients bench doctor lint lock
.DEFAULT_GOAL := run

run:
	@$(RUN) python -m smartgateway.local.run

doctor:
	@$(RUN) python -m smartgateway.local.dotenv
	@$(RUN) python manage.py doctor

test: lint
	@$(DEV) python -m tests.suite -m "not long"

test-all: lint
	@$(DEV) python -m tests.suite

clients:
	@$(DEV) python -m tests.agents $(NAMES)

lint:
	@$(DEV) python -m tests.lint

bench:
	@$(DEV) python -m bench.phase1
	@$(DEV) python -m bench
	@$(DEV) python -m bench.recording
	@$(DEV) python -m bench.record
	@$(DEV) python -m bench.reports
	@$(DEV) python -m bench.backtest

lock:
	@$(DEV) python -m pip install --quiet --disable-pip-version-check $(UV)
	@$(DEV) $(COMPILE) pyproject.toml -o requirements.txt
	@$(DEV) $(COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	@$(DEV) $(COMPILE) --group local --no-deps -o requirements-local.txt
