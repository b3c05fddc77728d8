"""A movie whose frames are moved back when they are read, and the same as it was recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_sparsevar.movie.movie import Movie, Registered
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.registration.shifts import Float32Array, Shifts

_SUFFIX = " registered"


def moved_back(movie: Movie, shifts: Shifts) -> Movie:
    """Return a movie whose frames are moved back when they are read.

    Parameters
    ----------
    movie : Movie
        As it was recorded, or held still by other shifts, whose place these take.
    shifts : Shifts
        Of as many frames.
    """
    recorded = movie.recorded

    def back(start: int, frames: npt.NDArray[np.generic]) -> Float32Array:
        numbered = enumerate(frames.astype(np.float32), start)
        return np.stack([shifts.back(number, frame, np.nan) for number, frame in numbered])

    return replace(
        movie,
        data=lazy_frames.changed(recorded, back, np.float32),
        name=f"{movie.name.removesuffix(_SUFFIX)}{_SUFFIX}",
        notes=(*_other_notes(movie), shifts.sentence()),
        registered=Registered(recorded, shifts),
    )


def as_recorded(movie: Movie) -> Movie:
    """Return a movie without its registration."""
    if movie.registered is None:
        return movie
    return replace(
        movie,
        data=movie.recorded,
        name=movie.name.removesuffix(_SUFFIX),
        notes=_other_notes(movie),
        registered=None,
    )


def _other_notes(movie: Movie) -> tuple[str, ...]:
    said = () if movie.registered is None else (movie.registered.shifts.sentence(),)
    return tuple(note for note in movie.notes if note not in said)
