"""Windows of a fit of cells: named, never across trials, kept with the fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_sparsevar as sv
from napari_sparsevar.cells.fit import fit_traces
from napari_sparsevar.comparison.rows import rows_of_activity
from napari_sparsevar.comparison.sentence import sentence
from napari_sparsevar.comparison.store import load_comparisons, save_comparisons
from napari_sparsevar.comparison.windows import Window

NAMES = ["a", "still", "b & c", "ç", "12", "nan", "e"]
HALVES = [Window("early", ((0, 600),)), Window("late", ((600, 1200),))]


def traces_that_change(n_frames: int = 1200, seed: int = 0, *, change: bool = True) -> np.ndarray:
    """Return traces (T, 7) in which cell "a" drives "ç", in the second half only if it changes."""
    rng = np.random.default_rng(seed)
    traces = rng.standard_normal((n_frames, 7)).astype(np.float32)
    first = n_frames // 2 if change else 0
    traces[first + 1 :, 3] += 0.6 * traces[first:-1, 0]
    traces[1:, 4] += 0.5 * traces[:-1, 2]
    traces[:, 1] = 2.0
    return traces


@pytest.fixture(scope="module")
def fit() -> sv.CellFit:
    places = np.random.default_rng(1).uniform(0, 50, (7, 2))
    return fit_traces(traces_that_change(), 10.0, 1, NAMES, places)


def test_a_coupling_that_begins_is_found_by_name(fit: sv.CellFit) -> None:
    found = sv.compare_windows(fit, (0, 600), (600, 1200), draws=199)
    assert found.p_value <= 0.01
    changed = found.dynamics.changed()
    assert list(zip(changed.source_name, changed.target_name, strict=True)) == [("a", "ç")]
    assert changed.change.item() == pytest.approx(0.5, abs=0.2)
    # Numbers and places are those among all cells that came, also those left out.
    assert (changed.source.item(), changed.target.item()) == (0, 3)
    np.testing.assert_array_equal(changed[["target_y", "target_x"]], fit.cells.positions[[3]])
    places = found.dynamics.places
    assert set(places.name) == {name for name in NAMES if name != "still"}
    assert list(places.name) == [NAMES[number] for number in places.place]
    assert found.difference is None
    assert found.dynamics.tested_edges == 30
    assert "of 6 cells after adjustment" in sentence(found)


def test_nothing_is_found_where_nothing_changes() -> None:
    fit = fit_traces(traces_that_change(change=False))
    found = sv.compare_windows(fit, (0, 600), (600, 1200), draws=199)
    assert found.p_value > 0.05
    assert "No difference" in sentence(found)


def test_several_windows_are_compared_at_once(fit: sv.CellFit) -> None:
    windows = [Window(str(k), ((300 * k, 300 * k + 300),)) for k in range(4)]
    found = sv.compare(fit, windows, baseline="0", draws=199)
    assert [(pair.a.label, pair.b.label) for pair in found.pairs] == [
        ("0", "1"),
        ("0", "2"),
        ("0", "3"),
    ]
    assert found.adjusted[0] > 0.05 >= max(found.adjusted[1:])


def test_no_row_reaches_over_a_trial_or_a_bad_frame() -> None:
    good = np.ones(1200, bool)
    good[50] = False
    trials = [(0, 200), (200, 700), (800, 1200)]
    fit = fit_traces(traces_that_change(), 10.0, 2, NAMES, good=good, trials=trials)
    whole, other = rows_of_activity(fit, [Window("A", ((0, 1000),)), Window("B", ((1000, 1200),))])
    # Each stretch of trials loses its two first frames, the bad frame itself and two more.
    assert len(whole.past) == (198 - 3) + 498 + 198
    assert len(other.past) == 198
    assert np.bincount(whole.piece).max() == 498


def test_windows_of_a_fit_do_not_depend_on_how_they_are_cut(fit: sv.CellFit) -> None:
    (whole,) = rows_of_activity(fit, [Window("A", ((0, 1200),))])
    early, late = rows_of_activity(fit, HALVES)
    np.testing.assert_array_equal(whole.past[:599], early.past)
    np.testing.assert_array_equal(whole.following[600:], late.following)


def test_comparisons_are_kept_with_the_fit(fit: sv.CellFit, tmp_path: Path) -> None:
    folder = sv.save_fit(fit, tmp_path / "fit")
    saved = save_comparisons(folder, sv.compare(fit, HALVES, draws=199))
    (read,) = load_comparisons(folder)
    assert read.name == saved.name == "early-late"
    for table in ("edges", "places"):
        pd.testing.assert_frame_equal(
            getattr(read.pairs[0].dynamics, table),
            getattr(saved.pairs[0].dynamics, table),
            check_dtype=False,
        )
    assert read.pairs[0].places_are == "cells"
    assert sv.load_fit(folder).names == fit.names


def test_a_cell_of_any_name_comes_back(fit: sv.CellFit, tmp_path: Path) -> None:
    names = [" a, b", "", 'q"', "12", "é\n", "nan", "None"]
    named = replace(
        fit,
        cells=replace(fit.cells, names=names),
        activity=replace(
            fit.activity, names=tuple(names[cell] for cell in fit.fitted_cells.tolist())
        ),
    )
    folder = sv.save_fit(named, tmp_path / "fit")
    saved = save_comparisons(folder, sv.compare(named, HALVES, draws=199))
    (read,) = load_comparisons(folder)
    assert list(read.pairs[0].dynamics.places.name) == list(saved.pairs[0].dynamics.places.name)
