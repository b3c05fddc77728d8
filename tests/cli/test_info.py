"""``sparsevar info`` of movies and runs, and how a summary is written."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from cli_called import one_sentence, sparsevar

from made_runs import made_full_run
from napari_sparsevar.cli import info
from napari_sparsevar.cli.info import TOP_DRIVERS
from napari_sparsevar.cli.verdict import verdict_text
from napari_sparsevar.movie import simulate_movie
from napari_sparsevar.run.record import MovieIdentity


def test_info_of_a_movie_in_words_and_as_json(movie: Path) -> None:
    words = sparsevar("info", movie)
    assert words.exit_code == 0
    for expected in ("40", "uint16", "15"):
        assert expected in words.stdout
    summary = json.loads(sparsevar("info", movie, "--json").stdout)
    assert (summary["frames"], summary["height_px"], summary["width_px"]) == (40, 64, 64)
    assert summary["frames_per_second"] == pytest.approx(15.0)
    assert summary["pixel_size_um"] == pytest.approx(2.0)
    assert summary["bad_frames"] == 0
    assert summary["minimum"] < summary["maximum"]


def test_info_says_which_frames_and_pixels_do_not_count(tmp_path: Path) -> None:
    frames = np.asarray(simulate_movie(200, seed=1)[0].data).copy()
    frames[10::30, 20:44] += 3000
    frames[:, :4] = 0
    tifffile.imwrite(tmp_path / "movie.tif", frames)
    asked = ["info", tmp_path / "movie.tif", "--json"]
    summary = json.loads(sparsevar(*asked).stdout)
    assert (summary["bad_frames"], summary["ignored_pixels"]) == (7, 4 * 64)
    assert any("suddenly brighter" in note for note in summary["notes"])
    summary = json.loads(sparsevar(*asked, "--bad-frames", "0-9").stdout)
    assert summary["bad_frames"] == 17
    done = sparsevar(*asked, "--bad-frames", "190-200")
    assert done.exit_code == 2
    assert one_sentence(done.stderr)


def test_info_of_the_real_movie_reports_its_saturation(real_movie: Path) -> None:
    summary = json.loads(sparsevar("info", real_movie, "--json").stdout)
    assert summary["frames"] == 1000
    assert 50_000 < summary["saturation_level"] < 60_000
    assert summary["saturated_fraction"] > 0


def test_channels_that_take_turns_are_remarked_and_taken_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = rng.poisson(20, (240, 16, 16)).astype(np.uint16)
    frames[1::2] = rng.poisson(300, (120, 16, 16))
    tifffile.imwrite(tmp_path / "both.tif", frames, metadata=None)
    assert "--channels 2" in sparsevar("info", tmp_path / "both.tif").stdout
    red = sparsevar("info", tmp_path / "both.tif", "--channels", 2, "--channel", 2, "--json")
    summary = json.loads(red.stdout)
    assert (summary["frames"], summary["channel"]) == (120, "2 of 2")
    assert not any("take turns" in note for note in summary["notes"])


def test_a_folder_of_two_recordings_is_asked_about(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).poisson(50, (30, 16, 16)).astype(np.uint16)
    for number, name in enumerate(("baseline_1", "baseline_2", "drug_1", "drug_2", "drug_3")):
        tifffile.imwrite(tmp_path / f"{name}.tif", frames + np.uint16(number))
    asked = sparsevar("info", tmp_path)
    assert asked.exit_code == 2
    assert one_sentence(asked.stderr)
    assert "(baseline, drug)" in " ".join(asked.stderr.split())
    summary = json.loads(sparsevar("info", tmp_path, "--dataset", "drug", "--json").stdout)
    assert (summary["frames"], summary["dataset"]) == (90, "drug")


@pytest.mark.parametrize("content", ["{}", "null", "[" * 100_000, '{"a": ' + "9" * 9999 + "}"])
def test_info_of_a_folder_that_is_no_run(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    done = sparsevar("info", tmp_path)
    assert done.exit_code == 2
    assert one_sentence(done.stderr)


def test_a_summary_is_aligned_and_says_what_is_not_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    info.print_values({"fps": None, "pixel_size": 0.5, "network": {"lags": 1}, "notes": []})
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "fps         not known",
        "pixel size  0.5",
        "network",
        "  lags  1",
        "notes       none",
    ]


def test_a_table_has_one_line_a_row() -> None:
    table = info.as_table([{"rank": 1, "strength": 0.5}, {"rank": 2, "strength": None}])
    assert table.splitlines() == ["rank   strength", "   1        0.5", "   2  not known"]
    assert info.as_table([]) == "none"


def test_info_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    from napari_sparsevar.run import run as opened

    identity = MovieIdentity.of(simulate_movie(20, (64, 64))[0])
    record = {"metrics": {"validation": 0.5}, "device": "cpu"}
    run = SimpleNamespace(
        record=SimpleNamespace(model_dump_json=lambda: json.dumps(record), movie=identity),
        drivers=pd.DataFrame({"rank": range(1, 21), "stability": [np.nan] * 20}),
        edges=pd.DataFrame({"source": [1, 2]}),
        verdict=made_full_run(tmp_path).verdict,
        results=made_full_run(tmp_path).results,
    )
    monkeypatch.setattr(opened, "load_run", lambda path: run)
    (tmp_path / "run.json").write_text("{}")
    summary = json.loads(sparsevar("info", tmp_path, "--json").stdout)
    assert summary["metrics"] == {"validation": 0.5}
    assert summary["edges"] == 2
    assert summary["movie_file"] is None
    assert "trained from memory" in summary["movie_notice"]
    assert [row["rank"] for row in summary["drivers"]] == list(range(1, TOP_DRIVERS + 1))
    assert summary["drivers"][0]["stability"] is None
    assert summary["verdict"] == json.loads(json.dumps(run.verdict.as_json()))
    assert next(iter(summary)) == "verdict"
    words = sparsevar("info", tmp_path).stdout
    assert words.startswith(f"{verdict_text(run.verdict)}\n\nrun ")
    assert "drivers, the surest first" in words
    assert "cpu" in words


def test_info_of_a_channel(tmp_path: Path) -> None:
    import tifffile

    frames = np.random.default_rng(0).integers(0, 4000, (40, 32, 32)).astype(np.uint16)
    path = tmp_path / "two.tif"
    metadata = {"axes": "TCYX"}
    tifffile.imwrite(path, np.stack([frames, frames // 2], 1), imagej=True, metadata=metadata)
    found = json.loads(sparsevar("info", path, "--channel", "2", "--json").stdout)
    assert (found["channel"], found["maximum"]) == ("2 of 2", frames.max() // 2)
    unasked = json.loads(sparsevar("info", path, "--json").stdout)
    assert any("--channel" in note for note in unasked["notes"])
    wrong = sparsevar("info", path, "--channel", "3")
    assert wrong.exit_code == 2
    assert one_sentence(wrong.stderr)


def test_info_of_bare_pixels_asks_for_their_shape(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    np.random.default_rng(0).integers(0, 4000, (40, 32, 24)).astype(np.int16).tofile(path)
    refused = sparsevar("info", path)
    assert refused.exit_code == 2
    assert "--shape H W" in refused.stderr
    found = json.loads(sparsevar("info", path, "--shape", "32", "24", "--json").stdout)
    assert (found["frames"], found["height_px"], found["width_px"]) == (40, 32, 24)
