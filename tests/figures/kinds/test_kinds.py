"""Figures of a run: what is on them, that it is true, and that it can be read and edited."""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from figures_drawn import assert_on_the_page, overlapping, texts
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import AxesImage, imread

from made_runs import made_full_run, without_drivers
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.captions import limits_words
from napari_sparsevar.figures.colours import LIGHT_GREY, SIGNED
from napari_sparsevar.figures.kinds.influence import INFLUENCE_MAP, choose_place
from napari_sparsevar.figures.listing import arrows_each
from napari_sparsevar.figures.panels.colour_maps import laid_over, see_through
from napari_sparsevar.figures.saving import caption_path, save_figure
from napari_sparsevar.figures.write import (
    KINDS,
    Drawn,
    FigureOptions,
    draw_figure,
    write_figure,
)
from napari_sparsevar.run.annotations import (
    Annotations,
    Marks,
    RegionNote,
    write_regions,
)
from napari_sparsevar.run.run import Run

OF_A_RUN = [kind for kind in KINDS if kind not in ("comparison", "registration")]
MAPS = {"overview": 2, "contribution": 2, "drivers": 1, "influence": 4, "loss": 0, "path": 0}
NOTHING = Marks(Annotations(), None)


@pytest.fixture(scope="module")
def drawn(full_run: Run) -> Callable[[str, float], Drawn]:
    """Figures of a kind and width, drawn once and only looked at."""

    @functools.cache
    def draw(kind: str, width: float) -> Drawn:
        return draw_figure(full_run, kind, FigureOptions(width_mm=width), marks=NOTHING)

    return draw


def painted(run: Run) -> np.ndarray:
    """Two regions, labelled 2 and 5."""
    regions = np.zeros(run.contribution_map.shape, np.int32)
    regions[2:9, 3:9] = 2
    regions[20:28, 20:28] = 5
    return regions


def the_map(figure: Figure, name: str) -> AxesImage:
    (image,) = figure.findobj(lambda one: isinstance(one, AxesImage) and one.get_gid() == name)
    return image


def named(figure: Figure, beginning: str) -> list[str]:
    found = figure.findobj(lambda one: (one.get_gid() or "").startswith(beginning))
    return [one.get_gid() for one in found]


@pytest.mark.parametrize("width", [85.0, 180.0])
@pytest.mark.parametrize("kind", OF_A_RUN)
def test_no_words_lie_on_others_and_none_leaves_the_page(
    drawn: Callable[[str, float], Drawn], kind: str, width: float
) -> None:
    figure = drawn(kind, width).figure
    assert not overlapping(figure)
    assert_on_the_page(figure)
    assert figure.get_figwidth() == pytest.approx(width / 25.4)


@pytest.mark.parametrize("kind", ["overview", "drivers"])
def test_a_wide_field_and_long_names_can_be_read(tmp_path: Path, kind: str) -> None:
    labels = np.zeros((24, 90), np.int32)
    for label in range(1, 13):
        labels[2 + 11 * (label % 2) : 10 + 11 * (label % 2), 7 * label - 5 : 7 * label] = label
    run = made_full_run(tmp_path, (24, 90), labels=labels)
    notes = Annotations().with_place(5.0, 12.0, 100.0, name="$ne$w <b>cell</b> of a long name")
    for width in (85.0, 180.0):
        options = FigureOptions(width_mm=width)
        figure = draw_figure(run, kind, options, marks=Marks(notes, None)).figure
        # A layout without room for everything is a warning, and so an error here.
        assert not overlapping(figure)
        assert_on_the_page(figure)


@pytest.mark.parametrize("kind", ["overview", "drivers"])
def test_of_many_drivers_a_page_ranks_the_surest_and_outlines_all(
    tmp_path: Path, kind: str
) -> None:
    labels = np.zeros((120, 120), np.int32)
    for label in range(1, 50):
        row, column = 15 * ((label - 1) // 7) + 4, 15 * ((label - 1) % 7) + 4
        labels[row : row + 8, column : column + 8] = label
    run = made_full_run(tmp_path, (120, 120), labels=labels, lags=1)
    drawn = draw_figure(run, kind, FigureOptions(width_mm=180.0), marks=NOTHING)
    assert drawn.figure.get_figheight() * 25.4 < 297
    assert not overlapping(drawn.figure)
    assert_on_the_page(drawn.figure)
    assert "; and 29 more in the table" in drawn.caption
    assert len(named(drawn.figure, "driver-")) == 49


@pytest.mark.parametrize("kind", OF_A_RUN)
def test_text_is_text_and_only_maps_are_images(
    drawn: Callable[[str, float], Drawn], full_run: Run, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "figure.svg"
    save_figure(*drawn(kind, 85.0), out)
    svg = out.read_text(encoding="utf-8")
    assert svg.count("<text") > 5
    pictures = re.findall(r'href="data:image/png;base64,([^"]+)"', svg)
    assert len(pictures) == svg.count("<image") == MAPS[kind]
    for picture in pictures:
        # In its own pixels: the size of the field of view, not of the page.
        image = imread(BytesIO(base64.b64decode(picture)), format="png")
        assert image.shape[:2] == full_run.contribution_map.shape
    assert "<dc:date>" not in svg
    names = re.findall(r' id="([^"]+)"', svg)
    assert len(names) == len(set(names))


def test_a_pdf_keeps_its_text(full_run: Run, tmp_path: Path) -> None:
    out = tmp_path / "figure.pdf"
    write_figure(full_run, out, "contribution", FigureOptions(width_mm=85), marks=NOTHING)
    content = out.read_bytes()
    assert b"/Subtype /Type3" not in content
    assert b"/FontFile2" in content


def test_a_png_has_the_dots_asked_for(full_run: Run, tmp_path: Path) -> None:
    out = tmp_path / "figure.png"
    write_figure(full_run, out, "loss", FigureOptions(width_mm=85), marks=NOTHING, dpi=120)
    assert imread(out).shape[1] == pytest.approx(85 / 25.4 * 120, abs=1)


@pytest.mark.parametrize("pixel_size_um", [2.0, 0.37, None])
def test_the_scale_bar_is_as_long_as_it_says(tmp_path: Path, pixel_size_um: float | None) -> None:
    run = made_full_run(tmp_path, pixel_size_um=pixel_size_um)
    figure = draw_figure(run, "contribution", marks=NOTHING).figure
    figure.draw_without_rendering()
    bars = figure.findobj(lambda one: (one.get_gid() or "").startswith("scale-bar"))
    assert len(bars) == 2
    for bar in bars:
        ends = bar.get_transform().transform(np.column_stack(bar.get_data()))
        box = bar.axes.get_images()[0].get_window_extent()
        pixels = (ends[1, 0] - ends[0, 0]) / box.width * run.contribution_map.shape[1]
        (said,) = [text for text in (one.get_text() for one in bar.axes.texts) if " " in text]
        length, unit = said.split()
        assert unit == ("µm" if pixel_size_um else "px")
        assert pixels * (pixel_size_um or 1.0) == pytest.approx(float(length))
        assert box.width / box.height == pytest.approx(
            run.contribution_map.shape[1] / run.contribution_map.shape[0]
        )


def test_maps_are_those_of_the_run(full_run: Run) -> None:
    figure = draw_figure(full_run, "contribution", marks=NOTHING).figure
    np.testing.assert_array_equal(
        the_map(figure, "contribution").get_array(), full_run.contribution_map
    )
    np.testing.assert_array_equal(the_map(figure, "tissue").get_array(), full_run.results.mean)
    mask = full_run.driver_labels == 1
    figure = draw_figure(full_run, "influence", FigureOptions(driver=1), marks=NOTHING).figure
    for direction in ("outgoing", "incoming"):
        image = the_map(figure, INFLUENCE_MAP[direction])
        np.testing.assert_array_equal(image.get_array(), full_run.influence(mask, direction))
        low, high = image.get_clim()
        assert low == -high
        assert image.get_cmap().name == SIGNED


def test_each_influence_has_limits_and_a_bar_of_its_own(full_run: Run) -> None:
    options = FigureOptions(limits=(-0.5, 0.5), incoming_limits=(-0.02, 0.02))
    drawn = draw_figure(full_run, "influence", options, marks=NOTHING)
    maps = [the_map(drawn.figure, name) for name in INFLUENCE_MAP.values()]
    assert [image.get_clim() for image in maps] == [(-0.5, 0.5), (-0.02, 0.02)]
    minus = "−"
    for limit in ("0.5", "0.02"):
        assert {f"{minus}{limit}", f"+{limit}"} <= set(texts(drawn.figure))
        assert f"colours {minus}{limit} to {limit}" in drawn.caption
    of_pixel, of_place = (
        f"change of the {what}\n(noise of a pixel = 1)" for what in ("pixel", "place")
    )
    assert {of_pixel, of_place} <= set(texts(drawn.figure))


def test_an_influence_lies_over_the_tissue_and_is_told_from_it(full_run: Run) -> None:
    figure = draw_figure(full_run, "influence", marks=NOTHING).figure
    for name in INFLUENCE_MAP.values():
        image, tissue = the_map(figure, name), the_map(figure, f"tissue-{name}")
        np.testing.assert_array_equal(tissue.get_array(), full_run.results.mean)
        assert tissue.axes is image.axes
        assert tissue.get_zorder() <= image.get_zorder()
        colours = see_through(SIGNED)
        brightest = tissue.get_cmap()(1.0)[0]
        seen = laid_over(colours, brightest)
        np.testing.assert_allclose(seen(0.5)[:3], brightest, atol=0.01)
        # Over the brightest cell a third of the limit has its colour, and more is no whiter.
        for value, hue in ((0.33, 2), (0.67, 0)):
            red_or_blue, other = seen(value)[hue], seen(value)[2 - hue]
            assert red_or_blue - other > 0.25


def test_partners_that_chance_makes_too_are_pale(full_run: Run) -> None:
    untested = draw_figure(full_run, "influence", marks=NOTHING)
    assert "Partners in a: none tested" in texts(untested.figure)
    for p_value, words in ((0.01, "Partners in a"), (0.9, "Partners in a: none beyond chance")):
        figure = draw_figure(with_edge_p(full_run, p_value), "influence", marks=NOTHING).figure
        assert words in texts(figure)
        strongest = the_map(figure, INFLUENCE_MAP["outgoing"]).get_cmap()(1.0)
        assert (strongest[3] > 0.9) == (p_value < 0.05)


def test_limits_and_colours_are_those_asked_for(full_run: Run) -> None:
    options = FigureOptions(limits=(0.25, 0.5), colormap="viridis")
    found = draw_figure(full_run, "contribution", options, marks=NOTHING)
    image = the_map(found.figure, "contribution")
    assert image.get_clim() == (0.25, 0.5)
    assert image.get_cmap().name == "viridis"
    assert "shown from 0.25 to 0.5" in found.caption
    assert limits_words(found.figure, "contribution") == "0.25 to 0.5"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (FigureOptions(limits=(1.0, 1.0)), "low, then high"),
        (FigureOptions(limits=(float("nan"), 1.0)), "low, then high"),
        (FigureOptions(colormap="no map"), "no map"),
        (FigureOptions(width_mm=20), "180"),
        (FigureOptions(penalty=-1.0), "penalty"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(
    full_run: Run, options: FigureOptions, named: str
) -> None:
    with pytest.raises(UserError, match=named):
        draw_figure(full_run, "contribution", options, marks=NOTHING)


def test_names_are_written_and_hidden_drivers_are_not_drawn(tmp_path: Path) -> None:
    labels = np.zeros((33, 34), np.int32)
    labels[2:8, 2:8], labels[24:30, 24:30] = 1, 2
    run = made_full_run(tmp_path, labels=labels)
    assert set(named(draw_figure(run, "drivers", marks=NOTHING).figure, "driver-")) == {
        "driver-1",
        "driver-2",
    }
    notes = Annotations().with_place(4.5, 4.5, 1.0, name="Ann").with_place(27, 27, 1.0, hidden=True)
    notes = notes.with_region(5, driver=True, name="by hand")
    drawn = draw_figure(run, "drivers", marks=Marks(notes, painted(run)))
    assert named(drawn.figure, "driver-") == ["driver-1"]
    assert named(drawn.figure, "region-") == ["region-5"]
    assert {"1  Ann", "R5  by hand"} <= set(texts(drawn.figure))
    assert "1 Ann, y " in drawn.caption
    assert "R5 by hand, y " in drawn.caption


def with_edge_p(run: Run, p_value: float) -> Run:
    """Return the run with this p-value of every edge."""
    found = run.results.significance
    tested = replace(found, edge_p=torch.full_like(found.edge_p, p_value))
    return replace(run, results=replace(run.results, significance=tested))


@pytest.mark.parametrize("kind", ["drivers", "overview"])
@pytest.mark.parametrize("p_value", [0.01, 0.9, np.nan])
def test_arrows_go_from_each_driver_to_whom_it_drives_beyond_chance(
    full_run: Run, kind: str, p_value: float
) -> None:
    run, listed = with_edge_p(full_run, p_value), len(full_run.drivers)
    sure = draw_figure(run, kind, marks=NOTHING)
    assert (0 < len(named(sure.figure, "arrow-")) <= listed * arrows_each(listed)) == (
        p_value == 0.01
    )
    assert "where that is beyond chance (p of an edge behind it at most 0.05" in sure.caption
    every = draw_figure(run, kind, FigureOptions(all_arrows=True), marks=NOTHING)
    assert named(every.figure, "arrow-")
    assert "thin and pale where it is not" in every.caption


@pytest.mark.parametrize("kind", ["drivers", "overview"])
@pytest.mark.parametrize(
    ("p_value", "headline", "what"),
    [
        (0.4, "No place drives others more than chance would.", "are not beyond chance"),
        (np.nan, "Nothing could be tested against chance: ", "are not tested"),
    ],
)
def test_candidates_are_thin_and_grey_and_claim_nothing(
    full_run: Run, kind: str, p_value: float, headline: str, what: str
) -> None:
    run = without_drivers(full_run, p_value)
    drawn = draw_figure(run, kind, FigureOptions(all_arrows=True), marks=NOTHING)
    assert len(run.candidates)
    assert len(named(drawn.figure, "candidate-")) == len(run.candidates)
    lines = drawn.figure.findobj(lambda one: (one.get_gid() or "").startswith("candidate-"))
    for line in lines:
        assert line.get_linewidth().max() < 0.8
        assert {to_hex(colour) for colour in line.get_edgecolor()} == {LIGHT_GREY}
    assert not named(drawn.figure, "driver-")
    assert not named(drawn.figure, "arrow-")
    said = texts(drawn.figure)
    assert "No drivers, candidates only" in said
    assert "1" not in said
    assert any(" ".join(text.split()).startswith(headline) for text in said)
    assert headline in drawn.caption
    assert (
        f"candidates ({len(run.candidates)}), which stand out of the contribution map and {what}"
        in (drawn.caption)
    )
    for claim in ("drivers have at most", "Arrows:", "p ="):
        assert claim not in drawn.caption


def test_the_caption_of_the_overview_begins_with_the_verdict(full_run: Run) -> None:
    for run in (full_run, without_drivers(full_run, 0.4)):
        caption = draw_figure(run, "overview", marks=NOTHING).caption
        _, verdict, *_ = caption.split("\n\n")
        assert verdict == " ".join(run.verdict.sentences())


@pytest.mark.parametrize("kind", ["contribution", "drivers"])
def test_a_caption_says_once_whether_there_is_something(full_run: Run, kind: str) -> None:
    for run in (full_run, without_drivers(full_run, 0.4), without_drivers(full_run, np.nan)):
        caption = draw_figure(run, kind, marks=NOTHING).caption
        assert caption.split("\n\n")[1] == run.verdict.headline
        assert caption.count(run.verdict.headline) == 1


def test_the_unit_of_the_map_is_said(full_run: Run) -> None:
    drawn = draw_figure(full_run, "contribution", marks=NOTHING)
    assert "1 being what chance reaches at that place" in drawn.caption
    said = texts(drawn.figure)
    assert {"chance", "contribution"} <= set(said) or "contribution\n(reach of chance = 1)" in said
    results = full_run.results
    run = replace(full_run, results=replace(results, chance=results.chance * np.nan))
    drawn = draw_figure(run, "contribution", marks=NOTHING)
    assert "in arbitrary units, as what chance reaches is not known" in drawn.caption
    assert "contribution\n(arbitrary units)" in texts(drawn.figure)


def test_a_map_of_chance_is_not_stretched_to_the_brightest_colour(full_run: Run) -> None:
    results, peak = full_run.results, float(full_run.contribution_map.max())
    for top, changes in (
        (2.0, {"contribution": results.contribution * np.float32(0.8 / peak)}),
        (peak, {}),
        (2 * peak, {"chance": results.chance * np.nan}),
    ):
        run = replace(full_run, results=replace(results, **changes))
        figure = draw_figure(run, "contribution", marks=NOTHING).figure
        assert the_map(figure, "contribution").get_clim() == (0.0, pytest.approx(top))


def test_a_region_is_found_by_name_and_by_label(full_run: Run) -> None:
    regions = painted(full_run)
    notes = Annotations().with_region(5, name="left patch")
    for region in ("left patch", "5", "R5"):
        place = choose_place(full_run, FigureOptions(region=region), Marks(notes, regions))
        assert place.name == "left patch"
        np.testing.assert_array_equal(place.mask, regions == 5)
    first = choose_place(full_run, FigureOptions(), NOTHING)
    np.testing.assert_array_equal(first.mask, full_run.driver_labels == 1)
    with pytest.raises(UserError, match=r"region 'x'.*2 \(region 2\), 5 \(left patch\)"):
        choose_place(full_run, FigureOptions(region="x"), Marks(notes, regions))
    with pytest.raises(UserError, match="driver 99"):
        choose_place(full_run, FigureOptions(driver=99), NOTHING)
    with pytest.raises(UserError, match="not both"):
        choose_place(full_run, FigureOptions(region="2", driver=1), NOTHING)


def test_marks_are_those_of_the_run_directory(full_run: Run, tmp_path: Path) -> None:
    run = replace(full_run, path=tmp_path)
    write_regions(tmp_path, painted(run), None, {2: RegionNote(name="kept")})
    out = tmp_path / "figure.svg"
    write_figure(run, out, "influence", FigureOptions(region="kept"))
    assert "What kept drives" in out.read_text(encoding="utf-8")


def test_elsewhere_on_the_path_figure_and_caption_say_so(full_run: Run) -> None:
    drawn = draw_figure(full_run, "overview", FigureOptions(penalty=10.0), marks=NOTHING)
    assert "No place drives others more\nthan chance would." in texts(drawn.figure)
    assert f"penalty 10 (chosen for this figure; the run's own is {full_run.penalty:.3g})" in (
        drawn.caption
    )
    assert "0 edges" in drawn.caption
    with pytest.raises(UserError, match="at penalty 10"):
        draw_figure(full_run, "influence", FigureOptions(penalty=10.0), marks=NOTHING)


@pytest.mark.parametrize("kind", OF_A_RUN)
def test_a_caption_states_data_settings_and_versions(
    drawn: Callable[[str, float], Drawn], full_run: Run, kind: str
) -> None:
    caption = drawn(kind, 85.0).caption
    for expected in (
        "movie (600 frames at 15 frames/s, 33 x 34 px, 2 µm a pixel; run run)",
        "seed 11, mode end-to-end, steps 60",
        f"2 lags, penalty {full_run.penalty:.3g}",
        "napari-sparsevar 9.8.7",
    ):
        assert expected in caption, expected
    assert "np." not in caption
    assert "nan" not in caption


def test_captions_carry_the_numbers_of_the_panels(
    drawn: Callable[[str, float], Drawn], full_run: Run
) -> None:
    caption = drawn("overview", 180.0).caption
    first = full_run.drivers.iloc[0]
    assert (
        f"1, y {2 * first['y']:.0f} x {2 * first['x']:.0f}, contribution {first['strength']:.3g}"
        in (caption)
    )
    assert "after step 24" in caption
    last = full_run.losses[full_run.losses["split"] == "validation"].iloc[-1]
    assert f"reconstruction {last['reconstruction']:.4g}" in caption
    assert "smallest error, 0.2; sparsest within 1 SE, 0.2; extended BIC, 0.2" in caption


def test_without_losses_or_held_out_time_the_rest_is_drawn(full_run: Run) -> None:
    short = replace(full_run.results, criterion=full_run.results.criterion.assign(cv_error=np.nan))
    run = replace(full_run, losses=full_run.losses.iloc[:0], results=short)
    said = texts(draw_figure(run, "overview", marks=NOTHING).figure)
    assert {"the run keeps no losses", "too short to hold out time"} <= set(said)


def test_time_and_frames_are_told_apart(tmp_path: Path) -> None:
    known = texts(draw_figure(made_full_run(tmp_path), "drivers", marks=NOTHING).figure)
    unknown = made_full_run(tmp_path, fps=None, pixel_size_um=None)
    said = texts(draw_figure(unknown, "drivers", marks=NOTHING).figure)
    assert "time (s)" in known
    assert "frame" in said
    assert not [text for text in said if "µm" in text or "(s)" in text]


def test_formats_share_a_caption(full_run: Run, tmp_path: Path) -> None:
    drawn = draw_figure(full_run, "loss", marks=NOTHING)
    for ending in ("svg", "pdf"):
        save_figure(drawn.figure, drawn.caption, tmp_path / f"figure.{ending}")
    assert caption_path(tmp_path / "figure.svg").read_text(encoding="utf-8") == drawn.caption
