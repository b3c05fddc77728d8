"""Several planes of one recording as one movie: laid side by side in one field, apart by a gap.

Everything that looks at pixels stays two-dimensional: no plane sees another across the gap, whose
pixels do not count. What a person sees is a stack again, (Z, Y, X).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    import dask.array as da

    from napari_sparsevar.movie.movie import Movie

Planes = Literal["all"] | Sequence[int]
"""Which planes are one movie: all, or their numbers from 1."""

GAP_PX = 128
"""Columns between planes: four diameters of a cell of 32 pixels. Smaller planes, whose cells are
smaller, lie one width apart."""

GAP_CELLS = 4.0
"""So many diameters of a cell lie between planes at least: background and echoes reach 2.5."""


@dataclass(frozen=True)
class Stack:
    """How planes lie in one field, from left to right.

    Parameters
    ----------
    planes : tuple of int
        Their numbers in the recording, from 1, ascending: the order in which they are read.
    of : int
        How many planes a volume of the recording has.
    shape : tuple of int
        Height and width (Y, X) of a plane in pixels.
    gap : int
        Columns between two planes, which do not count.
    """

    planes: tuple[int, ...]
    of: int
    shape: tuple[int, int]
    gap: int

    @property
    def pitch(self) -> int:
        """Columns from the first of a plane to the first of the next."""
        return self.shape[1] + self.gap

    @property
    def field(self) -> tuple[int, int]:
        """Height and width of the field in which all planes lie."""
        return self.shape[0], len(self.planes) * self.pitch - self.gap

    @property
    def volume(self) -> tuple[int, int, int]:
        """Shape (Z, Y, X) of an image of all planes."""
        return len(self.planes), *self.shape

    def columns(self, index: int) -> slice:
        """Return the columns of a plane, the first being 0."""
        return slice(index * self.pitch, index * self.pitch + self.shape[1])

    def blank(self) -> npt.NDArray[np.bool_]:
        """Return the pixels of the field that belong to no plane."""
        blank = np.ones(self.field, bool)
        for index in range(len(self.planes)):
            blank[:, self.columns(index)] = False
        return blank

    def unfolded(self, image: Any) -> npt.NDArray[Any]:
        """Return images (..., Y, X) of the field as stacks (..., Z, Y, X)."""
        parts = [image[..., self.columns(index)] for index in range(len(self.planes))]
        return np.stack(parts, axis=-3)

    def folded(self, stack: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a stack (..., Z, Y, X) as images (..., Y, X) of the field, 0 in the gaps."""
        field = np.zeros((*stack.shape[:-3], *self.field), stack.dtype)
        for index in range(len(self.planes)):
            field[..., self.columns(index)] = stack[..., index, :, :]
        return field

    def index_at(self, x: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return which plane columns of the field belong to, the first being 0."""
        found = (np.asarray(x, float) + 0.5 * self.gap) // self.pitch
        return np.clip(found, 0, len(self.planes) - 1).astype(np.intp)

    def column_at(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return columns of the field as columns of their planes."""
        return np.asarray(x, float) - self.index_at(x) * self.pitch

    def later(self, source: npt.ArrayLike, target: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return how much later a target is read than a source, both columns of the field.

        In periods of a volume, of which the planes share one by turns; below 0 where the target is
        read first.
        """
        numbers = np.array(self.planes)
        steps = numbers[self.index_at(target)] - numbers[self.index_at(source)]
        return np.asarray(steps / self.of, float)


def check_planes(planes: Any, plane: int | None = None) -> tuple[int, ...] | None:
    """Return which planes are one movie, ascending; empty for all, None where nobody asks.

    Raises
    ------
    UserError
        If these are no planes, or one of them is chosen as well.
    """
    if planes is None:
        return None
    if plane is not None:
        raise UserError(f"Plane {plane} is chosen, and planes {planes}: leave one of both out.")
    if isinstance(planes, str):
        text = planes.strip().lower()
        parts: Sequence[Any] = [] if text == "all" else text.split(",")
    else:
        text, parts = str(planes), tuple(planes)
    try:
        numbers = [int(part) for part in parts]
    except (TypeError, ValueError):
        numbers = [0]
    if sorted(set(numbers)) != numbers or min(numbers, default=1) < 1:
        raise UserError(f"planes are 'all' or ascending numbers from 1 such as 1,2,3, not {text}.")
    return tuple(numbers)


def gap_of(width: int) -> int:
    """Return how many columns lie between planes of a width."""
    return min(GAP_PX, width)


def side_by_side(movies: Sequence[Movie], numbers: Sequence[int], of: int) -> Movie:
    """Return the planes of a recording as one movie.

    Parameters
    ----------
    movies : sequence of Movie
        One a plane, in the order in which they are read, of the same size.
    numbers : sequence of int
        Which planes of the recording they are, from 1, ascending.
    of : int
        How many it has.

    Raises
    ------
    UserError
        If they are no planes of one recording.
    """
    from napari_sparsevar.movie.movie import LeftOut

    first = movies[0]
    what = str(first.source or first.name)
    sizes = sorted({movie.shape for movie in movies})
    if len(sizes) > 1 or len({movie.data.dtype for movie in movies}) > 1:
        raise UserError(
            f"The planes of {what} are of different sizes or types of number: take one of them."
        )
    n_frames = [movie.n_frames for movie in movies]
    if max(n_frames) - min(n_frames) > 1:
        raise UserError(
            f"The planes of {what} have {min(n_frames)} to {max(n_frames)} frames: they are no "
            "planes of one recording; take one of them."
        )
    length = min(n_frames)
    stack = Stack(tuple(numbers), of, first.shape, gap_of(first.shape[1]))
    outs = [movie.left_out for movie in movies]
    frames, pixels = np.zeros(length, bool), stack.blank()
    for index, out in enumerate(outs):
        if out is not None:
            frames |= out.frames[:length]
            pixels[:, stack.columns(index)] |= out.pixels
    return replace(
        first,
        data=_joined([movie.data[:length] for movie in movies], stack),
        times=None if first.times is None else first.times[:length],
        jumps=tuple(sorted({at for movie in movies for at in movie.jumps if at < length})),
        left_out=LeftOut(frames, pixels, all(out is None or out.find for out in outs)),
        notes=tuple(dict.fromkeys(note for movie in movies for note in movie.notes)),
        choice=replace(first.choice, plane=None, planes=stack.planes),
        stack=stack,
    )


def plane_of(movie: Movie, index: int) -> Movie:
    """Return one plane of a movie that is a stack, the first being 0."""
    if movie.stack is None:
        return movie
    columns, out = movie.stack.columns(index), movie.left_out
    return replace(
        movie,
        data=movie.data[:, :, columns],
        left_out=None if out is None else replace(out, pixels=out.pixels[:, columns]),
        stack=None,
    )


def _joined(planes: list[da.Array], stack: Stack) -> da.Array:
    import dask.array as da

    first = planes[0]
    blocks: Any = (first.chunks[0], -1, -1)  # of whole frames, whatever each plane comes in
    gap: Any = da.zeros(
        (first.shape[0], stack.shape[0], stack.gap), chunks=blocks, dtype=first.dtype
    )
    parts = [part for plane in planes for part in (gap, plane.rechunk(blocks))]  # type: ignore[no-untyped-call]
    joined: da.Array = da.concatenate(parts[1:], axis=2).rechunk(blocks)  # type: ignore[no-untyped-call]
    return joined
