"""The movie is held still before anything else is done with it."""

from __future__ import annotations

from collections.abc import Generator

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.registration.register import registering
from napari_sparsevar.movie.registration.shifts import Kind
from napari_sparsevar.progress import WithResult
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import Progress, TrainingEvent


def holding_still(
    movie: Movie, kind: Kind | None, by_channel: int | None, control: TrainingControl
) -> Generator[TrainingEvent, None, Movie | None]:
    """Register a movie, where a kind is given; None where that was stopped.

    Parameters
    ----------
    movie : Movie
    kind : {"rigid", "piecewise"}, optional
    by_channel : int, optional
        The channel of its file that motion is estimated on.
    control : TrainingControl
        Pause, continue and stop from another thread.

    Raises
    ------
    UserError
        If the movie cannot be registered.
    """
    if kind is None and by_channel is not None:
        raise UserError(
            f"Channel {by_channel} is of registration: choose rigid or piecewise (--register)."
        )
    if kind is None:
        return movie
    steps = WithResult(registering(movie, kind, by_channel))
    for fraction, message in steps:
        while control.wait_while_paused():
            yield Progress("prepare", fraction, "Paused")
        if control.stop_requested:
            return None
        yield Progress("prepare", fraction, message)
    return steps.result
