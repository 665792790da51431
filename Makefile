# Development commands; `make help` lists them.
#
# Variables: PYTHON (of all), PORT and SCALE (of `up`), SCALE (of `scale`), ARGS (of
# `minitwit`), KIND (of `test`), NAME (of `new-function`), EFFORT (smoke, short or full, of
# `bench`), VERSION (1.4.0 or the tag v1.4.0, of `publish`, `github-release`, `deliver`,
# `request-deploy`, `swarm`), STEPS (of `swarm-check`: panel, trace, views, retention,
# alert).

PORT ?= 5000
SCALE ?=
ARGS ?= --help
KIND ?=
EFFORT ?= full
NAME ?=
PYTHON ?=
VERSION ?=

# By what they need, the least first.
KINDS := lint unit docs postgres system stress browser tools data swarm

BIN := .venv/bin
SHEBANG := ^\#!.*\b(ba)?sh$$
# -E: variables such as PYTHONPATH are the caller's and not for us.
LOCAL := $(BIN)/python -E -m deploy.local

.DEFAULT_GOAL := help
.PHONY: help up scale minitwit status generate new-function test bench bench-setup profile docs docs-setup lint format lock ci audit audit-images sbom registry-login publish github-release request-deploy deliver droplets-check swarm swarm-check swarm-down setup

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 16

up: setup ## Run MiniTwit until Ctrl-C: make up PORT=5000 SCALE="timeline=3".
	@exec $(LOCAL) up --with-parent --port "$(PORT)" --scale "$(SCALE)"

scale: setup ## Change the replicas of what runs: make scale SCALE="timeline=3".
	@exec $(LOCAL) scale "$(SCALE)"

minitwit: setup ## Run a command on what runs: make minitwit ARGS="grant-moderator alice".
	@exec $(LOCAL) minitwit $(ARGS)

status: setup ## Show what runs.
	@exec $(LOCAL) status

test: setup ## Check everything, or some: make test KIND="lint unit docs postgres system stress browser tools data swarm".
	@$(MAKE) --no-print-directory --keep-going $(addprefix check-,$(or $(KIND),$(KINDS)))

check-lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	git ls-files -z | xargs -0 $(BIN)/codespell
	$(BIN)/shellcheck $$(git ls-files '*.sh') $$(git grep -lE '$(SHEBANG)' -- ':!*.sh')
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive lib functions deploy
	@deploy/local/secret-scan
	@deploy/local/actionlint

# One kind after the other: what one starts must not slow down what the next measures.
# Kinds that measure little use several processors, each with servers of its own.
# `make test LIMIT_swarm=25m` gives a kind so much time; it still says what it had found.
check-unit check-postgres check-system: WORKERS := -n logical --maxprocesses 4
# These wait more than they compute; a file shares its servers.
check-browser: WORKERS := -n 3
check-tools: WORKERS := -n 2 --dist loadfile
check-data: WORKERS := -n 3 --dist loadfile
check-%:
	$(if $(LIMIT_$*),timeout --foreground --signal INT $(LIMIT_$*)) $(BIN)/pytest $(WORKERS) tests/$*

bench: setup bench-setup ## Measure everything side by side into docs/benchmark.md (needs wrk; for a Python like the images': tests/benchmark/on-debian).
	$(BIN)/python -m tests.benchmark run --effort "$(EFFORT)"

profile: setup ## Show where a function's time goes for a read and a write.
	@$(BIN)/python -m tests.benchmark profile

bench-setup:
	@$(BIN)/pip install --quiet --require-hashes -r deploy/requirements-benchmark.txt

# --fresh-env: the reference of the commands changes without its page.
docs: setup docs-setup ## Build the documentation site into .artifacts/site; a link that leads nowhere is an error.
	@rm -rf .artifacts/site
	@$(BIN)/sphinx-build --quiet --fail-on-warning --fresh-env --jobs auto -c docs/site -d .artifacts/doctrees . .artifacts/site

docs-setup:
	@$(BIN)/pip install --quiet --require-hashes -r deploy/requirements-docs.txt

lint: ## Check style, types, shell scripts, spelling, insecure patterns and secrets.
	@$(MAKE) --no-print-directory test KIND=lint

format: setup ## Rewrite the code in the one style.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

generate: setup ## Rewrite what follows from the route table and the lock: stack.yml, alerts, tables of the docs.
	@$(BIN)/python -m deploy.scaffold generate

new-function: setup ## Add a function: make new-function NAME=likes.
	@$(BIN)/python -m deploy.scaffold new-function "$(NAME)"

lock: setup ## Choose the newest versions that pyproject.toml allows.
	deploy/local/lock-requirements

ci: ## Install the system packages that the tests need (Debian, as root) and check everything.
	.ci/run

audit: setup ## Search packages and workflows for known vulnerabilities (asks public databases).
	deploy/audit.sh

audit-images: ## Search our images and those of the stacks for known vulnerabilities (needs Docker).
	deploy/audit-images.sh

sbom: setup ## Write the SBOM of each image, in CycloneDX, into .artifacts/sbom.
	@$(BIN)/python -m deploy.supply .artifacts/sbom "$(or $(patsubst v%,%,$(VERSION)),development)"

registry-login: ## Sign in to the registry of the images.
	@deploy/registry-login.sh

publish: ## Build, push and sign the images of a version: make publish VERSION=1.4.0.
	deploy/publish.sh "$(patsubst v%,%,$(VERSION))"

github-release: ## Create the GitHub release of a published version.
	deploy/github-release.sh "$(patsubst v%,%,$(VERSION))"

request-deploy: ## Start the workflow that promotes a published version.
	gh workflow run deploy.yml --ref "v$(patsubst v%,%,$(VERSION))" --field version="$(VERSION)"

deliver: ## Promote a published version to an environment: make deliver VERSION=1.4.0.
	@deploy/deliver.sh "$(patsubst v%,%,$(VERSION))"

droplets-check: setup ## Validate the droplets' cloud-init and Terraform files without an account.
	@deploy/droplets/check

swarm: ## Run the whole production system on one Docker engine, to try it: tools, traffic, addresses.
	@VERSION="$(patsubst v%,%,$(VERSION))" deploy/swarm/up

swarm-check: ## Check what `make swarm` runs end to end: a panel, a trace, a log line, an alert.
	@$(or $(PYTHON),python3) deploy/swarm/check.py $(STEPS)

swarm-down: ## Remove everything that `make swarm` made.
	@deploy/swarm/down

setup: ## Install what pyproject.toml and the lock say, if that changed.
	@deploy/local/setup "$(PYTHON)"
