"""Figures of a fit of cells: what is on them, that it is true, and that it can be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from figures_drawn import assert_on_the_page, overlapping, texts
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import FancyArrowPatch

import napari_sparsevar as sv
from made_fits import NAMES, made_fit
from napari_sparsevar.cells.cell_fit import MATRIX_KINDS
from napari_sparsevar.cells.ordering import CELL_ORDERS
from napari_sparsevar.cli.figure import Order, Value
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.cell_listing import ordered_cells, shown_pairs
from napari_sparsevar.figures.panels.cell_graph import DOWN, MOST_ARROWS, UP, arrows_of
from napari_sparsevar.figures.panels.cell_matrix import cells_each
from napari_sparsevar.figures.saving import caption_path
from napari_sparsevar.figures.write import CELL_KINDS, FigureOptions, draw_figure, write_figure

ALL = FigureOptions(level=1)


@pytest.fixture(scope="module")
def noise() -> sv.CellFit:
    """Sixty cells that do nothing to each other."""
    traces = np.random.default_rng(3).standard_normal((300, 60)).astype(np.float32)
    return sv.fit_traces(traces, positions=np.random.default_rng(4).uniform(0, 99, (60, 2)))


def the_matrix(figure: Figure) -> np.ndarray:
    (image,) = figure.findobj(lambda one: isinstance(one, AxesImage) and one.get_gid() == "matrix")
    return np.ma.filled(image.get_array().astype(float), np.nan)


def arrows(figure: Figure) -> list[FancyArrowPatch]:
    return figure.findobj(FancyArrowPatch)


@pytest.mark.parametrize("width", [85.0, 180.0])
@pytest.mark.parametrize("kind", [*CELL_KINDS, "raster"])
@pytest.mark.parametrize("outlines", [True, False])
def test_no_words_lie_on_others_and_none_leaves_the_page(
    kind: str, width: float, outlines: bool, noise: sv.CellFit
) -> None:
    options = FigureOptions(width_mm=width, all_cells=kind == "raster")
    for fit in (made_fit(outlines=outlines), noise):
        figure = draw_figure(fit, "traces" if kind == "raster" else kind, options).figure
        assert not overlapping(figure)
        assert_on_the_page(figure)
        assert figure.get_figwidth() == pytest.approx(width / 25.4)


@pytest.mark.parametrize("kind", CELL_KINDS)
def test_a_caption_states_cells_frames_level_and_which_p_value(kind: str) -> None:
    caption = draw_figure(made_fit(), kind).caption
    for expected in (
        "5 cells, 4 of them fitted (400 frames at 10 frames/s)",
        "2 of 12 pairs, those with p <= 0.05 (family-wise, adjusted for all pairs and lags)",
        "2 lags",
        "seed 0",
        "napari-sparsevar",
    ):
        assert expected in caption, expected
    assert "np." not in caption
    assert "nan" not in caption
    options = FigureOptions(level=0.2, tested_by="p_fdr", lag=1)
    caption = draw_figure(made_fit(), kind, options).caption
    assert "pairs 1 frame later, those with p <= 0.2 (adjusted for the false dis" in caption


def test_the_matrix_is_that_of_the_fit_in_the_order_of_its_names() -> None:
    fit = made_fit()
    for order in ("cluster", "position", "name"):
        figure = draw_figure(fit, "matrix", replace(ALL, order=order)).figure
        axes = next(one for one in figure.findobj(AxesImage) if one.get_gid() == "matrix").axes
        assert axes is not None
        written = [label.get_text() for label in axes.get_yticklabels()]
        assert written == [label.get_text() for label in axes.get_xticklabels()]
        cells = [NAMES.index(name) for name in written]
        expected = fit.matrix("estimate")[np.ix_(cells, cells)]
        drawn = the_matrix(figure)
        known = np.isfinite(drawn)
        np.testing.assert_array_equal(drawn[known], expected[known])
        # The diagonal and the cell that stands still were not looked at.
        assert known.sum() == 12


def test_pairs_that_do_not_pass_are_left_out() -> None:
    fit = made_fit()
    drawn = the_matrix(draw_figure(fit, "matrix", FigureOptions(order="name")).figure)
    assert np.isfinite(drawn).sum() == (fit.matrix("p_adjusted") <= 0.05).sum() == 2
    one = the_matrix(draw_figure(fit, "matrix", FigureOptions(lag=2)).figure)
    assert np.isfinite(one).sum() == (fit.matrix("p_adjusted", 2) <= 0.05).sum()


@pytest.mark.parametrize("value", MATRIX_KINDS)
def test_every_value_can_be_shown(value: str) -> None:
    for level in (0.05, 1.0):
        options = FigureOptions(value=value, level=level)  # type: ignore[arg-type]
        assert "colours" in draw_figure(made_fit(), "matrix", options).caption


def test_noise_looks_like_noise(noise: sv.CellFit) -> None:
    assert "no pair is beyond chance" in texts(draw_figure(noise, "matrix").figure)
    assert not arrows(draw_figure(noise, "graph").figure)
    assert "No driver: the first cells" in texts(draw_figure(noise, "traces").figure)
    # Chance is not sorted until it looks like clusters.
    names = [noise.names[cell] for cell in ordered_cells(noise, ALL, "cluster")]
    assert names == sorted(names, key=int)


def test_arrows_are_the_edges_that_pass() -> None:
    fit = made_fit()
    passing = shown_pairs(fit, FigureOptions())
    drawn = arrows(draw_figure(fit, "graph").figure)
    assert len(drawn) == passing.sum() == 2
    more = arrows(draw_figure(fit, "graph", FigureOptions(all_arrows=True)).figure)
    assert len(more) == (passing | (fit.matrix("coefficient") != 0)).sum()
    assert UP != DOWN


def test_the_strongest_arrows_are_drawn_last_and_not_too_many() -> None:
    values = np.random.default_rng(0).standard_normal((40, 40))
    found = arrows_of(values, values > 0, values < 0)
    strong = np.abs(found.value[found.passes])
    assert len(strong) == MOST_ARROWS
    assert (np.diff(strong) >= 0).all()
    assert strong.min() >= np.sort(values[values > 0])[-MOST_ARROWS]
    assert found.passes[-1]
    assert not found.passes[0]


def test_the_scale_bar_is_there_where_the_size_of_a_pixel_is_known(noise: sv.CellFit) -> None:
    for fit, words in ((made_fit(), "µm"), (noise, "px")):
        figure = draw_figure(fit, "graph").figure
        bars = figure.findobj(lambda one: (one.get_gid() or "").startswith("scale-bar"))
        assert len(bars) == (words == "µm")
    assert "stand in a circle" in draw_figure(made_fit(outlines=False), "graph").caption


def test_the_rows_of_traces_are_drivers_with_their_followers() -> None:
    figure = draw_figure(made_fit(), "traces").figure
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] == "b & c"
    assert sorted(names[1:]) == ["12", "ç"]
    some = draw_figure(made_fit(), "traces", FigureOptions(frames=(100, 300)))
    assert some.figure.axes[0].get_xlim() == (10.0, 30.0)
    assert "frames 100 to 300" in some.caption
    with pytest.raises(UserError, match="not inside the 400 frames"):
        draw_figure(made_fit(), "traces", FigureOptions(frames=(0, 401)))


def test_many_cells_share_a_field() -> None:
    assert [cells_each(n) for n in (2, 600, 601, 1300)] == [1, 1, 2, 3]


def test_a_fit_is_written_from_its_folder(tmp_path: Path) -> None:
    folder = sv.save_fit(made_fit(), tmp_path / "fit")
    write_figure(folder, tmp_path / "matrix.svg")
    assert "b &amp; c" in (tmp_path / "matrix.svg").read_text(encoding="utf-8")
    assert "5 cells" in caption_path(tmp_path / "matrix.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "options", "named"),
    [
        ("drivers", FigureOptions(), "matrix, graph, traces"),
        ("matrix", FigureOptions(level=0), "level"),
        ("matrix", FigureOptions(lag=3), "lags 1 to 2"),
        ("graph", FigureOptions(width_mm=20), "180"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(
    kind: str, options: FigureOptions, named: str
) -> None:
    with pytest.raises(UserError, match=named):
        draw_figure(made_fit(), kind, options)


def test_cells_without_a_place_cannot_be_ordered_by_it() -> None:
    with pytest.raises(UserError, match="where the cells lie"):
        draw_figure(made_fit(outlines=False), "matrix", FigureOptions(order="position"))


def test_without_a_test_what_the_lasso_keeps_is_no_finding() -> None:
    fit = made_fit()
    unknown = {
        name: torch.full_like(getattr(fit.evidence, name), torch.nan)
        for name in ("edge_p", "edge_fdr", "source_p")
    }
    untested = replace(fit, evidence=replace(fit.evidence, note="too short", **unknown))
    for kind in CELL_KINDS:
        assert "are no findings" in draw_figure(untested, kind).caption


def test_the_command_offers_what_there_is() -> None:
    assert tuple(Value) == MATRIX_KINDS
    assert tuple(Order) == CELL_ORDERS
