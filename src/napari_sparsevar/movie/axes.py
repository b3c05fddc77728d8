"""Which axis of a stack is time, and what to do with the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, Offer, number_of
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.units import about_square, frames_per_second, micrometres

_NAMES = {"C": "channel", "Z": "plane"}
MOST_CHANNELS = 8
"""A microscope has no more; a longer axis of channels is one of time."""
FEWEST_FRAMES = 100
"""Of planes in depth that may be frames: programs that know no time axis call any stack planes."""
_EXAMPLE = {4: "TZYX", 5: "TZCYX"}


@dataclass(frozen=True)
class MovieAxes:
    """Where the frames (T, Y, X) are in an array with more axes.

    Parameters
    ----------
    index : tuple of int or slice
        One entry for each axis of the array: everything of T, Y and X, one place of the others.
    time, row, column : int
        Where T, Y and X are among the axes of the array.
    notes : tuple of str
        Sentences about what was chosen.
    choice : Choice
        The channel and plane that are taken, None where there is one.
    offer : Offer
        How many channels and planes there are.
    """

    index: tuple[int | slice, ...]
    time: int
    row: int
    column: int
    notes: tuple[str, ...]
    choice: Choice = field(default=Choice())
    offer: Offer = field(default=Offer())

    def apply(self, array: Any) -> Any:
        """Return the chosen frames.

        Parameters
        ----------
        array : dask.array.Array or ndarray
            With the axes these were chosen for.

        Returns
        -------
        dask.array.Array or ndarray, shape (T, Y, X)
            The same kind of array, a view where it can be one.
        """
        wanted = (self.time, self.row, self.column)
        if wanted == tuple(range(len(self.index))):
            return array
        kept = sorted(wanted)
        order = [kept.index(axis) for axis in wanted]
        return array[self.index].transpose(order)

    def read(self, array: Any, start: int, stop: int) -> NDArray[Any]:
        """Read some of the chosen frames from an array that reads when it is sliced.

        Parameters
        ----------
        array : array-like
            With the axes these were chosen for.
        start, stop : int
            First frame and the one after the last.

        Returns
        -------
        ndarray, shape (stop - start, Y, X)
            Frames.
        """
        index = list(self.index)
        index[self.time] = slice(start, stop)
        kept = sorted((self.time, self.row, self.column))
        order = [kept.index(axis) for axis in (self.time, self.row, self.column)]
        return np.asarray(array[tuple(index)]).transpose(order)

    def units(
        self, scale: Sequence[float], units: Sequence[object]
    ) -> tuple[float | None, float | None]:
        """Return frame rate and pixel size from the size of a voxel.

        Parameters
        ----------
        scale, units : sequence
            Size of a voxel along each axis of the array and its unit.

        Returns
        -------
        fps, pixel_size_um : float or None
            None where they are not said for every axis, or not in units of time and length.
        """
        if not len(scale) == len(units) == len(self.index):
            return None, None
        fps = frames_per_second(scale[self.time], units[self.time])
        return fps, micrometres(scale[self.column], units[self.column])

    def about_square(
        self, scale: Sequence[float], units: Sequence[object], what: str
    ) -> tuple[str, ...]:
        """Return a note where a pixel is not square; parameters as of `units`."""
        if not len(scale) == len(units) == len(self.index):
            return ()
        height, width = (micrometres(scale[i], units[i]) for i in (self.row, self.column))
        return about_square(height, width, what)

    def movie(
        self,
        frames: da.Array,
        what: str,
        *,
        name: str,
        source: Path | None = None,
        fps: float | None = None,
        pixel_size_um: float | None = None,
    ) -> Movie:
        """Return a movie of the chosen frames.

        Parameters
        ----------
        frames : dask.array.Array, shape (T, Y, X)
            As `apply` returns them; brought into the form of `lazy_frames.finish`.
        what : str
            What to call it in a sentence.
        name, source, fps, pixel_size_um
            As of `Movie`.

        Raises
        ------
        UserError
            If pixels are not real numbers.
        """
        return Movie(
            data=lazy_frames.finish(frames, what),
            fps=fps,
            pixel_size_um=pixel_size_um,
            source=source,
            name=name,
            notes=self.notes,
            choice=self.choice,
            offer=self.offer,
        )

    def pages(self, leading: Sequence[int]) -> NDArray[np.int64]:
        """Return which page holds each frame, where every page is one plane.

        Parameters
        ----------
        leading : sequence of int
            Shape of the array without its last two axes, Y and X.

        Returns
        -------
        ndarray of int64, shape (T,)
            Running number of the page of each frame.
        """
        numbers = np.arange(math.prod(leading), dtype=np.int64).reshape(leading)
        return np.asarray(numbers[self.index[: len(leading)]]).ravel()


def choose(shape: Sequence[int], axes: str, what: str, choice: Choice | None = None) -> MovieAxes:
    """Decide which axis is time and which channel and plane to keep.

    Parameters
    ----------
    shape : sequence of int
        Shape of the array.
    axes : str
        A letter for each axis: T, Y, X, C (channel), Z (depth), S (colour sample), I (image
        number), Q (unknown).
    what : str
        What to call the array in a sentence: a path or a layer.
    choice : Choice, optional
        The channel and plane that are wanted, by default the first; and axes that a person gave,
        which count more than ``axes``.

    Returns
    -------
    MovieAxes
        Where T, Y and X are.

    Raises
    ------
    UserError
        If it is no movie: a single image, a colour image, empty, or axes nobody can tell; or if
        there is no such channel or plane.
    """
    given = None if choice is None else choice.axes
    if given is not None:
        axes = _given(given, shape, what)
    if "Y" not in axes or "X" not in axes or len(shape) != len(axes):
        raise UserError(f"{what} has no rows and columns of pixels; a movie has time, Y and X.")
    if 0 in shape:
        raise UserError(f"{what} holds no pixels (shape {_times(shape)}); choose another movie.")
    if any(axis == "S" and size in (3, 4) for axis, size in zip(axes, shape, strict=True)):
        raise UserError(
            f"{what} is a colour (RGB) image; convert it to a grey-scale movie, one channel, first."
        )
    row, column = axes.index("Y"), axes.index("X")
    others = [i for i in range(len(shape)) if i not in (row, column)]
    wide = [i for i in others if shape[i] > 1]
    if not wide and (single := _declared_time(axes, others)) is not None:
        wide = [single]
    time, notes = _find_time(shape, axes, wide, what)
    index: list[int | slice] = [
        slice(None) if i in (time, row, column) else 0 for i in range(len(shape))
    ]
    sizes: dict[str, int] = {}
    taken: dict[str, int | None] = {}
    for i in wide:
        if i != time:
            name = _name_of(axes[i], shape[i], what)
            number, said = number_of(getattr(choice, name, None), shape[i], name, what)
            index[i], sizes[name], taken[name] = (number or 1) - 1, shape[i], number
            notes += said
    return MovieAxes(
        index=tuple(index),
        time=time,
        row=row,
        column=column,
        notes=notes,
        choice=Choice(taken.get("channel"), taken.get("plane"), axes=given),
        offer=Offer(channels=sizes.get("channel", 1), planes=sizes.get("plane", 1)),
    )


def is_movie(shape: Sequence[int], axes: str) -> bool:
    """Return whether an array with these axes has frames: more than one, or one named as such."""
    try:
        choose(shape, axes, "")
    except UserError:
        return False
    return True


def is_stack(shape: Sequence[int], axes: str) -> bool:
    """Return whether an array is of planes in depth, of which there are too few for frames."""
    wide = {name: size for name, size in zip(axes, shape, strict=True) if size > 1}
    return wide.keys() - {*"CYX"} == {"Z"} and wide["Z"] < FEWEST_FRAMES


def _given(letters: str, shape: Sequence[int], what: str) -> str:
    """Return the axes that a person gave, if the array can have these."""
    given = letters.upper()
    if not set("TYX") <= set(given) <= set("TYXZC") or len(set(given)) < len(given):
        raise UserError(
            f"axes must be a letter for each axis, of T, Z, C, Y, X, each once and T, Y, X among "
            f"them, such as YXT; not {letters!r}."
        )
    if len(given) != len(shape):
        raise UserError(
            f"{what} has {len(shape)} axes ({_times(shape)}), not {len(given)} as in {letters!r}; "
            "give a letter for each."
        )
    return given


def _declared_time(axes: str, others: list[int]) -> int | None:
    """Return a time axis of one frame, if the file names one."""
    return next((i for i in others if axes[i] == "T"), None)


def _find_time(
    shape: Sequence[int], axes: str, wide: list[int], what: str
) -> tuple[int, tuple[str, ...]]:
    named = [i for i in wide if axes[i] == "T"]
    if len(named) == 1:
        return named[0], ()
    candidates = [i for i in wide if axes[i] not in "CZ"] or [i for i in wide if axes[i] == "Z"]
    if not candidates:
        # Programs that know no time axis call any stack channels; no microscope has so many.
        candidates = [i for i in wide if shape[i] > MOST_CHANNELS]
    if len(candidates) == 1:
        time = candidates[0]
        if axes[time] not in _NAMES:
            return time, ()
        name = _NAMES[axes[time]]
        return time, (f"{what} calls its {shape[time]} images {name}s; they are taken as frames.",)
    if len(candidates) > 1:
        example = _EXAMPLE.get(len(shape), "LETTERS")
        if len(shape) == 4 and shape[-1] <= MOST_CHANNELS < shape[-2]:
            example = "TYXC"
        raise UserError(
            f"{what} has {len(shape)} axes ({_times(shape)}) and does not say which one is time: "
            f"give a letter for each, of T, Z, C, Y, X: --axes {example}, in Python axes=."
        )
    if wide:
        raise UserError(
            f"{what} is a set of channels ({_times(shape)}) without a time axis; a movie needs "
            "several frames."
        )
    raise UserError(
        f"{what} is a single image ({_times(shape)}) without a time axis; a movie needs several "
        "frames: where each lies in a file of its own, open the folder."
    )


def _name_of(axis: str, size: int, what: str) -> str:
    if axis not in _NAMES:
        raise UserError(
            f"{what} has an axis of {size} that is neither time, channel nor plane; "
            "save it with axes T, Y, X."
        )
    return _NAMES[axis]


def _times(shape: Sequence[int]) -> str:
    return " x ".join(str(size) for size in shape)


def unnamed(shape: Sequence[int]) -> str:
    """Return letters for an array that does not name its axes: Y, X last, the others unknown.

    Axes of one behind three others, as of a single colour, are not looked at.
    """
    ndim = len(shape)
    while ndim > 3 and shape[ndim - 1] == 1:
        ndim -= 1
    behind = "Q" * (len(shape) - ndim)
    return "Q" * (ndim - 2) + "YX"[-ndim:] + behind if ndim > 0 else ""
