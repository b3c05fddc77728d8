"""The loop over training steps: losses, validation, pauses, memory, early stopping."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch

from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.device import give_memory_back
from napari_sparsevar.training.events import (
    CheckpointSaved,
    Continued,
    Notice,
    Paused,
    Progress,
    StepLoss,
    StopReason,
    TrainingEvent,
    ValidationLoss,
)
from napari_sparsevar.training.trainer import Trainer

T = TypeVar("T")

_RECENT = 20


def _recent() -> deque[float]:
    return deque(maxlen=_RECENT)


@dataclass(frozen=True)
class _Pace:
    """Seconds the last steps and validations took, pauses left out; and those that come after."""

    steps: deque[float] = field(default_factory=_recent)
    validations: deque[float] = field(default_factory=_recent)
    afterwards: float = 0.0

    @staticmethod
    @contextmanager
    def timed(durations: deque[float]) -> Iterator[None]:
        began = time.perf_counter()
        yield
        durations.append(time.perf_counter() - began)

    def step_seconds(self) -> float:
        return sum(self.steps) / len(self.steps)

    def remaining(self, trainer: Trainer) -> float:
        left = trainer.config.steps - trainer.step
        validations = math.ceil(left / trainer.config.validate_every)
        seconds = sum(self.validations) / max(len(self.validations), 1)
        return left * self.step_seconds() + validations * seconds + self.afterwards


def run_steps(
    trainer: Trainer,
    control: TrainingControl,
    save: Callable[[], Path],
    afterwards: float = 0.0,
) -> Generator[TrainingEvent, None, StopReason]:
    """Take steps until done, early stopping or stop; return why it ended.

    Parameters
    ----------
    trainer : Trainer
    control : TrainingControl
    save : callable
        Writes a checkpoint and returns its path.
    afterwards : float
        Seconds from the last step to the contribution map: part of the time left.

    Yields
    ------
    TrainingEvent
        ``StepLoss`` after every step, ``ValidationLoss`` when due, and what happens in between.
    """
    with trainer.reading_ahead():
        return (yield from _steps(trainer, control, save, _Pace(afterwards=afterwards)))


def _steps(
    trainer: Trainer, control: TrainingControl, save: Callable[[], Path], pace: _Pace
) -> Generator[TrainingEvent, None, StopReason]:
    config = trainer.config
    if trainer.step == 0 and not control.stop_requested:
        yield from _fitting(trainer, trainer.calibrate)
        yield from _validated(trainer, pace)  # the untrained network is the first model to beat
    while trainer.step < config.steps:
        if trainer.exhausted:  # at once where a training killed after its last step is resumed
            return "early-stopping"
        yield from _pause(trainer, control)
        if control.stop_requested:
            return "stopped"
        with pace.timed(pace.steps):
            terms = yield from _fitting(trainer, trainer.train_step)
        yield _step_loss(trainer, terms, pace)
        if trainer.step % config.validate_every == 0 or trainer.step == config.steps:
            yield from _validated(trainer, pace)
        if trainer.step % config.checkpoint_every == 0:
            yield CheckpointSaved(trainer.step, save())
    return "completed"


def _validated(trainer: Trainer, pace: _Pace) -> Generator[TrainingEvent, None, None]:
    with pace.timed(pace.validations):
        terms, is_best = yield from _fitting(trainer, trainer.validate)
    yield ValidationLoss(trainer.step, terms, is_best)


def _pause(trainer: Trainer, control: TrainingControl) -> Generator[TrainingEvent, None, None]:
    if not control.paused:
        return
    yield Paused(trainer.step)
    while control.wait_while_paused():
        # A worker can only be told to quit between two events.
        yield Progress("train", trainer.step / trainer.config.steps, "Paused")
    yield Continued(trainer.step)


def _fitting(trainer: Trainer, work: Callable[[], T]) -> Generator[TrainingEvent, None, T]:
    """Do some work of the trainer, halving its batch as long as it does not fit into memory."""
    while True:
        try:
            return work()
        except torch.OutOfMemoryError:
            if not trainer.halve():
                raise
        give_memory_back(trainer.batcher.device)
        yield Notice(
            f"Out of memory: going on with {trainer.chunks} instead of "
            f"{2 * trainer.chunks} chunks per step."
        )


def _step_loss(trainer: Trainer, terms: dict[str, float], pace: _Pace) -> StepLoss:
    frames = trainer.chunks * trainer.batcher.length
    speed = frames / pace.step_seconds()
    return StepLoss(trainer.step, trainer.config.steps, terms, speed, pace.remaining(trainer))
