"""Killed at any moment, there is the old result or the new one, never half of one."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.analysis.stages import STAGES, Stage, is_known
from napari_sparsevar.disk import folder as folders
from napari_sparsevar.disk.files import LEFTOVERS
from napari_sparsevar.run.annotations import Annotations, read_annotations, write_places
from napari_sparsevar.run.run import read_record
from napari_sparsevar.run.store import is_run_directory
from napari_sparsevar.training.events import Failed, Finished, StepLoss, TrainingEvent

RESULTS = ("run.json", "model.safetensors", "analysis.safetensors", "drivers.csv", "edges.csv")
RESULTS += ("latents.npy", "contribution.tif", "drivers.tif", "path.csv", "loss.csv")
NOTES = Annotations().with_place(3.0, 4.0, 1.0, name="mine")


def last(movie: sv.Movie, config: sv.TrainConfig, out: Path, **options: Any) -> TrainingEvent:
    *_, event = sv.train(movie, config, out=out, device="cpu", **options)
    return event


def contents(run: Path, names: tuple[str, ...] = RESULTS) -> list[str]:
    return [hashlib.sha256((run / name).read_bytes()).hexdigest() for name in names]


def keeping(change: Callable[..., Any], folder: Path, kept: Path) -> Callable[..., Any]:
    def changed(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.is_relative_to(folder):
            shutil.copytree(folder, kept / f"{len(list(kept.iterdir())):04d}")
        return change(path, *arguments, **options)

    return changed


@contextlib.contextmanager
def moments(folder: Path, kept: Path) -> Iterator[None]:
    """Keep the folder as it is before each time something in it is moved or removed.

    That is what a process leaves that is killed then: the system keeps what was written.
    """
    kept.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        for name in ("replace", "rename", "unlink"):
            patched.setattr(Path, name, keeping(getattr(Path, name), folder, kept))
        yield


def changed(kept: Path) -> list[Path]:
    """Moments at which the run was another than at the one before, for whoever opens it."""

    def seen(moment: Path) -> dict[str, bytes]:
        run = moment / "run"
        here = run if run.exists() else moment
        files = (file for file in here.rglob("*") if file.is_file() and not file.match(LEFTOVERS))
        return {str(file.relative_to(moment)): file.read_bytes() for file in files}

    return [next(alike) for _, alike in groupby(sorted(kept.iterdir()), seen)]


def short(config: sv.TrainConfig, **changes: Any) -> sv.TrainConfig:
    return config.model_copy(update={"steps": 4, "checkpoint_every": 2, **changes})


@pytest.fixture(scope="module")
def stopped(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run stopped after two steps, with a note; for copies."""
    out, control = tmp_path_factory.mktemp("stopped") / "run", sv.TrainingControl()
    for event in sv.train(small_movie, short(small_config), out=out, device="cpu", control=control):
        if isinstance(event, StepLoss) and event.step == 2:
            control.stop()
    write_places(out, NOTES.places)
    return out


@pytest.fixture(scope="module")
def whole(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> sv.Run:
    """A run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    assert isinstance(last(small_movie, short(small_config), out), Finished)
    return sv.load_run(out)


def test_at_every_moment_of_a_first_training(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    out, kept = tmp_path / "here" / "run", tmp_path / "kept"
    out.parent.mkdir()
    with moments(out.parent, kept):
        assert isinstance(last(small_movie, short(small_config), out), Finished)
    found, whole = changed(kept), sv.load_run(out)
    assert len(found) > 15
    for moment in found:
        run = moment / "run"
        if is_run_directory(run) and read_record(run).status == "finished":
            assert_as_far_as_it_is(sv.load_run(run), whole)
        elif is_run_directory(run):
            with pytest.raises(sv.UserError, match="not finished"):
                sv.load_run(run)
    # Before the first file is there, the place is as good as free.
    assert not is_run_directory(found[0] / "run")
    assert isinstance(last(small_movie, short(small_config), found[0] / "run"), Finished)


def assert_as_far_as_it_is(run: sv.Run, whole: sv.Run) -> None:
    """What a run knows is what the complete one knows of it."""
    torch.testing.assert_close(run.results.fitted.coefficients, whole.results.fitted.coefficients)
    if is_known("drivers", run.stage):
        np.testing.assert_array_equal(run.contribution_map, whole.contribution_map)
        torch.testing.assert_close(
            run.results.significance.place_p, whole.results.significance.place_p, equal_nan=True
        )
    if is_known("stability", run.stage):
        pd.testing.assert_frame_equal(run.candidates, whole.candidates)
        pd.testing.assert_frame_equal(run.edges, whole.edges)


@pytest.mark.parametrize("stage", STAGES[:-1])
def test_an_analysis_cut_short_opens_and_goes_on_to_the_same(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    whole: sv.Run,
    tmp_path: Path,
    stage: Stage,
) -> None:
    cut = tmp_path / "cut"
    end = last(small_movie, short(small_config), cut, until=stage)
    assert isinstance(end, Finished)
    assert end.stage == sv.load_run(cut).stage == stage
    assert_as_far_as_it_is(sv.load_run(cut), whole)
    end = last(small_movie, short(small_config), cut, resume=True)
    assert isinstance(end, Finished)
    assert end.stage == "all"
    same = ("drivers.csv", "candidates.csv", "edges.csv", "path.csv")
    assert contents(cut, same) == contents(whole.path, same)
    assert_as_far_as_it_is(sv.load_run(cut), whole)


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("how", ["overwrite", "resume"])
def test_at_every_moment_of_replacing_a_run(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    stopped: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    exchanges: bool,
) -> None:
    if not exchanges:
        monkeypatch.setattr(folders, "exchange", lambda *_: False)
    out, kept = tmp_path / "here" / "run", tmp_path / "kept"
    shutil.copytree(stopped, out)
    before = contents(out)
    with moments(out.parent, kept):
        assert isinstance(last(small_movie, short(small_config), out, **{how: True}), Finished)
    assert read_record(out).metrics["steps"] == 4
    whole, steps = sv.load_run(out), []
    for moment in changed(kept):
        run = sv.load_run(moment / "run")  # also between the two renames
        steps.append(run.record.metrics["steps"])
        if steps[-1] == 2:
            assert contents(run.path) == before
        else:
            assert_as_far_as_it_is(run, whole)
        if how == "resume":
            assert read_annotations(run.path) == NOTES
    assert steps == sorted(steps)
    assert set(steps) == {2, 4}
    if how == "resume":
        assert read_annotations(out) == NOTES
    assert [path.name for path in out.parent.iterdir()] == ["run"]


def test_a_continued_run_that_is_killed_is_continued(
    small_movie: sv.Movie, small_config: sv.TrainConfig, stopped: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(stopped, tmp_path / "run")
    events = sv.train(small_movie, short(small_config), out=out, device="cpu", resume=True)
    for event in events:
        if isinstance(event, StepLoss):
            break
    events.close()  # type: ignore[attr-defined]
    assert sv.load_run(out).record.metrics["steps"] == 2
    assert not isinstance(last(small_movie, short(small_config), out, resume=True), Failed)
    assert sv.load_run(out).record.metrics["steps"] == 4
    assert read_annotations(out) == NOTES
