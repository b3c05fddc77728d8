"""The figure of compared windows: what is on it, and that it can be read and edited."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from figures_drawn import assert_on_the_page, overlapping, texts
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage, imread

from made_comparisons import GRID, made_record, made_run, made_set
from napari_sparsevar.comparison.result import ComparisonSet
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.kinds.comparison import (
    TOP_EDGES,
    comparison_figure,
)
from napari_sparsevar.figures.panels.colour_maps import symmetric_limits
from napari_sparsevar.figures.panels.difference import EDGE, MAP
from napari_sparsevar.figures.saving import caption_path, save_figure
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.run.run import Run

WIDE = LatentGrid((24, 90), 4)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made_run(tmp_path)


def the_map(figure: Figure) -> AxesImage:
    (image,) = figure.findobj(lambda one: isinstance(one, AxesImage) and one.get_gid() == MAP)
    return image


def is_arrow(artist: Artist) -> bool:
    return (artist.get_gid() or "").startswith(f"{EDGE}-")


def panel(figure: Figure, letter: str) -> Axes:
    return next(
        axes for axes in figure.findobj(Axes) if letter in [t.get_text() for t in axes.texts]
    )


@pytest.mark.parametrize("width", [85.0, 180.0])
@pytest.mark.parametrize(
    ("n_windows", "changed", "grid"),
    [(2, 4, GRID), (4, 4, GRID), (3, 0, WIDE), (2, 0, GRID), (6, 4, GRID)],
)
def test_no_words_lie_on_others_and_none_leaves_the_page(
    tmp_path: Path, width: float, n_windows: int, changed: int, grid: LatentGrid
) -> None:
    found = made_set(n_windows, changed=changed, grid=grid)
    figure = comparison_figure(made_run(tmp_path, grid), found, width_mm=width)
    assert not overlapping(figure)
    assert figure.get_figwidth() == pytest.approx(width / 25.4)
    assert_on_the_page(figure)


def test_a_figure_says_what_was_found(run: Run) -> None:
    said = " ".join(texts(comparison_figure(run, made_set())))
    for expected in ("p = 0.005", "B minus A", "time (s)", "20 µm", "0.21", "0.19"):
        assert expected in said


def test_colours_are_symmetric_about_no_difference(run: Run) -> None:
    found = made_set(changed=4)
    low, high = the_map(comparison_figure(run, found)).get_clim()
    assert low == -high
    assert high == np.abs(found.pairs[0].difference).max()


def test_without_a_change_the_middle_colour_is_everywhere(run: Run) -> None:
    figure = comparison_figure(run, made_set(changed=0))
    assert the_map(figure).get_clim() == (-1.0, 1.0)
    assert "nothing beyond chance" in texts(figure)
    assert not figure.findobj(is_arrow)
    assert "Where influence differs (not significant)" in texts(figure)


def test_one_arrow_for_each_changed_edge_on_the_list(run: Run) -> None:
    for changed in (1, 4, 20):
        figure = comparison_figure(run, made_set(changed=changed))
        arrows = figure.findobj(is_arrow)
        assert len(arrows) == min(changed, TOP_EDGES)
        dashed = sum(arrow.get_linestyle() != "-" for arrow in arrows)
        listed = made_set(changed=changed).pairs[0].edges.head(len(arrows))
        assert dashed == int((listed["change"] < 0).sum())


def test_intervals_on_the_list_are_those_of_the_table(run: Run) -> None:
    found = made_set()
    axes = panel(comparison_figure(run, found), "e")
    drawn = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2]
    expected = found.pairs[0].edges.head(TOP_EDGES)[["low", "high"]].to_numpy()
    np.testing.assert_array_equal(drawn[: len(expected)], expected)


def test_units_that_are_not_known_are_not_made_up(tmp_path: Path) -> None:
    run = made_run(tmp_path, record=made_record(pixel_size_um=None, fps=None))
    said = texts(comparison_figure(run, made_set()))
    assert "frame" in said
    assert "10 px" in said
    assert not [text for text in said if "µm" in text or "(s)" in text]


def test_several_windows_have_a_matrix_of_adjusted_p(run: Run) -> None:
    found = replace(made_set(3), adjusted=(0.011, 0.22, 0.033))
    drawn = [one.get_text() for one in panel(comparison_figure(run, found), "f").texts]
    assert sorted(drawn) == sorted(["0.011", "0.22", "0.033"] * 2 + ["f"])
    assert "f" not in texts(comparison_figure(run, made_set(2)))


def test_the_adjusted_p_decides_what_is_significant(run: Run) -> None:
    found = replace(made_set(3), adjusted=(0.06, 0.01, 0.01))
    figure = comparison_figure(run, found, found.pairs[0])
    assert "Where influence differs (A, B) (not significant)" in texts(figure)
    assert "observed\np = 0.005\nadjusted 0.06" in texts(figure)
    assert "Where influence differs (A, C)" in texts(comparison_figure(run, found, found.pairs[1]))


def test_sequences_without_places_have_no_map(run: Run) -> None:
    figure = comparison_figure(run, made_set(difference=False))
    assert "no map" in texts(figure)


@pytest.mark.parametrize("width", [85.0, 180.0])
@pytest.mark.parametrize("grid", [GRID, LatentGrid((90, 36), 4)])
def test_long_labels_lie_on_nothing(tmp_path: Path, width: float, grid: LatentGrid) -> None:
    found = made_set(4, grid=grid, frames=150)
    labels = ["baseline", "after saline", "after ketamine 10 mg/kg", "washout"]
    windows = {
        window.label: Window(label, window.pieces)
        for window, label in zip(found.windows, labels, strict=True)
    }
    pairs = [
        replace(pair, a=windows[pair.a.label], b=windows[pair.b.label]) for pair in found.pairs
    ]
    named = replace(found, windows=tuple(windows.values()), pairs=tuple(pairs))
    for pair in pairs[::2]:
        figure = comparison_figure(made_run(tmp_path, grid), named, pair, width_mm=width)
        assert not overlapping(figure)
        assert_on_the_page(figure)


def renamed(found: ComparisonSet, label: str) -> ComparisonSet:
    (pair,) = found.pairs
    first = Window(label, pair.a.pieces)
    return replace(found, windows=(first, pair.b), pairs=(replace(pair, a=first),))


@pytest.mark.parametrize("label", ["$a$b_{", "刺激 (前)", "a very long label of a window, indeed"])
def test_labels_are_what_a_person_typed(run: Run, tmp_path: Path, label: str) -> None:
    figure = comparison_figure(run, renamed(made_set(), label))
    save_figure(figure, "", tmp_path / "figure.svg")
    svg = ElementTree.parse(tmp_path / "figure.svg")
    words = " ".join(svg.getroot().itertext())
    assert label[:15] in words


def test_windows_that_are_close_have_their_names_in_rows(run: Run) -> None:
    found = made_set(2)
    windows = tuple(Window(f"trial number {n}", ((20 * n, 20 * n + 9),)) for n in range(3))
    figure = comparison_figure(run, replace(found, windows=windows))
    assert not overlapping(figure)


@pytest.mark.parametrize("name", ["figure.svg", "figure.pdf", "figure.PNG"])
def test_every_kind_of_file_opens(run: Run, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    save_figure(comparison_figure(run, made_set()), "What it shows.\n", out, dpi=100)
    assert caption_path(out).read_text(encoding="utf-8") == "What it shows.\n"
    assert {path.name for path in tmp_path.iterdir()} == {name, "figure.caption.txt"}
    if name.endswith("svg"):
        width = ElementTree.parse(out).getroot().attrib["width"]
        assert float(width.removesuffix("pt")) == pytest.approx(180 / 25.4 * 72, rel=1e-4)
    elif name.endswith("pdf"):
        content = out.read_bytes()
        assert content.startswith(b"%PDF")
        assert b"/Subtype /Type3" not in content
        assert b"/FontFile2" in content
    else:
        assert imread(out, format="png").shape[1] == pytest.approx(180 / 25.4 * 100, abs=1)


def test_text_and_lines_can_be_edited_and_only_the_map_is_an_image(
    run: Run, tmp_path: Path
) -> None:
    figure = comparison_figure(run, made_set(3, changed_places=6))
    save_figure(figure, "", tmp_path / "figure.svg")
    svg = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert "<text" in svg
    assert svg.count("<image") == 1
    # In its own pixels: the size of the field of view, not of the page.
    encoded = re.search(r'href="data:image/png;base64,([^"]+)"', svg)
    assert encoded is not None
    assert imread(BytesIO(base64.b64decode(encoded[1])), format="png").shape[:2] == GRID.shape
    names = re.findall(r' id="([^"]+)"', svg)
    assert len(names) == len(set(names))
    assert "<dc:date>" not in svg


def test_matplotlib_is_left_as_it_was(run: Run, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    save_figure(comparison_figure(run, made_set()), "", tmp_path / "figure.svg")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("width", [10.0, 79.0, 1000.0, float("nan")])
def test_a_width_nobody_can_print_is_refused(run: Run, width: float) -> None:
    with pytest.raises(UserError, match="180"):
        comparison_figure(run, made_set(), width_mm=width)


def test_a_map_that_is_not_finite_has_limits() -> None:
    image = np.array([[np.nan, -3.0], [np.inf, 1.0]], dtype=np.float32)
    assert symmetric_limits(image) == (-3.0, 3.0)
    assert symmetric_limits(np.full((2, 2), np.nan, dtype=np.float32)) == (-1.0, 1.0)
