"""``sparsevar compare``: windows reach the test, its answer is kept, said and written as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_called import one_sentence, sparsevar

from made_comparisons import GRID, made_folder, made_run, made_set
from napari_sparsevar.cli import comparison_summary
from napari_sparsevar.cli.comparison_summary import QUANTILES, TOP_EDGES, TOP_PLACES
from napari_sparsevar.comparison import compare
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.comparison.store import load_comparisons
from napari_sparsevar.errors import UserError
from napari_sparsevar.run import run as opened

TWO = ["--a", "0:100", "--b", "100:200"]

Steps = Generator[tuple[float, str], None, ComparisonSet]


@pytest.fixture
def run_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(opened, "load_run", made_run)
    return made_folder(tmp_path / "run")


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[dict[str, Any]]]:
    """Put a comparison that only says this in the place of the real one."""

    def install(answer: ComparisonSet | BaseException) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def comparing(run: Any, windows: Any, options: ComparisonOptions) -> Steps:
            calls.append({"windows": windows, "options": options})
            yield 0.25, "Forming the lags"
            if isinstance(answer, BaseException):
                raise answer
            yield 0.75, "Drawing"
            return answer

        def sentence(comparison: Comparison, adjusted: float | None = None) -> str:
            return f"{comparison.a.label} against {comparison.b.label}, adjusted {adjusted}."

        monkeypatch.setattr(compare, "comparing", comparing)
        monkeypatch.setattr(comparison_summary, "sentence", sentence)
        return calls

    return install


def test_every_option_reaches_the_comparison(run_path: Path, tmp_path: Path, pretend: Any) -> None:
    calls = pretend(made_set())
    (tmp_path / "trials.csv").write_text("start,stop,label\n500,520,go\n540,560,go\n")
    windows = ["--a", "0:100", "--b", "200:300,100:150"]
    windows += ["--window", "late = x=300:400", "--window", "刺激=400:450,460:470"]
    settings = ["--draws", "500", "--level", "0.01", "--seed", "7", "--baseline", "A"]
    done = sparsevar("compare", run_path, *windows, "--trials", tmp_path / "trials.csv", *settings)
    assert done.exit_code == 0, done.output
    (call,) = calls
    assert call["options"] == ComparisonOptions(draws=500, level=0.01, seed=7, baseline="A")
    assert {window.label: window.pieces for window in call["windows"]} == {
        "A": ((0, 100),),
        "B": ((100, 150), (200, 300)),
        "late = x": ((300, 400),),
        "刺激": ((400, 450), (460, 470)),
        "go": ((500, 520), (540, 560)),
    }


def test_trials_in_seconds_use_the_frame_rate_of_the_run(
    run_path: Path, tmp_path: Path, pretend: Any
) -> None:
    calls = pretend(made_set())
    trials = tmp_path / "trials.csv"
    trials.write_text("start_s,stop_s,label\n0,2,rest\n2,4,go\n")
    assert sparsevar("compare", run_path, "--trials", trials).exit_code == 0
    assert [window.pieces for window in calls[0]["windows"]] == [((0, 30),), ((30, 60),)]


def test_two_windows_are_said_with_the_numbers_behind_it(run_path: Path, pretend: Any) -> None:
    found = made_set(changed=TOP_EDGES + 2)
    pretend(found)
    done = sparsevar("compare", run_path, *TWO)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("A against B, adjusted None.\n")
    (pair,) = found.pairs
    first = pair.edges.iloc[0]
    for expected in (
        "A-B",
        "0.0625",
        f"{pair.p_value:.3g}",
        f"{TOP_EDGES + 2} of 512",
        "0.09 (0.04 to 0.14)",
        f"y {first['source_y']:.0f} x {first['source_x']:.0f}",
        f"{first['change']:.3g} ({first['low']:.3g} to {first['high']:.3g})",
        "and 2 more",
        str(run_path / "comparisons" / "A-B"),
    ):
        assert expected in done.stdout, expected
    assert "Forming the lags" in done.stderr
    assert "Forming the lags" not in done.stdout
    assert len(load_comparisons(run_path)) == 1


def test_no_changed_edge_is_said(run_path: Path, pretend: Any) -> None:
    pretend(made_set(changed=0))
    done = sparsevar("compare", run_path, *TWO)
    assert "No single edge changed." in done.stdout
    assert "No place changed" in done.stdout


def test_changed_places_are_listed_even_where_no_edge_changed(run_path: Path, pretend: Any) -> None:
    found = made_set(changed=0, changed_places=TOP_PLACES + 3)
    pretend(found)
    done = sparsevar("compare", run_path, *TWO)
    assert done.exit_code == 0, done.output
    (pair,) = found.pairs
    places = pair.dynamics.places
    lines = [line.split() for line in done.stdout.splitlines()]
    for place in places.head(TOP_PLACES).to_dict("records"):
        way = "more" if place["balance"] > 0 else "less"
        position = ["y", f"{place['y']:.0f}", "x", f"{place['x']:.0f}"]
        assert [*position, way, f"{place['balance']:+.2f}", "0.006"] in lines
    assert f"{TOP_PLACES + 3} of {len(places)}" in done.stdout
    assert "drives others in B" in done.stdout
    assert "No single edge changed." in done.stdout
    assert "and 3 more, see the table of places" in done.stdout


def test_places_without_a_position_have_their_number(run_path: Path, pretend: Any) -> None:
    found = made_set(changed_places=1)
    places = found.pairs[0].dynamics.places
    del places["y"], places["x"]
    pretend(found)
    done = sparsevar("compare", run_path, *TWO)
    assert done.exit_code == 0, done.output
    last = done.stdout.split("changed places, largest evidence first\n")[1].splitlines()[1]
    assert last.split()[0] == str(places["place"].iloc[0])


def test_several_windows_have_a_sentence_a_pair_and_a_matrix(run_path: Path, pretend: Any) -> None:
    pretend(replace(made_set(3, changed_places=2), adjusted=(0.0111, 0.222, 0.0333)))
    done = sparsevar("compare", run_path, *TWO, "--window", "C=200:300")
    assert done.exit_code == 0, done.output
    sentences = done.stdout.splitlines()[:3]
    assert [line.split(",")[0] for line in sentences] == [
        "A against B",
        "A against C",
        "B against C",
    ]
    assert "adjusted 0.222" in sentences[1]
    assert done.stdout.count(f" 2 of {GRID.size} ") == 3
    assert "changed places, largest" not in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["A", "0.0111", "0.222"] in rows
    assert ["B", "0.0111", "0.0333"] in rows


def test_json_is_everything_and_nothing_else(run_path: Path, pretend: Any) -> None:
    found = replace(made_set(3, changed_places=2), adjusted=(0.0111, 0.222, 0.0333))
    pretend(found)
    done = sparsevar("compare", run_path, *TWO, "--window", "C=200:300", "--json")
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["name"] == "A-B-C"
    assert told["saved"] == str(run_path / "comparisons" / "A-B-C")
    assert told["settings"] == {"draws": 200, "level": 0.05, "seed": 11, "baseline": None}
    assert told["windows"][1] == {"label": "B", "pieces": [[100, 200]], "frames": 100}
    for pair, said, adjusted in zip(found.pairs, told["pairs"], found.adjusted, strict=True):
        assert (said["a"], said["b"]) == (pair.a.label, pair.b.label)
        assert said["p_adjusted"] == adjusted
        dynamics = said["dynamics"]
        assert dynamics["effect"] == pair.effect._asdict()
        assert (dynamics["p_value"], dynamics["statistic"]) == (pair.p_value, pair.statistic)
        quantiles = np.quantile(pair.null, QUANTILES)
        assert list(dynamics["null"]["quantiles"].values()) == pytest.approx(quantiles)
        changed = pair.dynamics.changed(pair.level)
        assert dynamics["changed_edges"] == len(said["edges"]) == len(changed)
        assert said["edges"] == changed.to_dict("records")
        places = pair.dynamics.changed_places(pair.level)
        assert dynamics["changed_places"] == len(said["places"]) == 2
        assert dynamics["tested_places"] == len(pair.dynamics.places)
        assert said["places"] == places.to_dict("records")
        assert said["anything"]["p_value"] == pair.anything.p_value
        assert said["prediction"]["pixels"] == pair.prediction.pixels.tolist()
        assert said["prediction"]["loss_pixels"]["b_on_a"]["high"] == 0.2


def test_json_has_null_for_what_is_not_a_number(run_path: Path, pretend: Any) -> None:
    found = made_set()
    (pair,) = found.pairs
    table = np.array([[np.nan, 0.1], [0.2, np.inf]])
    pair = replace(pair, prediction=replace(pair.prediction, pixels=table))
    pretend(replace(found, pairs=(pair,)))
    done = sparsevar("compare", run_path, *TWO, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["pairs"][0]["prediction"]["pixels"] == [[None, 0.1], [0.2, None]]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ([], "two windows"),
        (["--a", "0:100"], "two windows"),
        (["--a", "0-100", "--b", "100:200"], "0-100"),
        (["--a", "100:0", "--b", "100:200"], "100:0"),
        ([*TWO, "--window", "0:100"], "--window"),
        ([*TWO, "--window", "=0:100"], "--window"),
        ([*TWO, "--window", "C=1:x"], "1:x"),
        ([*TWO, "--trials", "missing.csv"], "missing.csv"),
        ([*TWO, "--draws", "10"], "10 draws"),
        ([*TWO, "--level", "2"], "level"),
        ([*TWO, "--seed", "-1"], "--seed"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    run_path: Path, pretend: Any, options: list[str], named: str
) -> None:
    calls = pretend(made_set())
    done = sparsevar("compare", run_path, *options)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert one_sentence(done.stderr), done.stderr
    assert named in done.stderr
    assert not calls


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        (UserError("Windows A and B share 3 frames: move one."), 2, "share 3 frames"),
        (KeyboardInterrupt(), 130, "Interrupted."),
        (RuntimeError("boom"), 1, "boom"),
    ],
)
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_comparison_that_ends_early_leaves_nothing(
    run_path: Path, pretend: Any, wrong: BaseException, code: int, said: str, as_json: list[str]
) -> None:
    pretend(wrong)
    done = sparsevar("compare", run_path, *TWO, *as_json)
    assert done.exit_code == code
    assert done.stdout == ""
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert load_comparisons(run_path) == []


def test_a_label_that_is_no_text_is_still_kept(run_path: Path) -> None:
    from napari_sparsevar.cli.compare import windows_of_options

    (window,) = windows_of_options(None, None, ["caf\udce9=0:10"])
    assert window.label.encode() == b"caf?"


def test_a_folder_that_is_no_run_is_one_sentence(tmp_path: Path, pretend: Any) -> None:
    pretend(made_set())
    done = sparsevar("compare", tmp_path, *TWO)
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert "not a run directory" in done.stderr
