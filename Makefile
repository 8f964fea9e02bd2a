# The two commands a newcomer needs are `make run` and `make test`; both set up everything themselves.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
BENCH  := build/bench/feathergate/bin/python
ARGS   ?=
WORKERS ?= auto

.PHONY: run test check examples format docs prices simulate soak soak-routing endurance bench bench-quick profile clean

run: $(VENV)/.installed
	$(BIN)/feathergate serve --config feathergate.yaml $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/architecture

# The examples, Ray's included, whose packages take 600 MB.
examples: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --prefer-binary --group examples
	$(BIN)/python -m pytest tests/examples

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed-dev
	$(BIN)/python -m tests.documents.translation_page > docs/translation.md
	$(BIN)/python -m tests.e2e.routing.outcome_page > docs/routing_outcomes.md

# Ten minutes of everything that clients and vendors do, well and badly: fails where something is left at the end.
# Needs Linux; `ARGS="--minutes 1 --server hypercorn"` makes another one.
soak: $(VENV)/.installed-dev
	$(BIN)/python -m tests.soak $(ARGS)

# Two minutes of traffic while deployments are killed and revived.
soak-routing: $(VENV)/.installed-dev
	$(BIN)/python -m tests.e2e.routing.soak $(ARGS)

# Ten thousand requests as a batch that is killed twenty times, over upstreams that fail one call in ten.
endurance: $(VENV)/.installed-dev
	$(BIN)/python -m tests.e2e.batch.endurance $(ARGS)

# Newer prices come with a newer package: raise it, make the list, read what changed, commit it.
prices: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --upgrade genai-prices
	$(BIN)/python -m tests.pricing.price_list $(ARGS)

# Hours of traffic over failing fleets, on virtual time.
simulate: $(VENV)/.installed-dev
	$(BIN)/python -m tests.simulation.report

# FeatherGate beside nginx, litellm and Portkey; the core rows alone in two minutes. Needs Linux, nginx and wrk;
# `ARGS="--only requests --seconds 5"` measures a part.
bench: | $(BIN)/python
	$(BIN)/python -m bench.environments
	$(BENCH) -m bench --results bench/RESULTS.md $(ARGS)

bench-quick: | $(BIN)/python
	$(BIN)/python -m bench.environments
	$(BENCH) -m bench --quick $(ARGS)

# Where the microseconds go.
profile: | $(BIN)/python
	$(BIN)/python -m bench.environments --without-peers
	$(BENCH) -m bench.profiling --results bench/profile.txt $(ARGS)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --prefer-binary --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --prefer-binary --group test --group lint
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
