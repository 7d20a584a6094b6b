# make demo   set up, simulate the demo case on 2 ranks, write results/rfa_perivascular
# make test   set up, run the tests
# make setup  only set up (PENNES_DOLFINX=system: on top of a DOLFINx from conda or a module)
# make lint   check style
# make clean  remove results and caches in this folder (make clean-all: the environment too)

BIN := .venv/bin
RANKS ?= 2
PYTEST_FLAGS ?= -n 2

.PHONY: demo test setup lint clean clean-all

# The demo's own folder is replaced when the demo is run again; any other result is only replaced with --overwrite.
demo: setup
	$(BIN)/pennes run configs/cases/rfa_perivascular.yaml -n $(RANKS) -o results/rfa_perivascular --overwrite

test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_FLAGS)

setup:
	@.ci/setup.sh

lint: setup
	$(BIN)/ruff check solver tests .ci
	$(BIN)/ruff format --check solver tests .ci

clean:
	rm -rf results .cache build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis validation/output
	find solver tests -name __pycache__ -type d -prune -exec rm -rf {} +

clean-all: clean
	rm -rf .venv solver/*.egg-info
