# Set-up and the few commands; everything clever is in Python.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: up test check bench trial try lock

# A lock is installed once: the stamp is newer than the lock it was made from.
$(VENV)/runtime.stamp: docker/requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -r docker/requirements.lock
	touch $@

$(VENV)/dev.stamp: docker/requirements-dev.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -r docker/requirements-dev.lock
	touch $@ $(VENV)/runtime.stamp

up: $(VENV)/runtime.stamp  ## Start the demo fleet on this machine and run the main job (ONCE=1: check and stop)
	$(BIN)/python -m governance.management.launch up $(if $(ONCE),--once)

try: $(VENV)/runtime.stamp  ## Run one data folder through a real fleet: make try DATA=DIR [JSON=1]
	@$(BIN)/python -m governance.management.launch try "$(DATA)" $(if $(JSON),--json)

trial: $(VENV)/runtime.stamp  ## The trial on real data: make trial DATA=../shared/data [JSON=1]
	@$(BIN)/python -m governance.management.launch trial "$(DATA)" $(if $(JSON),--json) $(if $(SEEDS),--seeds $(SEEDS))

test: $(VENV)/dev.stamp  ## The whole suite, on SQLite and PostgreSQL; says what it skipped (ARGS="-k …")
	@$(BIN)/python -m tests.suite $(or $(ARGS),-n 2 -q)

check: $(VENV)/dev.stamp  ## Lint, types, import contracts, templates, migrations
	$(BIN)/python -m tests.check

bench: $(VENV)/dev.stamp  ## Benchmarks: make bench [NAME=part-of-a-name]
	$(BIN)/python -m tests.benchmarks $(NAME)

lock: $(VENV)/dev.stamp  ## Write the hash locks anew from pyproject.toml
	$(BIN)/python docker/lock.py
