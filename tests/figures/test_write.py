"""From a run directory to a figure and its caption on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from made_comparisons import made_folder, made_run, made_set
from napari_sparsevar.comparison.store import save_comparisons
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures import write
from napari_sparsevar.figures.kinds.comparison import (
    choose_comparison,
    comparison_caption,
    comparison_figure,
)
from napari_sparsevar.figures.saving import caption_path, check_figure_path, save_figure
from napari_sparsevar.figures.write import FigureOptions, write_figure


@pytest.fixture
def run_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made_folder(tmp_path / "run")
    monkeypatch.setattr(write, "load_run", made_run)
    return folder


def test_the_caption_states_data_windows_settings_and_numbers(tmp_path: Path) -> None:
    found = made_set(changed_places=6)
    (pair,) = found.pairs
    places = pair.dynamics.changed_places()
    more = int((places["balance"] > 0).sum())
    text = comparison_caption(made_run(tmp_path), found, pair, {"napari-sparsevar": "9.8.7"})
    for expected in (
        "made up.tif",
        "600 frames at 15 frames/s",
        "2 µm a pixel",
        "A (0:100), 100 frames; B (100:200), 100 frames",
        f"p = {pair.p_value:.3g}",
        "p = 0.0625, most in the variance",
        "200 draws, level 0.05, seed 11",
        "4 of 512 edges changed",
        f"6 of {len(pair.dynamics.places)}: {more} drive others more in B (red), {6 - more} less",
        "0.09 (95 % interval 0.04 to 0.14)",
        "napari-sparsevar 9.8.7",
        found.created,
    ):
        assert expected in text, expected
    assert "Holm" not in text
    assert "np.float" not in text


def test_the_caption_of_several_windows_lists_every_pair(tmp_path: Path) -> None:
    found = replace(made_set(3), adjusted=(0.011, 0.22, 0.033))
    text = comparison_caption(made_run(tmp_path), found, found.pairs[1], {})
    assert "A-B 0.011; A-C 0.22; B-C 0.033" in text
    assert "adjusted for 3 pairs p = 0.22" in text


def test_the_latest_comparison_and_its_clearest_pair_are_drawn(
    run_path: Path, tmp_path: Path
) -> None:
    for count in (2, 3):
        save_comparisons(run_path, made_set(count))
    assert choose_comparison(run_path, None).name == "A-B-C"
    assert choose_comparison(run_path, "A-B").name == "A-B"
    out = tmp_path / "figure.svg"
    write_figure(run_path, out, "comparison", FigureOptions(pair="C-A"))
    assert "A (0:100), 100 frames" in caption_path(out).read_text(encoding="utf-8")
    assert "(A, C)" in out.read_text(encoding="utf-8")
    assert "comparison A-B-C" in caption_path(out).read_text(encoding="utf-8")


def test_what_is_not_there_is_named(run_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "figure.svg"
    with pytest.raises(UserError, match="sparsevar compare"):
        write_figure(run_path, out, "comparison")
    save_comparisons(run_path, made_set())
    with pytest.raises(UserError, match=r"no comparison 'X'.*A-B"):
        write_figure(run_path, out, "comparison", FigureOptions(comparison="X"))
    with pytest.raises(UserError, match=r"no pair 'A-X'.*A-B"):
        write_figure(run_path, out, "comparison", FigureOptions(pair="A-X"))
    assert not out.exists()


def test_a_damaged_comparison_is_told_and_the_others_can_be_drawn(
    run_path: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        save_comparisons(run_path, made_set())
    (run_path / "comparisons" / "A-B-2" / "comparison.json").write_text("{}")
    told: list[str] = []
    write_figure(run_path, tmp_path / "figure.svg", "comparison", tell=told.append)
    assert len(told) == 1
    assert "A-B-2" in told[0]


@pytest.mark.parametrize("name", ["figure.tiff", "figure", "figure.svg.txt", ".svg"])
def test_an_unknown_format_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"\.svg, \.pdf, \.png") as error:
        check_figure_path(tmp_path / name)
    assert str(error.value).count(".\n") == 0


@pytest.mark.parametrize("there", ["figure.svg", "figure.caption.txt"])
def test_nothing_is_replaced_unasked(run_path: Path, tmp_path: Path, there: str) -> None:
    save_comparisons(run_path, made_set())
    (tmp_path / there).write_text("mine")
    out = tmp_path / "figure.svg"
    with pytest.raises(UserError, match=r"choose another name\.$"):
        write_figure(run_path, out, "comparison")
    assert (tmp_path / there).read_text() == "mine"
    assert out.exists() == (there == "figure.svg")
    write_figure(run_path, out, "comparison", overwrite=True)
    assert (tmp_path / there).read_text() != "mine"


def test_formats_of_one_figure_share_its_caption(run_path: Path, tmp_path: Path) -> None:
    save_comparisons(run_path, made_set())
    for name in ("figure.svg", "figure.pdf"):
        write_figure(run_path, tmp_path / name, "comparison")
    save_comparisons(run_path, made_set(changed=0))
    with pytest.raises(UserError, match="caption of another figure"):
        write_figure(run_path, tmp_path / "figure.png", "comparison")
    assert not (tmp_path / "figure.png").exists()


def test_a_figure_that_fails_leaves_the_old_one_and_its_caption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "figure.svg"
    figure = comparison_figure(made_run(tmp_path), made_set())
    save_figure(figure, "old", out)
    before = out.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(KeyboardInterrupt):
        save_figure(figure, "new", out, overwrite=True)
    assert out.read_bytes() == before
    assert caption_path(out).read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    figure = comparison_figure(made_run(tmp_path), made_set())
    with pytest.raises(UserError, match="does not exist"):
        save_figure(figure, "", tmp_path / "missing" / "figure.svg")
