"""A movie as lazy frames with units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_sparsevar.arguments import shown
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, Offer
from napari_sparsevar.movie.stack import Stack

if TYPE_CHECKING:
    import dask.array as da  # half of the time in which a dock opens

    from napari_sparsevar.movie.registration.shifts import Shifts


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Frames and pixels that do not count, as a person says.

    Parameters
    ----------
    frames : ndarray of bool, shape (T,)
    pixels : ndarray of bool, shape (Y, X)
    find : bool
        Whether other frames that stand out are looked for.
    begins : tuple of int
        First frames of trials, without 0: nothing is foretold across.
    """

    frames: npt.NDArray[np.bool_]
    pixels: npt.NDArray[np.bool_]
    find: bool = True
    begins: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Registered:
    """What a movie was before it was held still.

    Parameters
    ----------
    recorded : dask.array.Array, shape (T, Y, X)
        Its frames as they were recorded.
    shifts : Shifts
        How far each of them was off.
    """

    recorded: da.Array
    shifts: Shifts


@dataclass(frozen=True, eq=False)
class Movie:
    """A grey-scale movie of one field of view.

    Parameters
    ----------
    data : dask.array.Array, shape (T, Y, X)
        Frames, read when asked for. Any real dtype; never converted on opening.
    fps : float or None
        Frames per second; None where the file does not say.
    pixel_size_um : float or None
        Edge of a (square) pixel in micrometres; None where the file does not say.
    source : pathlib.Path or None
        The file or folder the frames come from; None for an array in memory.
    name : str
        What a person would call it: file stem or layer name.
    notes : tuple of str
        Sentences about the file its user should know, for example a slice that was chosen.
    choice : Choice
        What of the file this is; the same choice opens it again.
    offer : Offer
        What else the file has to choose from.
    times : ndarray, shape (T,), optional
        When each frame was taken, in seconds, where the file says so and time jumps, or does not
        begin at 0.
    jumps : tuple of int
        Frames before which time jumps, as after a pause: nothing is foretold across.
    left_out : LeftOut, optional
        Frames and pixels that do not count, as a person says.
    registered : Registered, optional
        Of a movie that is held still: ``data`` holds frames that were moved back.
    stack : Stack, optional
        Of several planes: how they lie side by side in each frame of ``data``.
    """

    data: da.Array
    fps: float | None = None
    pixel_size_um: float | None = None
    source: Path | None = None
    name: str = "movie"
    notes: tuple[str, ...] = field(default=())
    choice: Choice = field(default=Choice())
    offer: Offer = field(default=Offer())
    times: npt.NDArray[np.float64] | None = None
    jumps: tuple[int, ...] = ()
    left_out: LeftOut | None = None
    registered: Registered | None = None
    stack: Stack | None = None

    def __post_init__(self) -> None:
        if getattr(self.data, "ndim", None) != 3:
            raise UserError(
                f"data of a Movie must be an array (T, Y, X), not {shown(self.data)}: open movies "
                "with sv.open_movie."
            )

    @property
    def recorded(self) -> da.Array:
        """Frames as they were recorded, (T, Y, X)."""
        return self.data if self.registered is None else self.registered.recorded

    @property
    def n_frames(self) -> int:
        """Number of frames T."""
        return int(self.data.shape[0])

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width (Y, X) of a frame in pixels."""
        return int(self.data.shape[1]), int(self.data.shape[2])

    @property
    def scale(self) -> tuple[float, float, float]:
        """Size of a voxel along (T, Y, X): seconds and micrometres, or 1 where unknown."""
        frame = 1.0 / self.fps if self.fps else 1.0
        pixel = self.pixel_size_um or 1.0
        return frame, pixel, pixel

    @property
    def units(self) -> tuple[str, str, str]:
        """Unit of each axis for napari: ``s`` and ``um``, or ``pixel`` where unknown."""
        time = "s" if self.fps else "pixel"
        space = "um" if self.pixel_size_um else "pixel"
        return time, space, space


def as_it_was(movie: Movie, n_frames: int) -> Movie:
    """Return what was there of a movie before its recording went on.

    Parameters
    ----------
    movie : Movie
        As its file is now.
    n_frames : int
        Frames it had; a movie that has no more stays as it is.
    """
    if movie.n_frames <= n_frames:
        return movie
    out = movie.left_out
    said = f"{movie.name} has grown to {movie.n_frames:,} frames; the first {n_frames:,} are used."
    return replace(
        movie,
        data=movie.data[:n_frames],
        notes=(*movie.notes, said),
        times=None if movie.times is None else movie.times[:n_frames],
        jumps=tuple(jump for jump in movie.jumps if jump < n_frames),
        left_out=None if out is None else _first_of(out, n_frames),
    )


def _first_of(out: LeftOut, n_frames: int) -> LeftOut:
    begins = tuple(begin for begin in out.begins if begin < n_frames)
    return replace(out, frames=out.frames[:n_frames], begins=begins)


def of_dataset(movie: Movie, name: str, datasets: Iterable[str]) -> Movie:
    """Return the same movie, which is one of the data sets of a file."""
    return replace(
        movie,
        choice=replace(movie.choice, dataset=name),
        offer=replace(movie.offer, datasets=tuple(datasets)),
    )
