# run and test set themselves up in .venv on first use; nothing is set up twice.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

export KEDRO_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1

.PHONY: run test unit lint viz tensorboard bench clean docs

# Two nodes at a time, one core each, where processes can be forked; `kedro run` alone runs one after the other.
ifeq ($(shell uname),Linux)
SIDE_BY_SIDE := --runner affectlens.runner.ProcessRunner --runner-params max_workers=2
endif

run: .venv/.run  ## the whole chain on the embedded world, to an HTML report
	$(BIN)/kedro run $(SIDE_BY_SIDE)

test: .venv/.dev  ## lint, types, import contract and tests, side by side
	@$(MAKE) --no-print-directory -j2 lint unit

unit: .venv/.dev  ## the tests alone
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

lint: .venv/.dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sphinx-build -q -W -E -b dummy $(WRITTEN_PAGES) docs build/docs

# Without the reference, which takes minutes to read off the docstrings: seconds, and links between pages are checked.
WRITTEN_PAGES := -D extensions=myst_parser -D exclude_patterns='images/**,reference.md,_reference/**' \
  -D suppress_warnings=toc.not_readable

viz: .venv/.dev  ## the pipelines in kedro-viz
	$(BIN)/kedro viz run

tensorboard: .venv/.run  ## the curves of every training of every environment
	$(BIN)/tensorboard --logdir data

bench: .venv/.dev  ## speed, as ratios against a peer in the same run
	@$(PIP) --editable ".[bench]"
	$(BIN)/python -m benchmarks

docs: .venv/.dev  ## the documentation as a site in site/
	$(BIN)/sphinx-build -q -W -b html docs site

clean:  ## everything that a run or a build made; the environment and the data of the user stay
	rm -rf build dist site reports .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find data -mindepth 2 -not -name .gitkeep -not -name user_id.key -delete 2>/dev/null || true

# A CPU build of torch where there is no GPU: from what pip is configured with, else by uv, which knows where it lies.
.venv/.torch: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "AffectLens needs Python 3.11 or newer, $(PYTHON) is " + sys.version.split()[0] + "; say make PYTHON=python3.11")'
	@echo "Setting up .venv (once; a few minutes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@version=$$(sed -n 's/^torch==//p' constraints.txt); \
	if command -v nvidia-smi >/dev/null 2>&1 || [ "$$(uname)" = Darwin ]; then $(PIP) torch; \
	else $(PIP) "torch==$$version+cpu" 2>/dev/null \
	  || { $(PIP) uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend cpu "torch==$$version"; } \
	  || $(PIP) torch; fi
	@touch $@

.venv/.run: .venv/.torch pyproject.toml
	@$(PIP) --editable .
	@touch $@

.venv/.dev: .venv/.run
	@$(PIP) --editable ".[dev,docs,encoder,export,serving,viz]"
	@touch $@
