# One command per purpose. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

VENV := .venv
PYTHON := $(VENV)/bin/python
DEMO_DIR ?= demo
DATA_DIR ?= data
SEED ?= 1
PEERS ?=

# Tasks find the tools' own programs first.
export LMSVC_TOOL_PATH := $(CURDIR)/.tools/bin:/usr/local/bin:/usr/bin:/bin

# Scenarios of molecule: one per role, and those of the whole site.
SITE_SCENARIOS := site cluster
ROLE_SCENARIOS = $(filter-out $(SITE_SCENARIOS) lab shared,$(notdir $(patsubst %/molecule.yml,%,$(wildcard molecule/*/molecule.yml))))
TESTHOSTS := scripts/testhosts.sh
# Which tests of a scenario run: those of scaling pools take half an hour, `make test-pools` runs them.
export LMSVC_TEST_MARK ?= $(if $(filter test-full,$(MAKECMDGOALS)),full or not full,not full and not pools)

.PHONY: help setup setup-service setup-test demo serve test fast slow test-full lint format chaos bench docs lock clean \
  test-browser frontend lab lab-site lab-health lab-down test-roles test-cluster test-pools

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{printf "  %-13s %s\n", $$1, $$2}'

setup: ## install the service and Ansible for a cluster (apt packages, .venv, .tools); quick when done
	@scripts/setup.sh cluster

setup-service: ## install only what the service on this machine needs, without Ansible
	@scripts/setup.sh service

setup-test: ## install what tests and checks need as well
	@scripts/setup.sh test

demo: setup-service ## run the example job in a service of its own in ./demo and show what comes out
	@$(VENV)/bin/lmsvc demo --data-dir $(DEMO_DIR)

serve: setup-service ## run the service on 127.0.0.1:8080 with its data in ./data until Ctrl-C
	@$(VENV)/bin/lmsvc up --data-dir $(DATA_DIR)

test: fast lint test-browser slow test-cluster ## check and test everything that every change must pass

fast: setup-test ## only the quick tests
	$(PYTHON) -m pytest --durations 10 -n 2 --dist loadfile -m "not slow and not full and not browser"

slow: setup-test ## only the tests that take long, two at a time
	$(PYTHON) -m pytest --durations 10 -n 2 --dist loadfile -m "slow and not full and not browser"

test-full: test test-roles ## the same, every role and what is too long for every change
	$(PYTHON) -m pytest -m full

test-browser: setup-test ## look at the pages in Chromium: jobs from form to map, two users, no script, WCAG; screenshots in test-artifacts/; what fails is tried once more
	scripts/frontend.sh check
	$(PYTHON) -m pytest -m browser --durations 10 tests/browser || $(PYTHON) -m pytest -m browser --last-failed tests/browser

frontend: ## bundle the pages' scripts
	@scripts/frontend.sh

lab: setup-test ## make three bare hosts (and one outside) here and install the cluster on them; they stay
	$(TESTHOSTS) molecule create -s lab
	$(VENV)/bin/ansible-playbook playbooks/site.yml -i inventories/lab

lab-site: setup-test ## run playbooks/site.yml on the lab again
	$(VENV)/bin/ansible-playbook playbooks/site.yml -i inventories/lab

lab-health: setup-test ## run playbooks/health.yml on the lab
	$(VENV)/bin/ansible-playbook playbooks/health.yml -i inventories/lab

lab-down: setup-test ## remove the lab's hosts, their network and their inventory
	$(TESTHOSTS) molecule destroy -s lab
	$(TESTHOSTS) molecule reset -s lab
	rm -rf inventories/lab
	$(TESTHOSTS) --end

test-roles: setup-test ## test every role on real hosts, one scenario after the other
	trap '$(TESTHOSTS) --end' EXIT; for name in $(ROLE_SCENARIOS); do $(TESTHOSTS) molecule test -s "$$name"; done

test-cluster: setup-test ## install all roles on one bare host, then the cluster on three, and run jobs there
	trap '$(TESTHOSTS) --end' EXIT; for name in $(SITE_SCENARIOS); do $(TESTHOSTS) molecule test -s "$$name"; done

test-pools: setup-test ## the cluster again, with the tests of pools that grow, shrink, drain and lose hosts alone
	trap '$(TESTHOSTS) --end' EXIT; LMSVC_TEST_MARK=pools $(TESTHOSTS) molecule test -s cluster

lint: setup-test ## check style and types of Python and YAML, and the playbooks and roles
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(PYTHON) scripts/role_pages.py --check
	PATH=$(CURDIR)/$(VENV)/bin:$$PATH ansible-lint -q

format: setup-test ## format the code
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

chaos: setup-test ## kill processes at random under load and check the history (SEED=n)
	$(PYTHON) -m tests.chaos --seed $(SEED)

bench: setup-test ## measure the budgets against raw CCTools, table in bench-results/ (PEERS=1: peers too)
	$(PYTHON) -m bench $(if $(PEERS),--peers)

docs: setup-test ## write the generated reference pages anew
	$(PYTHON) scripts/reference.py
	$(PYTHON) scripts/role_pages.py

lock: setup-test ## pin the newest versions of all Python dependencies
	scripts/lock.sh

clean: ## remove everything that is not in the repository, except ./data
	rm -rf $(VENV) .tools $(DEMO_DIR) .mypy_cache .ruff_cache .pytest_cache .hypothesis bench-results test-artifacts build dist lmsvc/web/static/lib frontend/node_modules frontend/.node *.egg-info
	find . -name __pycache__ -type d -not -path './data/*' -exec rm -rf {} +
