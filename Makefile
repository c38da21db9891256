# CrowdSpeak's commands. "make" or "make help" lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
MANAGE := PROFILE=development $(BIN)/python manage.py
export DEMO_SUPPORTERS DEMO_LAUNCH_IN FAULTS_SEED FAULTS_MINUTES FAULTS_DELIVERIES

.PHONY: help
help: ## List what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else 1)' \
		|| { echo "CrowdSpeak needs Python 3.11, 3.12 or 3.13: name one with 'make PYTHON=python3.12 …'."; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "No environment could be made in $(VENV): install Python's venv (Debian: python3-venv) and look for free disk space ('df -h .')."; exit 1; }

$(VENV)/.run: requirements/run.txt | $(BIN)/python
	@echo "Installing what CrowdSpeak runs on…"
	@$(PIP) install --require-hashes -r requirements/run.txt
	@touch $@

$(VENV)/.test: requirements/test.txt | $(VENV)/.run
	@echo "Installing what its tests add…"
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

$(VENV)/.real: requirements/real.txt | $(VENV)/.test
	@echo "Installing the server that stands in for Mastodon…"
	@$(PIP) install --require-hashes -r requirements/real.txt
	@touch $@

.PHONY: setup
setup: $(VENV)/.test ## Make .venv with everything for development, and the keys in var/keys
	@$(BIN)/python -m crowdspeak.keys var/keys

.PHONY: demo
demo: $(VENV)/.run ## Start everything on this machine, with a campaign that launches within a minute
	@exec $(BIN)/python -m crowdspeak.demo

.PHONY: run
run: setup ## Start the site for development, against the simulator, on http://127.0.0.1:8000
	@exec $(BIN)/python -m crowdspeak.demo --empty

.PHONY: check
check: $(VENV)/.test ## Lint, types, import law, migrations, deployment checks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.checking

.PHONY: fmt
fmt: $(VENV)/.test ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: test
test: $(VENV)/.test ## Run the whole suite on SQLite, then on PostgreSQL and Valkey
	@$(BIN)/python -m tests.running

.PHONY: faults
faults: $(VENV)/.test ## Kill, cut, empty and stop everything during launches, hundreds of times
	@$(BIN)/python -m tests.running --faults tests/faults
	@$(BIN)/python -m tests.faults.storm

.PHONY: test-browser
test-browser: $(VENV)/.test ## Walk through the site in a real browser (needs chromium)
	@$(BIN)/python -m pytest tests/browser

.PHONY: gallery
gallery: test-browser ## Keep pictures of every page and mail in docs/screenshots (needs chromium)
	@$(BIN)/python -m tests.browser.gallery

.PHONY: test-real
test-real: $(VENV)/.test $(VENV)/.real ## Launch on real servers in a real browser (needs Node 20 and chromium)
	@cd tests/real/bluesky && npm_config_nodedir="$$(node -p 'require("path").dirname(require("path").dirname(process.execPath))')" npm ci --no-audit --no-fund --loglevel=error
	@$(BIN)/python -m pytest tests/real

.PHONY: messages
messages: setup ## Collect the texts to translate, and compile the translations (needs gettext)
	@$(MANAGE) makemessages --locale fr --ignore .venv --ignore var --ignore tests --ignore simulator
	@$(MANAGE) compilemessages --locale fr --ignore .venv

.PHONY: bench
bench: $(VENV)/.test ## Measure a launch beside the fastest that this machine could send
	@$(BIN)/python -m bench.launch

.PHONY: bench-room
bench-room: $(VENV)/.test ## Measure what 2,000 watchers of a launch cost it
	@BENCH_ONLY=room $(BIN)/python -m bench.launch

.PHONY: bench-pages
bench-pages: $(VENV)/.test ## Measure a campaign's page beside a bare view, and pledges a second
	@BENCH_ONLY=pages $(BIN)/python -m bench.launch
