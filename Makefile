# `make` alone prints what there is. Everything is installed inside the repository: .venv, node_modules, build.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

BIN := .venv/bin
# npm writes this file when it is done; nothing to wait for where it is there
PACKAGE_JS := deployments/js/node_modules/.package-lock.json
BIOME := deployments/js/node_modules/.bin/biome
NODE_MODULES := $(if $(wildcard node_modules/.package-lock.json),,missing)
GENERATED := deployments/abi deployments/js/src/abis.ts deployments/js/src/addresses.ts deployments/viewer/vendor \
	node/headwater/chain/contracts/abi tests/gas docs/contracts
export PATH := $(CURDIR)/build/bin:$(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHON
export HEADWATER_HOME ?= $(CURDIR)/build/headwater

##@ Use
.PHONY: help install demo
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.installed build/bin/.installed build/solc/.installed build/semaphore/.installed ## Everything that the other targets need; quick when nothing changed

demo: install ## Train one model among four trainers, on a chain of its own, proving every step
	$(BIN)/headwater demo

##@ Check
.PHONY: test attacks e2e faults soak histories fuzz audit-contracts js-test js-pack viewer-test deploy-check lint types generated
test: install ## All that pytest, forge and brownie test, but what has a target of its own
	$(BIN)/python -m scripts.run_tests

attacks: install ## Every attack of docs/threat-model.md: on a weakened copy, where it works, and on the real system
	$(BIN)/python -m scripts.attacks --quiet

e2e: install ## The demo, the README's commands and the operator's guide, as processes; a tree of 13 tasks, audited
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/e2e

faults: install ## Nodes as processes that are killed, cut off and lied to, over chains and stores that fail
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/faults

soak: install ## Eight nodes for ten rounds, one killed, stopped or cut off about every five seconds: minutes
	$(BIN)/python -m scripts.soak

histories: install ## 500 histories of the contracts against the specification, which must reach everything, and all mutants: a quarter of an hour
	HEADWATER_HISTORIES=500 $(BIN)/python -m pytest --timeout 0 -n 2 --dist loadfile tests/differential

fuzz: install ## The contracts against the specification for 20,000 histories, the invariants for 10,000: hours
	HEADWATER_HISTORIES=20000 $(BIN)/python -m pytest --timeout 0 -s tests/differential
	FOUNDRY_INVARIANT_RUNS=10000 forge test --match-path 'tests/invariants/*'

audit-contracts: install build/audit/.installed ## slither reads the contracts, halmos proves what tests/symbolic says of them
	$(BIN)/python -m scripts.audit_contracts

js-test: install $(PACKAGE_JS) ## The npm package and the documentation for dApps, on a chain with a task's past
	$(BIN)/python -m pytest tests/js

viewer-test: install .venv/.viewer ## The page of deployments/viewer in a real browser: build/viewer has pictures
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/viewer

js-pack: install $(PACKAGE_JS) ## The npm package, compiled: build/headwater-contracts-VERSION.tgz
	cd deployments/js && npm run --silent build && npm pack --silent --pack-destination ../../build

deploy-check: install build/hardhat/.installed ## Deploy to fresh chains of anvil, brownie and Hardhat; verify what is recorded
	$(BIN)/python -m pytest tests/deploy

lint: install $(PACKAGE_JS) ## Style of Python, Solidity, TypeScript and the page
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	forge fmt --check
	$(BIOME) check --error-on-warnings

types: install ## mypy --strict on node/
	$(BIN)/mypy --strict node/

generated: abi sizes docs viewer-vendor ## Generated files are what is committed
	git --no-pager diff -- $(GENERATED)
	@test -z "$$(git status --porcelain -- $(GENERATED))" \
		|| { echo "generated: these differ from what is committed:"; git status --short -- $(GENERATED); exit 1; }

##@ Measure
.PHONY: bench bench-quick
bench: install ## Proving, gas and sizes against ezkl's defaults: build/bench/report.json
	$(BIN)/python -m scripts.bench

bench-quick: install ## The same without the baseline and the largest shape
	$(BIN)/python -m scripts.bench --quick

##@ Write
.PHONY: abi addresses sizes viewer-vendor docs fmt clean
abi: contracts ## deployments/abi, and the same for the node and for TypeScript, from the contracts
	$(BIN)/python -m scripts.export_abi
	$(BIN)/python -m scripts.export_typescript

addresses: install ## deployments/addresses.json, from a fresh local chain and the networks recorded; then `make abi`
	$(BIN)/python -m scripts.export_addresses

sizes: contracts ## tests/gas/sizes.json; fails where a contract cannot be deployed
	$(BIN)/python -m scripts.check_sizes

viewer-vendor: install $(PACKAGE_JS) ## deployments/viewer/vendor, from deployments/js
	$(BIN)/python -m scripts.vendor_viewer

docs: install ## docs/contracts, from the interfaces' comments
	$(BIN)/python -m scripts.export_contract_docs

fmt: install $(PACKAGE_JS) ## Format them
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format
	forge fmt
	$(BIOME) check --write

clean: ## Remove all that was installed or built
	rm -rf .venv node_modules build .mypy_cache .ruff_cache .pytest_cache .hypothesis node/*.egg-info

# ---- how

.PHONY: contracts
contracts: install # from scratch: what is committed must not depend on a cache
	forge build contracts --force --quiet --deny warnings

# Every stamp lies in the folder it vouches for, so that whoever deletes the folder gets it again.

.venv/.created: scripts/make_venv.sh
	scripts/make_venv.sh
	@touch $@

# --no-compile: modules are compiled when they are first imported, and most never are
.venv/.installed: .venv/.created pyproject.toml constraints.txt scripts/install_packages.sh $(wildcard locks/*)
	@echo "installing Python packages: a minute, or longer where torch comes over a slow line"
	scripts/install_packages.sh tools
	@touch $@

.venv/.viewer: .venv/.installed scripts/install_browser.py
	$(BIN)/python -m scripts.install_browser
	@touch $@

build/bin/.installed: .venv/.created package.json package-lock.json scripts/install_node.py $(NODE_MODULES)
	$(BIN)/python scripts/install_node.py
	@touch $@

build/solc/.installed: .venv/.installed build/bin/.installed scripts/install_solc.py scripts/solc-npm.cjs
	$(BIN)/python scripts/install_solc.py
	@ln -sf ../../.venv/bin/headwater build/bin/headwater
	@touch $@

# what proves membership in a group
build/semaphore/.installed: .venv/.created build/bin/.installed scripts/install_semaphore.py
	$(BIN)/python -m scripts.install_semaphore
	@touch $@

# what only TypeScript and the page need
$(PACKAGE_JS): deployments/js/package.json deployments/js/package-lock.json
	cd deployments/js && npm ci --loglevel=error

# what only deploy-check needs
build/hardhat/.installed: build/bin/.installed scripts/install_hardhat.py $(wildcard scripts/hardhat/*)
	@echo "installing Hardhat's node: a minute, 280 MB"
	$(BIN)/python -m scripts.install_hardhat
	@touch $@

# what only audit-contracts needs
build/audit/.installed: .venv/.created scripts/audit/requirements.txt
	@echo "installing slither and halmos: a minute, 320 MB"
	$(BIN)/python -m venv --clear build/audit
	build/audit/bin/pip install -qq --no-compile --requirement scripts/audit/requirements.txt
	@touch $@

.PHONY: missing
missing:
