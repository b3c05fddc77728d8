"""Training as a stream of events: complete, repeatable, stoppable, resumable, honest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

import napari_sparsevar as sv
from napari_sparsevar.training import trainer as trainer_module
from napari_sparsevar.training.events import (
    CheckpointSaved,
    Continued,
    Failed,
    Finished,
    Notice,
    Paused,
    Started,
    StepLoss,
    TrainingEvent,
    ValidationLoss,
)

FILES = (
    "run.json",
    "model.safetensors",
    "events.jsonl",
    "loss.csv",
    "contribution.tif",
    "drivers.tif",
    "drivers.csv",
    "edges.csv",
)


def events_of(kind: type, events: list[TrainingEvent]) -> list[TrainingEvent]:
    return [event for event in events if isinstance(event, kind)]


def begun(
    movie: sv.Movie, config: sv.TrainConfig, out: Path, **options: Any
) -> Iterator[TrainingEvent]:
    """Begin a training that ends with the first map: what comes after it is no matter there."""
    return sv.train(movie, config, out=out, until="map", **options)


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model.safetensors")


def assert_same_result(one: Path, other: Path) -> None:
    for name, value in weights(one).items():
        torch.testing.assert_close(value, weights(other)[name], msg=name)
    first, second = sv.load_run(one), sv.load_run(other)
    np.testing.assert_allclose(first.contribution_map, second.contribution_map, atol=1e-5)
    pd.testing.assert_frame_equal(first.losses, second.losses, check_exact=False, rtol=1e-5)


@pytest.fixture(scope="module")
def finished(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[TrainingEvent]]:
    out = tmp_path_factory.mktemp("finished") / "run"
    return out, list(sv.train(small_movie, small_config, out=out))


def test_a_training_tells_its_story_in_order(finished: tuple[Path, list[TrainingEvent]]) -> None:
    out, events = finished
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.reason, last.path, last.steps) == ("completed", out, 8)
    (started,) = events_of(Started, events)
    assert started.latent_shape == (1, 8, 10)  # type: ignore[attr-defined]
    losses = [event for event in events if isinstance(event, StepLoss)]
    assert [loss.step for loss in losses] == list(range(1, 9))
    assert all(np.isfinite(list(loss.terms.values())).all() for loss in losses)
    assert all(loss.eta_seconds >= 0 and loss.frames_per_second > 0 for loss in losses)
    validated = [event.step for event in events if isinstance(event, ValidationLoss)]
    assert validated == [0, 2, 4, 6, 8]
    assert events_of(CheckpointSaved, events)


def test_every_named_file_is_there(finished: tuple[Path, list[TrainingEvent]]) -> None:
    out, events = finished
    assert set(FILES) <= {path.name for path in out.iterdir()}
    record = json.loads((out / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["metrics"]["steps"] == 8
    assert not (out / "checkpoint.safetensors").exists()
    lines = (out / "events.jsonl").read_text().splitlines()
    written = [json.loads(line)["event"] for line in lines]
    assert written.count("StepLoss") == len(events_of(StepLoss, events))


def test_the_loss_falls(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    config = small_config.model_copy(update={"steps": 30, "learning_rate": 5e-3})
    events = list(begun(small_movie, config, tmp_path / "run"))
    validated = [event for event in events if isinstance(event, ValidationLoss)]
    best = min(event.terms["total"] for event in validated)
    assert best < validated[0].terms["total"]


def test_same_seed_same_result(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    finished: tuple[Path, list[TrainingEvent]],
    tmp_path: Path,
) -> None:
    list(sv.train(small_movie, small_config, out=tmp_path / "again"))
    assert_same_result(finished[0], tmp_path / "again")


def test_another_seed_another_result(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    finished: tuple[Path, list[TrainingEvent]],
    tmp_path: Path,
) -> None:
    config = small_config.model_copy(update={"seed": 1})
    list(begun(small_movie, config, tmp_path / "other"))
    ours, theirs = weights(finished[0]), weights(tmp_path / "other")
    assert not torch.equal(ours["encoder.first.weight"], theirs["encoder.first.weight"])


@pytest.mark.parametrize("break_after", [2, 5])
def test_resume_after_a_kill_gives_the_same_result(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    finished: tuple[Path, list[TrainingEvent]],
    tmp_path: Path,
    break_after: int,
) -> None:
    out = tmp_path / "run"
    stream = sv.train(small_movie, small_config, out=out)
    for event in stream:
        if isinstance(event, StepLoss) and event.step == break_after + 1:
            stream.close()  # type: ignore[attr-defined]
            break
    with pytest.raises(sv.UserError, match="resume"):
        sv.load_run(out)
    events = list(sv.train(small_movie, small_config, out=out, resume=True))
    (started,) = events_of(Started, events)
    assert started.resumed_from_step == break_after // 2 * 2  # type: ignore[attr-defined]
    assert_same_result(finished[0], out)


def test_stop_takes_effect_within_one_step_and_keeps_the_best(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    control = sv.TrainingControl()
    seen: list[TrainingEvent] = []
    for event in begun(small_movie, small_config, tmp_path / "run", control=control):
        seen.append(event)
        if isinstance(event, StepLoss) and event.step == 5:
            control.stop()
    assert len(events_of(StepLoss, seen)) == 5
    assert isinstance(seen[-1], Finished)
    assert seen[-1].reason == "stopped"
    run = sv.load_run(tmp_path / "run")
    validated = [event for event in seen if isinstance(event, ValidationLoss)]
    best = min(validated, key=lambda event: event.terms["total"])
    assert run.record.metrics["best_step"] == best.step


def test_a_stopped_training_can_be_continued_to_the_same_result(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    finished: tuple[Path, list[TrainingEvent]],
    tmp_path: Path,
) -> None:
    control, out = sv.TrainingControl(), tmp_path / "run"
    for event in sv.train(small_movie, small_config, out=out, control=control):
        if isinstance(event, StepLoss) and event.step == 3:
            control.stop()
    list(sv.train(small_movie, small_config, out=out, resume=True))
    assert_same_result(finished[0], out)


def test_stop_before_the_first_step_leaves_no_result(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    control = sv.TrainingControl()
    control.stop()
    *_, last = sv.train(small_movie, small_config, out=tmp_path / "run", control=control)
    assert isinstance(last, Finished)
    assert last.path is None


def test_pause_waits_and_goes_on(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    control = sv.TrainingControl()
    stream: Iterator[TrainingEvent] = iter(
        begun(small_movie, small_config, tmp_path / "run", control=control)
    )
    story: list[str] = []
    for event in stream:
        if isinstance(event, StepLoss | Paused | Continued):
            story.append(type(event).__name__)
        if isinstance(event, StepLoss) and event.step == 3:
            control.pause()
        if isinstance(event, Paused):
            next(stream)
            control.resume()
    assert story == ["StepLoss"] * 3 + ["Paused", "Continued"] + ["StepLoss"] * 5


def test_early_stopping(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    config = small_config.model_copy(
        update={"steps": 200, "patience": 2, "learning_rate": 0.5, "validate_every": 1}
    )
    *_, last = begun(small_movie, config, tmp_path / "run")
    assert isinstance(last, Finished)
    assert last.reason == "early-stopping"
    assert last.steps < 200


def test_two_stage_shares_the_start_but_not_the_prediction_gradient(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    finished: tuple[Path, list[TrainingEvent]],
    tmp_path: Path,
) -> None:
    config = small_config.model_copy(update={"mode": "two-stage"})
    list(begun(small_movie, config, tmp_path / "run"))
    ours, theirs = sv.load_run(finished[0]).losses, sv.load_run(tmp_path / "run").losses
    column = "reconstruction"
    training = (ours["split"] == "training").to_numpy()
    warm, late = ours["step"] <= 2, ours["step"] >= 6
    np.testing.assert_allclose(ours[column][training & warm], theirs[column][training & warm])
    assert not np.allclose(ours[column][training & late], theirs[column][training & late])


def test_existing_results_are_never_lost(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    finished: tuple[Path, list[TrainingEvent]],
    tmp_path: Path,
) -> None:
    out = tmp_path / "run"
    list(begun(small_movie, small_config, out))
    before = (out / "run.json").read_bytes()
    (failure,) = begun(small_movie, small_config, out)
    assert isinstance(failure, Failed)
    assert "exists already" in failure.message
    assert failure.details == ""
    other = small_config.model_copy(update={"seed": 9})
    stream = begun(small_movie, other, out, overwrite=True)
    for event in stream:
        if isinstance(event, StepLoss):
            break  # killed while the new run is being made
    stream.close()  # type: ignore[attr-defined]
    assert (out / "run.json").read_bytes() == before
    list(begun(small_movie, other, out, overwrite=True))
    assert sv.load_run(out).record.configuration["seed"] == 9
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_is_no_run_is_not_overwritten(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    (failure,) = sv.train(small_movie, small_config, out=tmp_path, overwrite=True)
    assert isinstance(failure, Failed)
    assert (tmp_path / "thesis.tex").exists()


def test_resume_refuses_other_settings(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    stream = sv.train(small_movie, small_config, out=out)
    for event in stream:
        if isinstance(event, CheckpointSaved):
            break
    stream.close()  # type: ignore[attr-defined]
    other = small_config.model_copy(update={"seed": 9})
    *_, last = sv.train(small_movie, other, out=out, resume=True)
    assert isinstance(last, Failed)
    assert "settings differ" in last.message


def test_resume_knows_runs_from_before_there_was_a_setting(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    list(sv.train(small_movie, small_config, out=out, until="map"))
    text = json.loads((out / "run.json").read_text())
    del text["configuration"]["find_cells"]
    (out / "run.json").write_text(json.dumps(text))
    *_, last = sv.train(small_movie, small_config, out=out, resume=True, until="drivers")
    assert isinstance(last, Finished), last


def test_nothing_to_resume(
    small_movie: sv.Movie, small_config: sv.TrainConfig, finished: tuple[Path, list[TrainingEvent]]
) -> None:
    for folder in (finished[0], finished[0].parent / "nowhere"):
        (failure,) = sv.train(small_movie, small_config, out=folder, resume=True)
        assert isinstance(failure, Failed)
        assert "resume" in failure.message


def test_out_of_memory_halves_the_batch_and_says_so(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = trainer_module.batch_loss

    def limited(network, batch, *args, **kwargs):  # type: ignore[no-untyped-def]
        if torch.is_grad_enabled() and batch.frames.shape[0] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(network, batch, *args, **kwargs)

    monkeypatch.setattr(trainer_module, "batch_loss", limited)
    events = list(begun(small_movie, small_config, tmp_path / "run"))
    said = [event.message for event in events if isinstance(event, Notice)]
    assert any("going on with 2 instead of 4" in message for message in said)
    assert isinstance(events[-1], Finished)


def test_hopeless_memory_is_one_clear_failure(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hopeless(*args: object, **kwargs: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(trainer_module.Trainer, "train_step", hopeless)
    events = list(sv.train(small_movie, small_config, out=tmp_path / "run"))
    assert [type(event) for event in events].count(Failed) == 1
    assert isinstance(events[-1], Failed)
    assert "memory" in events[-1].message
    assert events[-1].details == ""


def test_an_unexpected_error_is_a_failure_with_its_traceback(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(trainer_module.Trainer, "train_step", broken)
    *_, last = sv.train(small_movie, small_config, out=tmp_path / "run")
    assert isinstance(last, Failed)
    assert "a bug" in last.message
    assert "Traceback" in last.details


def failure_of(movie: sv.Movie, config: sv.TrainConfig, out: Path, **options: object) -> str:
    *_, last = sv.train(movie, config, out=out, **options)  # type: ignore[arg-type]
    assert isinstance(last, Failed)
    assert last.details == ""
    assert last.message.count("\n") == 0
    return last.message


def with_frames(frames: np.ndarray) -> sv.Movie:
    return sv.Movie(da.from_array(frames, chunks=(64, -1, -1)), fps=15.0, name="test")


def test_too_few_frames(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    short = replace(small_movie, data=small_movie.data[:2])
    assert "too few" in failure_of(short, small_config, tmp_path / "run")


def test_constant_movie(small_config: sv.TrainConfig, tmp_path: Path) -> None:
    movie = with_frames(np.full((100, 32, 32), 7, np.uint16))
    assert failure_of(movie, small_config, tmp_path / "run")


def test_tiny_field(small_config: sv.TrainConfig, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    movie = with_frames(rng.integers(0, 99, (100, 8, 8)).astype(np.uint16))
    assert "pixels" in failure_of(movie, small_config, tmp_path / "run")


def test_unknown_device(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    for name in ("cuda:99", "toaster"):
        assert name in failure_of(small_movie, small_config, tmp_path / "run", device=name)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_every_dtype_trains(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path, dtype: str
) -> None:
    frames = np.asarray(small_movie.data[:120]).astype(float)
    scaled = (frames / frames.max() * 250).astype(dtype)
    config = small_config.model_copy(update={"steps": 2})
    *_, last = begun(with_frames(scaled), config, tmp_path / "run")
    assert isinstance(last, Finished)


def test_bad_frames_are_skipped_and_reported(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    frames = np.asarray(small_movie.data).astype(np.float32)
    frames[50, 3] = np.nan
    frames[51] = np.inf
    events = list(begun(with_frames(frames), small_config, tmp_path / "run"))
    assert isinstance(events[-1], Finished)
    said = " ".join(event.message for event in events if isinstance(event, Notice))
    assert "2 of 240 frames" in said
    run = sv.load_run(tmp_path / "run")
    assert run.record.metrics["bad_frames"] == 2
    assert np.isfinite(run.contribution_map).all()
    assert not run.results.good[[50, 51]].any()


def test_a_full_disk_is_one_sentence(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        # As the writer of the weights says it on a disk that is full.
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("napari_sparsevar.disk.contents.save_file", full)
    message = failure_of(small_movie, small_config, tmp_path / "run")
    assert "disk is full" in message


def test_no_write_permission_is_one_sentence(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def denied(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    assert "permission" in failure_of(small_movie, small_config, tmp_path / "run")


def test_a_pause_is_kept_with_the_run_and_changes_the_fit(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    half = small_movie.n_frames // 2
    for name, jumps in (("whole", ()), ("paused", (half,))):
        movie = replace(small_movie, jumps=jumps)
        assert isinstance(list(begun(movie, small_config, tmp_path / name))[-1], Finished)
    paused, whole = (sv.load_run(tmp_path / name) for name in ("paused", "whole"))
    assert tuple(paused.results.activity.starts) == (half,)
    assert tuple(whole.results.activity.starts) == ()
    lags = paused.record.network.lags
    assert paused.results.fitted.statistics.n == whole.results.fitted.statistics.n - lags
