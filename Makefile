# Crossfade. `make help` lists what there is; every target sets up what it needs.

PYTHON ?= python3
ARGS ?=
STAGE ?=
VENV := .venv/bin
CDK := PATH="$(CURDIR)/$(VENV):$(CURDIR)/.venv/lib/node/bin:$$PATH" node_modules/.bin/cdk

# Compiled modules make every second start several seconds faster.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: conformance help demo test check synth diff deploy destroy bench soak clean setup setup-dev format

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## Run a whole migration on this machine; ARGS='--fault green-5xx' breaks green
	@$(VENV)/python -m crossfade demo $(ARGS)

test: setup-dev ## Run the tests
	@$(VENV)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: setup-dev ## Format, lint, types, import law
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/lint-imports --no-logo
	@$(VENV)/mypy

format: setup-dev ## Format and mend what can be mended
	@$(VENV)/ruff check --fix-only --quiet .
	@$(VENV)/ruff format --quiet .

synth: setup node_modules ## Synthesise the CloudFormation templates into cdk.out/, with all checks
	@$(CDK) synth --quiet

diff: setup node_modules ## Compare the templates with what is deployed
	@$(CDK) diff --all $(ARGS)

deploy: setup node_modules ## Deploy into the AWS account of your credentials
	@$(CDK) deploy --all $(ARGS)

destroy: setup node_modules ## Take the stacks away again
	@$(CDK) destroy --all $(ARGS)

bench: setup ## Measure migrations in the embedded world
	@$(VENV)/python -m tools.bench $(ARGS)

soak: setup ## Try to break the promise with random faults for SECONDS (600)
	@$(VENV)/python -m crossfade simulate --seconds $(or $(SECONDS),600) --first $(or $(FIRST),0) $(ARGS)

conformance: setup ## Hold the embedded ExternalDNS against the real one; needs Go, and minutes to build it
	@$(VENV)/python -m tools.conformance $(ARGS)

clean: ## Remove everything that make has made
	@rm -rf .venv node_modules .build cdk.out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: ## Prepare bin/crossfade; every other target does it, too
	@$(PYTHON) tools/bootstrap.py requirements.txt

setup-dev: setup
	@$(PYTHON) tools/bootstrap.py requirements-dev.txt

node_modules: package.json package-lock.json
	@PATH="$(CURDIR)/$(VENV):$$PATH" npm ci --silent --no-audit --no-fund && touch node_modules
