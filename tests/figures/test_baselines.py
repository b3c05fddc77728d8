"""Figures look as they did: compared with pictures kept beside this file.

After a change that is meant, look at what is drawn and renew them:
``RENEW_BASELINES=1 python -m pytest tests/figures/test_baselines.py``.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images

from made_comparisons import made_run, made_set
from made_runs import made_full_run, with_training
from napari_sparsevar.figures import style
from napari_sparsevar.figures.kinds.comparison import comparison_figure
from napari_sparsevar.figures.style import figure_style
from napari_sparsevar.figures.write import KINDS, FigureOptions, draw_figure
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.movie import Registered
from napari_sparsevar.movie.registration.shifts import Shifts
from napari_sparsevar.run.annotations import Annotations, Marks
from napari_sparsevar.run.registration import write_shifts
from napari_sparsevar.run.run import Run

BASELINES = Path(__file__).with_name("baselines")
DPI = 60
TOLERANCE = 6.0
"""Root mean square over all pixels, of 255: other versions of the libraries draw letters and the
edges of lines a little differently, which is about 2; a panel that is missing is above 20."""


@pytest.fixture(autouse=True)
def _bundled_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the font that comes with matplotlib, whatever else is installed."""
    monkeypatch.setattr(style, "_FONTS", ("DejaVu Sans",))
    monkeypatch.setattr(style, "_OTHER_SCRIPTS", ())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    labels = np.zeros((33, 34), np.int32)
    labels[2:8, 2:8], labels[14:20, 22:29], labels[25:31, 4:10] = 1, 2, 3
    made = with_training(made_full_run(tmp_path_factory.mktemp("made"), labels=labels))
    # Every edge is beyond chance, so that there are arrows.
    found = made.results.significance
    tested = replace(found, edge_p=torch.full_like(found.edge_p, 0.01))
    _keep_shifts(made)
    return replace(made, results=replace(made.results, significance=tested))


def _keep_shifts(run: Run) -> None:
    run.path.mkdir(exist_ok=True)
    steps = np.random.default_rng(0).normal(0, [[0.8, 0.3]], (600, 2))
    alike = 0.8 - 0.05 * np.hypot(*steps.T)
    shifts = Shifts(steps, alike, alike - 0.2, np.zeros(600, bool))
    movie = open_movie(np.zeros((20, 8, 8), np.uint8))
    write_shifts(run.path, replace(movie, registered=Registered(movie.data, shifts)))


def drawn(kind: str, run: Run) -> Figure:
    if kind == "comparison":
        return comparison_figure(made_run(run.path), made_set(3, changed_places=4))
    notes = Annotations().with_place(4.5, 4.5, 1.0, name="first cell")
    return draw_figure(run, kind, FigureOptions(), marks=Marks(notes, None)).figure


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_looks_as_it_did(kind: str, run: Run, tmp_path: Path) -> None:
    baseline, out = BASELINES / f"{kind}.png", tmp_path / f"{kind}.png"
    with figure_style(), mpl.rc_context({"text.hinting": "none"}):
        drawn(kind, run).savefig(out, dpi=DPI, metadata={"Software": None})
    if os.environ.get("RENEW_BASELINES"):
        baseline.write_bytes(out.read_bytes())
        pytest.skip(f"{baseline.name} was renewed: look at it")
    assert compare_images(str(baseline), str(out), tol=TOLERANCE) is None


def test_a_missing_panel_would_be_seen(run: Run, tmp_path: Path) -> None:
    figure = drawn("overview", run)
    figure.subfigs[0].set_visible(False)
    out = tmp_path / "overview.png"
    with figure_style(), mpl.rc_context({"text.hinting": "none"}):
        figure.savefig(out, dpi=DPI)
    assert compare_images(str(BASELINES / "overview.png"), str(out), tol=TOLERANCE) is not None
