"""Rings around the places that changed, on the map of where influence differs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from made_comparisons import made_run, made_set
from napari_sparsevar.figures.kinds.comparison import comparison_figure
from napari_sparsevar.figures.panels.difference import EDGE, MAP, PLACES
from napari_sparsevar.run.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made_run(tmp_path)


def called(figure: Figure, name: str) -> list[Artist]:
    return figure.findobj(lambda one: (one.get_gid() or "").startswith(name))


def test_rings_have_the_colours_of_the_map_and_lie_below_the_arrows(run: Run) -> None:
    found = made_set(changed_places=6)
    figure = comparison_figure(run, found)
    (rings,), (image,) = called(figure, PLACES), called(figure, MAP)
    places = found.pairs[0].dynamics.changed_places()
    np.testing.assert_array_equal(rings.get_offsets(), places[["x", "y"]])
    sign = np.sign(places["balance"].to_numpy())
    assert set(sign) == {-1.0, 1.0}
    expected = image.to_rgba(0.8 * sign * image.get_clim()[1])
    np.testing.assert_allclose(rings.get_edgecolors(), expected)
    assert not len(rings.get_facecolors())
    assert all(rings.get_zorder() < arrow.get_zorder() for arrow in called(figure, f"{EDGE}-"))


def test_without_changed_places_or_positions_there_are_no_rings(run: Run) -> None:
    assert not called(comparison_figure(run, made_set()), PLACES)
    found = made_set(changed_places=6)
    del found.pairs[0].dynamics.places["y"]
    assert not called(comparison_figure(run, found), PLACES)
