"""The figure of a registration tells how the field moved; without one there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from figures_drawn import assert_on_the_page, overlapping

import napari_sparsevar as sv
from made_runs import made_full_run
from napari_sparsevar.figures.write import FigureOptions, draw_figure
from napari_sparsevar.movie.movie import Registered
from napari_sparsevar.movie.registration.shifts import Shifts
from napari_sparsevar.run.registration import write_shifts
from napari_sparsevar.run.run import Run

FRAMES = 2500


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = made_full_run(tmp_path_factory.mktemp("registered"))
    run.path.mkdir(exist_ok=True)
    steps = 3.0 * np.sin(np.arange(FRAMES) / 200)[:, None] * np.array([1.0, -0.5])
    ones = np.ones(FRAMES)
    lost = np.zeros(FRAMES, bool)
    shifts = Shifts(steps, 0.9 * ones, 0.5 * ones, lost, crispness=1.25, line_phase=0.5)
    movie = sv.open_movie(np.zeros((20, 8, 8), np.uint8))
    write_shifts(run.path, replace(movie, registered=Registered(movie.data, shifts)))
    return run


@pytest.mark.parametrize("width", [85.0, 180.0])
def test_shifts_and_likeness_over_time(registered: Run, width: float) -> None:
    figure, caption = draw_figure(registered, "registration", FigureOptions(width_mm=width))
    upper, lower = figure.findobj(lambda one: hasattr(one, "get_xlabel") and one.lines)
    y, x = (line.get_ydata() for line in upper.lines)
    assert np.ptp(y) == pytest.approx(6.0, abs=0.1)
    assert np.ptp(x) == pytest.approx(3.0, abs=0.1)
    assert len(y) <= 1000
    assert [line.get_ydata().mean() for line in lower.lines] == pytest.approx([0.5, 0.9])
    assert upper.lines[0].get_xdata().max() == pytest.approx(FRAMES / 15.0, rel=0.01)
    for said in ("from 0.50 to 0.90", "recorded: 1.25", "off by 0.50 pixels"):
        assert said in caption
    assert not overlapping(figure)
    assert_on_the_page(figure)


def test_without_registration_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(sv.UserError, match="was not registered"):
        draw_figure(made_full_run(tmp_path), "registration")
