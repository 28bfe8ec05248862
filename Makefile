# `make demo` and `make test` set everything up by themselves; nothing is installed outside this folder.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test e2e check quick bench bench-check lint pictures clean setup

demo: $(READY)  ## a synthetic cluster and shardex on it, until Ctrl-C
	@exec $(BIN)/python -m load demo

test: $(READY) .venv/.tools  ## all tests but the end-to-end ones
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not e2e"

e2e: $(READY) .venv/.tools  ## a cluster, three shards, Prometheus with our rules, VictoriaMetrics: a minute
	$(BIN)/python -m pytest -m e2e

check: lint test e2e  ## what every commit passes

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

quick: $(READY)  ## the tests that start no process trees
	$(BIN)/python -m pytest -n 2 -m "not slow"

bench: .venv/.report  ## the short set of measurements, with targets
	$(BIN)/python -m load bench

bench-check: $(READY)  ## fails when a pod has become dearer than it was
	$(BIN)/python -m load bench-check

setup: $(READY)

$(READY): pyproject.toml .ci/constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "shardex needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[dev,load]'
	@touch $@

.venv/.report: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[report]'
	@touch $@

pictures: $(READY) .venv/.tools  ## the status page's pictures in docs/images anew
	$(BIN)/python -m load pictures

# Debian's own Prometheus, VictoriaMetrics and Chromium, unpacked here: no root, no service is started.
.venv/.tools: $(READY) .ci/tools
	.ci/tools .venv/debian
	@touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
