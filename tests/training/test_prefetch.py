"""Batches read ahead are those read when needed, whatever ends the training."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.movie.reading import standardised
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import StepLoss
from napari_sparsevar.training.loop import run_steps
from napari_sparsevar.training.objective import Batch
from napari_sparsevar.training.preparation import prepare
from napari_sparsevar.training.trainer import Trainer


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


@pytest.fixture
def trainer(
    small_movie: sv.Movie, small_config: sv.TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trainer]:
    monkeypatch.setattr(standardised, "CACHE_BYTES", 0)  # from the file, not from memory
    yield prepare(small_movie, small_config, torch.device("cpu")).trainer
    assert not readers()


def save() -> Path:
    """Stand in for a checkpoint."""
    return Path("checkpoint")


def same(a: Batch, b: Batch) -> bool:
    return all(torch.equal(one, other) for one, other in zip(a, b, strict=True))


def test_the_batches_are_the_same_to_the_last_bit(trainer: Trainer) -> None:
    spans, chunks = trainer.blocks.training, trainer.chunks
    with trainer.reading_ahead():
        for trainer.step in (0, 1, 2, 3, 6, 7):  # a resumed training begins anywhere
            assert same(trainer._batch(), trainer.batcher.training(trainer.step, spans, chunks))
        trainer.halve()
        trainer.step = 4
        assert same(trainer._batch(), trainer.batcher.training(4, spans, chunks // 2))


def test_losses_are_those_of_batches_read_one_by_one(trainer: Trainer) -> None:
    with trainer.reading_ahead():
        ahead = [trainer.train_step() for _ in range(3)]
    alone = prepare(trainer.batcher.source.movie, trainer.config, torch.device("cpu")).trainer
    assert ahead == [alone.train_step() for _ in range(3)]


def test_a_reading_error_ends_the_training(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = trainer.batcher.drawn

    def unplugged(step: int, spans: tuple[tuple[int, int], ...], chunks: int) -> Batch:
        if step == 2:
            raise OSError("unplugged")
        return drawn(step, spans, chunks)

    monkeypatch.setattr(trainer.batcher, "drawn", unplugged)
    events = run_steps(trainer, TrainingControl(), save)
    with pytest.raises(OSError, match="unplugged"):
        for _ in events:
            pass
    assert trainer.step == 2
    assert not readers()


def test_closing_the_generator_ends_the_reading(trainer: Trainer) -> None:
    events = run_steps(trainer, TrainingControl(), save)
    assert any(isinstance(event, StepLoss) for event in events)
    assert readers()
    events.close()
    assert not readers()


def test_stopping_ends_the_reading(trainer: Trainer) -> None:
    control = TrainingControl()
    for event in run_steps(trainer, control, save):
        if isinstance(event, StepLoss):
            control.stop()
    assert trainer.step == 1
    assert not readers()
    assert np.isfinite(trainer.best_loss)
