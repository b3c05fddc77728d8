"""``sparsevar train``: every option reaches the training, every failure is one sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from cli_called import FINISHED, LOSSES, Calls, one_sentence, sparsevar

from made_runs import made_full_run
from napari_sparsevar.analysis.stages import STAGES, Stage
from napari_sparsevar.cli.verdict import verdict_text
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.movie import open_movie
from napari_sparsevar.run.record import MovieIdentity, RunRecord
from napari_sparsevar.run.store import write_record
from napari_sparsevar.training import config
from napari_sparsevar.training.events import (
    Failed,
    Finished,
    Notice,
    Progress,
    ResultsReady,
    Started,
    StepLoss,
    ValidationLoss,
)


def test_train_hands_over_every_option(movie: Path, tmp_path: Path, pretend: Any) -> None:
    calls = pretend(FINISHED)
    options = ["--preset", "fast", "--device", "cpu", "--seed", "7", "--fps", "30"]
    options += ["--pixel-size", "0.8", "--mode", "two-stage", "--lags", "3", "--no-skip"]
    out = tmp_path / "run"
    options += ["--covariates", tmp_path / "a.csv", "--covariates", tmp_path / "b.csv"]
    done = sparsevar("train", movie, "--out", out, *options, "--overwrite")
    assert done.exit_code == 0, done.output
    (call,) = calls
    assert call["covariates"] == [tmp_path / "a.csv", tmp_path / "b.csv"]
    settings = call["config"]
    assert settings.steps == config.PRESETS["fast"]["steps"]
    assert (settings.seed, settings.mode) == (7, "two-stage")
    assert (settings.model.lags, settings.model.skip) == (3, False)
    assert (call["movie"].fps, call["movie"].pixel_size_um) == (30, 0.8)
    assert (call["out"], call["device"], call["until"]) == (out, "cpu", "all")
    assert call["resume"] is False
    assert call["overwrite"] is True


def test_resume_takes_the_settings_it_was_started_with(
    movie: Path, tmp_path: Path, pretend: Any
) -> None:
    settings = config.TrainConfig(seed=7, steps=33, model=ModelConfig(stride=8, lags=2))
    record = RunRecord(
        movie=MovieIdentity.of(open_movie(movie)),
        configuration=settings.model_dump(),
        network=settings.model,
        device="cpu",
    )
    out = tmp_path / "run"
    out.mkdir()
    write_record(out, record)
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", out, "--resume")
    assert done.exit_code == 0, done.output
    assert calls[0]["config"] == settings
    assert calls[0]["resume"] is True


def test_the_channel_is_handed_over_and_remembered_on_resume(tmp_path: Path, pretend: Any) -> None:
    frames = np.random.default_rng(0).integers(0, 4000, (12, 16, 18)).astype(np.uint16)
    movie, out = tmp_path / "two.tif", tmp_path / "run"
    stack = np.stack([frames, frames + 1], 1)
    tifffile.imwrite(movie, stack, imagej=True, metadata={"axes": "TCYX"})
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", out, "--channel", "2")
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(calls[0]["movie"].data, frames + 1)
    record = RunRecord(
        movie=MovieIdentity.of(calls[0]["movie"]),
        configuration=config.TrainConfig().model_dump(),
        network=ModelConfig(),
        device="cpu",
    )
    out.mkdir()
    write_record(out, record)
    done = sparsevar("train", movie, "--out", out, "--resume")
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(calls[1]["movie"].data, frames + 1)


def test_nothing_to_resume_is_one_sentence(movie: Path, tmp_path: Path, pretend: Any) -> None:
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", tmp_path / "run", "--resume")
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert not calls


def test_train_without_options_is_the_standard_preset(
    movie: Path, tmp_path: Path, pretend: Any
) -> None:
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 0
    assert calls[0]["config"] == config.TrainConfig.from_preset("standard")
    assert calls[0]["resume"] is False
    assert calls[0]["overwrite"] is False


def test_train_shows_progress_apart_from_the_result(
    movie: Path, tmp_path: Path, pretend: Any
) -> None:
    pretend(
        Started("cpu", 60, 40, (64, 64), (1, 16, 16)),
        Progress("prepare", 0.5, "Reading the movie"),
        Notice("2 frames were skipped."),
        StepLoss(20, 60, LOSSES, 900.0, 65.0),
        ValidationLoss(20, LOSSES, True),
        FINISHED,
    )
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    result, verdict = done.stdout.split("\n\n")
    for expected in ("run", "60 steps", "12.3 s", "1,234 MB"):
        assert expected in result
    assert verdict == f"{verdict_text(made_full_run(Path('run')).verdict)}\n"
    for expected in ("cpu", "Reading the movie", "2 frames were skipped.", "1.5000"):
        assert expected in done.stderr


def test_what_is_left_out_is_handed_on(movie: Path, tmp_path: Path, pretend: Any) -> None:
    calls = pretend(FINISHED)
    out, mask = tmp_path / "run", tmp_path / "mask.tif"
    trials = tmp_path / "trials.csv"
    trials.write_text("start,stop\n0,30\n30,50\n")
    done = sparsevar(
        *("train", movie, "--out", out, "--bad-frames", "3-5,9", "--mask", mask),
        *("--trials", trials),
    )
    assert done.exit_code == 0, done.output
    assert calls[0]["bad_frames"] == "3-5,9"
    assert calls[0]["trials"] == [(0, 30), (30, 50)]
    assert calls[0]["ignore"] == mask


@pytest.mark.parametrize("until", [None, *STAGES])
def test_train_says_what_can_be_looked_at_already(
    movie: Path, tmp_path: Path, pretend: Any, until: Stage | None
) -> None:
    """The word of a stage says what follows, and the last of those asked for does not."""
    out, stages = tmp_path / "run", STAGES[: STAGES.index(until or "all") + 1]
    calls = pretend(*(ResultsReady(stage, out) for stage in stages), FINISHED)
    asked = ["--until", until] if until else []
    done = sparsevar("train", movie, "--out", out, *asked)
    assert done.exit_code == 0, done.output
    assert calls[0]["until"] == (until or "all")
    lines = [line for line in done.stderr.splitlines() if str(out) in line]
    assert lines[0].startswith(f"The contribution map is in {out}: open it now")
    assert len(lines) == min(len(stages), 3)
    follow = [line.endswith("follows.") for line in lines]
    assert follow == [stage != (until or "all") for stage in stages[:3]]


def test_a_stage_that_there_is_not_is_one_sentence(movie: Path, tmp_path: Path) -> None:
    done = sparsevar("train", movie, "--out", tmp_path / "run", "--until", "edges")
    assert done.exit_code == 2
    assert one_sentence(done.stderr)


def test_an_analysis_cut_short_says_how_it_goes_on(
    movie: Path, tmp_path: Path, pretend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(FINISHED)
    run = made_full_run(tmp_path)
    mapped = replace(run, results=replace(run.results, stage="map"))
    monkeypatch.setattr("napari_sparsevar.run.run.load_run", lambda path: mapped)
    done = sparsevar("train", movie, "--out", tmp_path / "run", "--until", "map")
    assert done.stdout.splitlines()[-1] == (
        "The analysis is done up to the contribution map: 'sparsevar train --resume' goes on with "
        "it."
    )


def test_an_aborted_analysis_says_what_is_kept(
    movie: Path, tmp_path: Path, pretend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    pretend(ResultsReady("map", out), KeyboardInterrupt())
    monkeypatch.setattr(
        "napari_sparsevar.training.analysing.is_cut_short", lambda path: path == out
    )
    done = sparsevar("train", movie, "--out", out)
    assert done.exit_code == 130
    assert done.stderr.splitlines()[-1] == (
        f"Interrupted: {out} opens with what is known so far; 'sparsevar train --resume' goes on."
    )
    done = sparsevar("train", movie, "--out", tmp_path / "not-begun")
    assert done.stderr.splitlines()[-1] == "Interrupted."


def test_a_failure_of_the_user_is_code_2(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(Failed("The run directory run exists already; add --overwrite."))
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == "The run directory run exists already; add --overwrite."


def test_an_unexpected_failure_is_code_1_and_keeps_the_details(
    movie: Path, tmp_path: Path, pretend: Any
) -> None:
    pretend(Failed("The network diverged.", details="Traceback: secret details"))
    out = tmp_path / "run"
    out.mkdir()
    (out / "run.json").write_text("{}")
    done = sparsevar("train", movie, "--out", out)
    assert done.exit_code == 1
    assert "The network diverged" in done.stderr
    assert "secret details" not in done.output
    assert str(out / "error.log") in done.stderr.replace("\n", "")
    assert "secret details" in (out / "error.log").read_text()
    shown = sparsevar("train", movie, "--out", out, "--debug")
    assert shown.exit_code == 1
    assert "secret details" in shown.stderr


def test_a_log_never_blocks_the_next_try(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(Failed("No luck.", details="Traceback: details"))
    out = tmp_path / "run"
    out.mkdir()
    assert sparsevar("train", movie, "--out", out).exit_code == 1
    assert not list(out.iterdir())


def test_nothing_to_keep_is_not_called_a_run(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(Finished("stopped", None, 0, 1.0, 100.0))
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 130
    assert done.stdout == ""
    assert "nothing to keep" in done.stderr


@pytest.mark.parametrize("wrong", [RuntimeError("boom"), OSError("too much")])
def test_an_exception_is_never_a_traceback(
    movie: Path, tmp_path: Path, pretend: Any, wrong: Exception
) -> None:
    pretend(wrong)
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert str(wrong) in done.stderr
    assert "Traceback" not in done.output


def test_too_little_memory_is_code_2(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(MemoryError("13 TiB"))
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert "memory" in done.stderr


def test_a_run_is_no_movie_to_train_on(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    done = sparsevar("train", tmp_path, "--out", tmp_path / "other")
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert "not a movie" in done.stderr


def test_a_reader_that_has_seen_enough_hears_no_complaint(movie: Path) -> None:
    command = [sys.executable, "-m", "napari_sparsevar", "info", str(movie)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, complaint = process.communicate()
    assert complaint == b""


def test_a_user_error_that_is_raised_is_code_2(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(UserError("There is no GPU here; choose --device cpu."))
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == "There is no GPU here; choose --device cpu."


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--lags", "0"),
        ("--lags", "1000"),
        ("--seed", "-1"),
        ("--fps", "-3"),
        ("--seed", "99999999999999999999"),
    ],
)
def test_a_number_out_of_range_is_named(
    movie: Path, tmp_path: Path, pretend: Any, option: str, value: str
) -> None:
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", tmp_path / "run", option, value)
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert option.removeprefix("--") in done.stderr
    assert value in done.stderr
    assert not calls


@pytest.mark.parametrize("value", ["0", "-3", "nan", "1e9"])
def test_an_impossible_cell_size_is_one_sentence(movie: Path, tmp_path: Path, value: str) -> None:
    done = sparsevar("train", movie, "--out", tmp_path / "run", "--cell-size", value)
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert "--cell-size" in done.stderr


def test_the_cell_size_reaches_the_training(
    movie: Path, tmp_path: Path, pretend: Callable[..., Calls]
) -> None:
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", tmp_path / "run", "--cell-size", "13")
    assert done.exit_code == 0, done.output
    assert calls[0]["config"].model.cell_diameter == 13
