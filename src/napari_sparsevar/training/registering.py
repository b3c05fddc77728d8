"""The movie is held still before anything else is done with it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import torch

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.registration.register import registering
from napari_sparsevar.movie.registration.shifts import Kind, Wanted
from napari_sparsevar.progress import WithResult
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import HeldStill, Progress, TrainingEvent
from napari_sparsevar.training.preparation import Prepared, prepare


def preparing(
    movie: Movie,
    config: TrainConfig,
    device: torch.device,
    wanted: Wanted | None,
    by_channel: int | None,
    control: TrainingControl,
) -> Generator[TrainingEvent, None, Prepared | None]:
    """Prepare a movie, held still where that is asked for; None where it was stopped.

    Parameters
    ----------
    movie : Movie
    config : TrainConfig
    device : torch.device
    wanted : {"auto", "rigid", "piecewise"}, optional
        As it is where None.
    by_channel : int, optional
        The channel of its file that motion is estimated on, whether the movie moves or not.
    control : TrainingControl
        Pause, continue and stop from another thread.

    Raises
    ------
    UserError
        If the movie cannot be trained on, or not be registered though that is asked for.
    """
    if wanted is None and by_channel is not None:
        raise UserError(
            f"Channel {by_channel} is of registration: choose auto, rigid or piecewise "
            "(--register)."
        )
    if wanted == "auto" and by_channel is not None:  # who names a channel wants it
        wanted = "rigid"
    if wanted in ("rigid", "piecewise"):
        still = yield from _holding_still(movie, wanted, by_channel, control)
        if still is None:
            return None
        movie = still
    yield Progress("prepare", 0.0, "Reading the movie")
    prepared = prepare(movie, config, device)
    settled = movie.registered is not None or movie.stack is not None
    if wanted == "auto" and prepared.motion.disturbs and not settled:
        found = yield from _prepared_still(prepared, config, device, control)
        if found is None:
            return None
        prepared = found
    if prepared.frames.movie.registered is not None:
        yield HeldStill(prepared.frames.movie)
    return prepared


def _prepared_still(
    prepared: Prepared, config: TrainConfig, device: torch.device, control: TrainingControl
) -> Generator[TrainingEvent, None, Prepared | None]:
    """Prepare a moving movie anew, held still; what was prepared says why where it cannot be."""
    motion = prepared.motion
    try:
        still = yield from _holding_still(prepared.frames.movie, "rigid", None, control)
    except UserError as error:
        return replace(prepared, notices=(*prepared.notices, f"It was not held still: {error}"))
    if still is None:
        return None
    if still.registered is None:
        return replace(prepared, notices=(*prepared.notices, still.notes[-1]))
    said = (
        f"The field of view moved by up to about {motion.largest:.1f} pixels (typically "
        f"{motion.typical:.1f}): it was held still first (--register none, or the box in the Train "
        "dock, leaves it)."
    )
    return prepare(replace(still, notes=(*still.notes, said)), config, device)


def _holding_still(
    movie: Movie, kind: Kind, by_channel: int | None, control: TrainingControl
) -> Generator[TrainingEvent, None, Movie | None]:
    steps = WithResult(registering(movie, kind, by_channel))
    for fraction, message in steps:
        while control.wait_while_paused():
            yield Progress("prepare", fraction, "Paused")
        if control.stop_requested:
            return None
        yield Progress("prepare", fraction, message)
    return steps.result
