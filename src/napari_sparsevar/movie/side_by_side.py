"""The planes of a recording as one movie, and one of them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dask.array as da
import numpy as np

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import LeftOut, Movie
from napari_sparsevar.movie.stack import Stack

GAP_PX = 128
"""Columns between planes: four diameters of a cell of 32 pixels. Smaller planes, whose cells are
smaller, lie one width apart."""


def gap_of(width: int) -> int:
    """Return how many columns lie between planes of a width."""
    return min(GAP_PX, width)


def side_by_side(movies: Sequence[Movie], numbers: Sequence[int]) -> Movie:
    """Return the planes of a recording as one movie.

    Parameters
    ----------
    movies : sequence of Movie
        One a plane, in the order in which they are read, of the same size.
    numbers : sequence of int
        Which planes of the recording they are, from 1, ascending.

    Raises
    ------
    UserError
        If they are no planes of one recording.
    """
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
    of, turns = first.offer.planes, first.offer.turns
    stack = Stack(tuple(numbers), of, turns or of, first.shape, gap_of(first.shape[1]))
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
    first = planes[0]
    blocks: Any = (first.chunks[0], -1, -1)  # of whole frames, whatever each plane comes in
    gap: Any = da.zeros(
        (first.shape[0], stack.shape[0], stack.gap), chunks=blocks, dtype=first.dtype
    )
    parts = [part for plane in planes for part in (gap, plane.rechunk(blocks))]  # type: ignore[no-untyped-call]
    # A block of each plane stays one by itself: who looks at one plane reads no other.
    joined: da.Array = da.concatenate(parts[1:], axis=2)  # type: ignore[no-untyped-call]
    return joined
