# make demo    open a sample movie in napari, train, show what drives it
# make test    every check this project has
# Both make what they need from an empty clone: system libraries, environment, packages.

ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)
ifndef PYTHON
PYTHON := $(shell scripts/find_python.sh)
endif
endif
VENV ?= .venv
# The build to use; `make TORCH=torch` takes what the registry gives (with CUDA on Linux), as
# `make gpu` does.
TORCH ?= $(if $(filter gpu,$(MAKECMDGOALS)),torch,torch==2.13.0)
QT ?= pyqt6
MOVIE ?=
ARGS ?=

BIN := $(VENV)/bin
# Another choice of build or binding is another installation.
READY := $(VENV)/.ready-$(QT)-$(subst =,,$(TORCH))
CODE := src tests benchmarks scripts docs/conf.py

.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: help demo test format lint types manifest docs pytest benchmark gpu suite2p environment system clean

help:
	@echo "make demo             open a sample movie in napari, train on it, show what drives it"
	@echo "make demo MOVIE=path  the same on your movie"
	@echo "make test             every check in turn, with its seconds: lint, types, manifest, docs, pytest"
	@echo "make format           put the code into its one style (ruff), repair what can be repaired"
	@echo "make lint             whether it is in that style"
	@echo "make types            whether the types fit (mypy --strict)"
	@echo "make manifest         whether napari takes napari.yaml"
	@echo "make docs             the pages of docs/ and the reference as HTML, in docs/_build;"
	@echo "                      warnings are errors"
	@echo "make pytest ARGS=...  the tests alone, for example ARGS='tests/lasso -x'"
	@echo "make benchmark        known drivers, our method and its rivals: hours; goes on where it was,"
	@echo "                      smaller with ARGS='--cases strong_noise --seeds 11-12 --jobs 2'"
	@echo "make gpu              on a Linux machine with a CUDA card: its tests, then its table, in gpu.md"
	@echo "make suite2p          an environment for suite2p, one of the rivals; optional"
	@echo "make environment      only install everything into $(VENV)"
	@echo "make clean            remove what make made, but not $(VENV)"

# Without a screen the demo runs on a virtual one and leaves demo.png.
demo: $(READY) system
	@scripts/on_screen.sh $(BIN)/python scripts/demo.py \
		$(if $(MOVIE),--movie "$(MOVIE)") \
		$(if $(DISPLAY)$(WAYLAND_DISPLAY),,--screenshot demo.png) $(ARGS)

# What keeps one core busy goes two at a time, the longest first. Then the tests: their summary is
# the last thing said.
test: $(READY) system
	@$(MAKE) --no-print-directory -j2 docs types lint manifest
	@$(MAKE) --no-print-directory pytest

format: $(READY)
	@$(BIN)/ruff check --quiet --fix $(CODE)
	@$(BIN)/ruff format --quiet $(CODE)

# A check by its name: what it is called, what it does, and how long that took.
check = echo "== $(1)"; start=$$(date +%s); $(2) && echo "   $(1): $$(($$(date +%s) - start)) s"

lint: $(READY)
	@$(call check,style,$(BIN)/ruff check --quiet $(CODE) && $(BIN)/ruff format --check --quiet $(CODE))

types: $(READY)
	@$(if $(filter pyqt6,$(QT)),$(call check,types,$(BIN)/mypy),\
		echo "== types: checked with PyQt6 only, make types QT=pyqt6")

manifest: $(READY)
	@$(call check,manifest,$(BIN)/npe2 validate napari.yaml)

# Stubs of the reference are made anew, so that none is left of a name that has gone.
docs: $(READY)
	@rm -rf docs/_api
	@$(call check,docs,OMP_NUM_THREADS=1 $(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build)

# Two workers, one thread each: more threads than cores only make each other wait. Bytecode is kept,
# whatever the shell says: dozens of processes import the same.
pytest: $(READY) system
	@echo "== tests"
	@NAPARI_STRICT_QT=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1 MPLBACKEND=Agg \
		PYTHONDONTWRITEBYTECODE= scripts/on_screen.sh $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q $(ARGS)

# Results go to recovery.csv; ARGS=--report only prints the tables.
benchmark: $(READY)
	@$(BIN)/python benchmarks/recovery.py $(ARGS)

# About eight minutes on a bare machine, without a screen; half of it is what pip fetches.
gpu: $(READY)
	@$(BIN)/python -m pytest -q -m gpu tests/lasso tests/training
	@$(BIN)/python benchmarks/gpu.py $(ARGS) >gpu.md || { cat gpu.md; exit 1; }
	@cat gpu.md

suite2p: $(READY)
	@benchmarks/recovery_parts/make_suite2p_environment.sh $(BIN)/python .venv-suite2p "$(TORCH)"

environment: $(READY)

$(READY): pyproject.toml scripts/environment.sh | system
	@scripts/environment.sh "$(PYTHON)" $(VENV) "$(TORCH)" $(QT)
	@touch $@

system:
	@test -n "$(PYTHON)"
	@$(PYTHON) scripts/system_libraries.py

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist demo demo.png docs/_build docs/_api
	find src tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
