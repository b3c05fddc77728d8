"""What can be gone on with is said with the step it ended after, and by its own settings."""

from __future__ import annotations

import json
from pathlib import Path

import dask.array as da
import pytest
import torch

from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.disk.contents import write_tensors
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.run.record import MovieIdentity, RunRecord
from napari_sparsevar.run.replacement import working_folder
from napari_sparsevar.run.store import write_record
from napari_sparsevar.training.checkpoint import CHECKPOINT
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.resuming import resumable

CONFIG = TrainConfig(steps=33, seed=7)


def begin(folder: Path, step: int | None, stage: Stage | None = None) -> Path:
    """Leave what a training leaves that ended after a step, or an analysis after a stage."""
    folder.mkdir()
    record = RunRecord(
        movie=MovieIdentity.of(Movie(da.zeros((9, 4, 4)))),
        configuration=CONFIG.model_dump(),
        network=CONFIG.model,
        device="cpu",
    )
    if stage is not None:
        record = record.model_copy(update={"status": "finished", "stage": stage})
    write_record(folder, record)
    if step is not None:
        numbers = json.dumps({"step": step})
        write_tensors(folder / CHECKPOINT, {"a": torch.zeros(1)}, {"numbers": numbers})
    return folder


def test_a_training_that_was_cut(tmp_path: Path) -> None:
    found = resumable(begin(tmp_path / "run", 20))
    assert found.sentence == "A training ended here after step 20 of 33."
    assert found.config == CONFIG
    assert found.movie.shape == (9, 4, 4)


def test_a_training_that_was_stopped_and_analysed(tmp_path: Path) -> None:
    found = resumable(begin(tmp_path / "run", 20, "all"))
    assert found.sentence == "A training ended here after step 20 of 33."


def test_a_training_in_the_place_of_a_complete_run(tmp_path: Path) -> None:
    out = begin(tmp_path / "run", None, "all")
    begin(working_folder(out), 5)
    assert resumable(out).sentence == "A training ended here after step 5 of 33."


def test_an_analysis_that_was_cut(tmp_path: Path) -> None:
    found = resumable(begin(tmp_path / "run", None, "map"))
    assert found.sentence == "The analysis of this run ended after the contribution map."


@pytest.mark.parametrize("stage", [None, "all"])
def test_there_is_nothing_to_go_on_with(tmp_path: Path, stage: Stage | None) -> None:
    out = begin(tmp_path / "run", None, stage)
    with pytest.raises(UserError, match="nothing to resume"):
        resumable(out)


def test_no_run_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no training"):
        resumable(tmp_path)


def test_a_checkpoint_that_is_damaged(tmp_path: Path) -> None:
    out = begin(tmp_path / "run", 20)
    (out / CHECKPOINT).write_bytes(b"half")
    with pytest.raises(UserError, match="cannot be used"):
        resumable(out)
