# `make demo` and `make test` set up what they need; `make help` lists the rest.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.ready
# Compiled modules may be kept, whatever the environment says: every command starts twice as fast.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test lint proof bench bench-check fixtures lock clean

help:
	@echo "make demo      print, scan, file and prove 60 and more sheets in a temporary installation"
	@echo "make demo SCENE=hall   the same with pads, labels, shaded codes, a rehearsal: every paper that a hall knows"
	@echo "make test      lint, types, import contract and all tests"
	@echo "make proof     the long proofs: kills, damaged files, 2,000 more pages of the reading proof, many machines, a day of 17,000 sheets"
	@echo "make bench     speed, against the codecs and the textbook script"
	@echo "make bench-check  the same, compared with the recorded ratios"
	@echo "make fixtures  make fixtures/scans/ anew"
	@echo "make lock      lock the dependencies anew"

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml setup.py scanpipe/stages/_resample.c tools/setup.sh
	bash tools/setup.sh $(VENV)
	touch $@

# SCENE=hall shows pads, labels, shaded codes and the other papers of a hall.
demo: setup
	$(PY) -m tools.demo$(if $(SCENE),_$(SCENE))

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m mypy --strict examples/scanpipe_client.py examples/grader.py
	$(VENV)/bin/lint-imports

test: lint
	$(PY) -m pytest -n 3 --dist worksteal

proof: setup
	$(PY) -m pytest -m proof --override-ini addopts="-q --strict-markers" tests
	$(PY) -m tools.proof_reading --pages 2000
	$(PY) -m tools.many_machines --sheets 2000
	$(PY) -m tools.exam_day --sheets 17000

bench: setup
	$(VENV)/bin/scanpipe bench

bench-check: setup
	$(PY) -m tools.bench_check docs/performance/bench.json

fixtures: setup
	$(PY) -m tools.make_fixtures

lock: setup
	$(PY) -m pip install -q uv
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --all-extras pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-out
