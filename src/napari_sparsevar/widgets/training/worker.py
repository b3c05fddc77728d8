"""A training as a generator for the background: its events, and the run at the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import (
    Failed,
    Finished,
    Progress,
    ResultsReady,
    StepLoss,
)
from napari_sparsevar.widgets.work.batches import batches
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.one_work import MIN_INTERVAL_S

if TYPE_CHECKING:
    from napari_sparsevar.movie.registration.shifts import Wanted
    from napari_sparsevar.run.run import Run


@dataclass(frozen=True, eq=False)
class TrainingRequest:
    """Everything a training needs, fixed before it starts; no widget and no layer in it.

    Parameters
    ----------
    movie : Movie
        The frames, opened independently of the layer.
    config : TrainConfig
        Settings.
    out : pathlib.Path
        The run directory to write.
    device : str
        As in ``train``.
    placement : Placement
        Where the movie layer lay when the training started.
    resume : bool
        Go on with what was begun in ``out``.
    parent : pathlib.Path or None
        A run whose network is applied to the movie, in place of a training.
    covariates : pathlib.Path or None
        What was recorded beside the movie; a training that goes on has its own.
    register : {"auto", "rigid", "piecewise"} or None
        How the movie is held still first; a training that goes on has its own shifts.
    """

    movie: Movie
    config: TrainConfig
    out: Path
    device: str
    placement: Placement
    resume: bool = False
    parent: Path | None = None
    covariates: Path | None = None
    register: Wanted | None = "auto"


@dataclass(frozen=True, eq=False)
class RunReady:
    """The run as far as it is known, loaded in the worker so that nobody waits for the disk."""

    run: Run


def library_train(request: TrainingRequest, control: TrainingControl) -> Iterator[Any]:
    """Start the library's generator; imported here because torch takes seconds to load."""
    from napari_sparsevar.training.train import is_only_to_analyse, train

    if request.resume and is_only_to_analyse(request.out):  # what is known is shown at once
        yield ResultsReady("map", request.out)
    yield from train(
        request.movie,
        request.config,
        out=request.out,
        device=request.device,
        resume=request.resume,
        control=control,
        threads=_threads(),
        covariates=request.covariates,
        register=request.register,
    )


def library_apply(request: TrainingRequest, control: TrainingControl) -> Iterator[Any]:
    """Apply the network of a run."""
    from napari_sparsevar.training.apply import apply_run

    assert request.parent is not None
    return apply_run(
        request.parent,
        request.movie,
        out=request.out,
        device=request.device,
        covariates=request.covariates,
        register=request.register,
        control=control,
        threads=_threads(),
    )


def library_complete(path: Path, control: TrainingControl) -> Iterator[Any]:
    """Go on with the analysis of a run."""
    from napari_sparsevar.training.analysing import complete_run

    return complete_run(path, control=control, threads=_threads())


def _threads() -> int:
    return max(1, (os.cpu_count() or 2) - 1)  # one core stays with the screen


def training_stream(
    request: TrainingRequest, control: TrainingControl
) -> Iterator[tuple[Any, ...]]:
    """Yield the events of a training in batches, at most 20 a second, none ever dropped.

    ``RunReady`` comes with every stage of the analysis; the last is ``Finished`` or a ``Failure``.
    """
    start = library_train if request.parent is None else library_apply
    work = partial(start, request, control)
    return batches(partial(_events, work), MIN_INTERVAL_S, _Urgency())


def completing_stream(path: Path, control: TrainingControl) -> Iterator[tuple[Any, ...]]:
    """Yield the events of the rest of an analysis, as ``training_stream`` does."""
    work = partial(library_complete, path, control)
    return batches(partial(_events, work), MIN_INTERVAL_S, _Urgency())


def _events(work: Callable[[], Iterator[Any]]) -> Generator[Any]:
    from napari_sparsevar.run.run import load_run

    events: Any = work()
    with contextlib.closing(events):
        for event in events:
            match event:
                case Failed():
                    yield Failure(event.message, event.details)
                    return
                case ResultsReady():
                    yield RunReady(load_run(event.path))
                case _:
                    yield event
            if isinstance(event, Finished):
                return
    yield Failure("The training ended without a result; please report this.")


class _Urgency:
    """Losses of steps can wait, and so can progress within a phase."""

    def __init__(self) -> None:
        self._phase = ""

    def __call__(self, event: Any) -> bool:
        if isinstance(event, Progress):
            before, self._phase = self._phase, event.phase
            return before != event.phase
        return not isinstance(event, StepLoss)
