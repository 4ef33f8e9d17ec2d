# `make` alone lists every target. The code behind `up`, `down` and the like is in tools/rig.

PYTHON ?= python3
VENV := .venv
RIG := $(PYTHON) tools/rig

SECONDS ?= 30
SESSION ?=
CAMERA ?=
SERVICE ?=
FOLLOW ?=
# One test or some: make test T=tests/unit, make test T='-k ports'
T ?=

# Half of a run is waiting, for a service to start or to be away: five share two cores. What takes
# longest begins first, in the order given here.
PYTEST = $(VENV)/bin/pytest --numprocesses 5 --dist loadfile --no-loadscope-reorder
# Tests start our programs thousands of times; where PYTHONDONTWRITEBYTECODE is set, each would
# compile itself anew.
COMPILE = $(VENV)/bin/python -m compileall -q libs services
TESTS := $(addprefix tests/,stack integration docs conformance unit deploy architecture)

# The rig reads these from its environment; given to make or not, they go before .env.
export MODE MONITORING YES CAMERAS

.DEFAULT_GOAL := help
.PHONY: help up down purge ps logs record doctor bases pin wheelhouse test-image venv test test-all e2e lint fmt \
        bench golden docs dashboards proto audit lock

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9][a-z0-9_-]*:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run (MODE=compose or local forces one; CAMERAS=6 starts six; MONITORING=1 adds Prometheus, Grafana)

up: ## Build and start the rig, and wait until every health check passes
	@$(RIG) up

down: ## End the rig and keep all data
	@$(RIG) down

purge: ## End the rig and delete all recordings, after asking
	@$(RIG) purge

ps: ## Show what runs and how it is
	@$(RIG) ps

logs: ## Show the last log lines (SERVICE=name or CAMERA=name for one, FOLLOW=1 to go on)
	@$(RIG) logs $(SERVICE) --camera "$(CAMERA)" $(if $(FOLLOW),--follow)

record: ## Record a session (SECONDS=30, SESSION=name; CAMERA=name where there are more)
	@$(RIG) record --seconds "$(SECONDS)" --session "$(SESSION)" --camera "$(CAMERA)"

doctor: ## Check this machine: Docker, ports, disk, camera, Python
	@$(RIG) doctor

bases: ## Make the base images from Debian packages, where no registry can be reached (root)
	@tools/bases/mkbases.sh python311 redis $(if $(filter-out 0,$(MONITORING)),prometheus alertmanager)

pin: ## Write the images by tag and digest into config/images.env, for a release
	@$(RIG) pin

wheelhouse: ## Fetch all packages that the images need, to build without a network
	@tools/wheelhouse.sh

test-image: ## Build the image that holds a whole rig, for tests of other programs
	@tools/test-image.sh

##@ Develop

venv: $(VENV)/.dev ## Make .venv with all that development needs

test: $(VENV)/.dev ## Run all tests but those in containers (T=path or T='-k name' to choose)
	@tools/test-programs.sh $(VENV)
	@tools/panoptes-python.sh $(VENV)
	@$(COMPILE)
	$(PYTEST) $(or $(T),$(TESTS))

test-all: export SMARTSPECTRA_IPC_KILLS ?= 200
test-all: export SMARTSPECTRA_COLLECTOR_KILLS ?= 50
test-all: export VITALRIG_LONG_ROUNDS ?= 1
test-all: $(VENV)/.dev ## The same with more rounds, and a rig killed VITALRIG_KILLS=60 times
	@tools/test-programs.sh $(VENV)
	@tools/panoptes-python.sh $(VENV)
	@$(COMPILE)
	$(PYTEST) $(or $(T),tests/chaos $(TESTS))

e2e: $(VENV)/.dev ## Build and run the rig under docker compose, and test it
	$(VENV)/bin/pytest tests/e2e $(T)

lint: $(VENV)/.dev ## Check style, types and every configuration file
	@tools/lint.sh $(VENV)/bin

fmt: $(VENV)/.dev ## Format the Python code
	$(VENV)/bin/ruff format
	$(VENV)/bin/ruff check --fix

bench: $(VENV)/.dev ## Run every benchmark
	@for file in benchmarks/*.py; do echo "== $$file"; $(VENV)/bin/python "$$file" || exit 1; done

golden: $(VENV)/.dev ## Write the golden files anew; read the diff before committing it
	$(VENV)/bin/pytest --update-golden tests/unit tests/integration tests/docs

docs: $(VENV)/.dev ## Write the pages of docs/ that are made from code
	$(VENV)/bin/python tools/make_docs.py

dashboards: $(VENV)/.dev ## Write Grafana's dashboards from tools/dashboards
	$(VENV)/bin/python tools/dashboards

proto: $(VENV)/.dev ## Generate libs/vitalrig/rpc from proto/
	$(VENV)/bin/python -m grpc_tools.protoc -Iproto --python_out=libs --grpc_python_out=libs \
	  --pyi_out=libs proto/vitalrig/rpc/*.proto

audit: $(VENV)/.dev ## Look for known vulnerabilities with pip-audit (ADVISORIES=file: without a network)
	@$(VENV)/bin/python tools/audit.py $(if $(ADVISORIES),--advisories "$(ADVISORIES)") $(if $(OSV_URL),--osv-url "$(OSV_URL)")

lock: ## Write requirements/ from pyproject.toml (UPGRADE=1 for the newest versions; needs Docker)
	@tools/lock.sh $(if $(UPGRADE),--upgrade)

# Two environments in one folder: what running without Docker needs, and all that development
# needs, which includes the former. pip-install takes packages from wheelhouse/ where it can.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.rig: requirements/build.txt requirements/rig.txt pyproject.toml | $(VENV)/bin/python
	@tools/venv-install.sh $(VENV) rig
	@touch $@

$(VENV)/.dev: requirements/build.txt requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@tools/venv-install.sh $(VENV) dev
	@touch $(VENV)/.rig $@
