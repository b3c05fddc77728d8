"""A run for figures, and what tests ask of a drawn figure."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from made_runs import made_full_run, with_training
from napari_sparsevar.run.run import Run

_spec = importlib.util.spec_from_file_location(
    "figures_drawn", Path(__file__).with_name("drawn.py")
)
assert _spec is not None
assert _spec.loader is not None
drawn = importlib.util.module_from_spec(_spec)
sys.modules["figures_drawn"] = drawn
_spec.loader.exec_module(drawn)


@pytest.fixture(scope="module")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with losses; the folder it says it lies in keeps nothing."""
    return with_training(made_full_run(tmp_path_factory.mktemp("made") / "run"))
