"""How far an array of chunks has been written: what was not reads as zeros, without a word."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.axes import MovieAxes
from napari_sparsevar.movie.movie import Movie

_MOST = 512  # places in time that are looked at one by one
_MOST_IN_SPACE = 64


def as_written(
    movie: Movie,
    chosen: MovieAxes,
    shape: Sequence[int],
    chunks: Sequence[int],
    exists: Callable[[tuple[int, ...]], bool],
    what: str,
) -> Movie:
    """Return a movie without frames at its end that no chunk holds, and say which lack before.

    Parameters
    ----------
    movie : Movie
    chosen : MovieAxes
        Where its frames are in the array.
    shape, chunks : sequence of int
        Of the array and of one chunk.
    exists : callable
        ``exists(place)``: whether the chunk at a place in the grid of chunks was written.
    what : str
        What to call the array in a sentence.

    Raises
    ------
    UserError
        If nothing was written.
    """
    length = chunks[chosen.time]
    count = math.ceil(shape[chosen.time] / length)
    grid = [
        range(math.ceil(size / chunk))
        if isinstance(at, slice)
        else range(at // chunk, at // chunk + 1)
        for at, size, chunk in zip(chosen.index, shape, chunks, strict=True)
    ]

    def there(number: int) -> bool:
        grid[chosen.time] = range(number, number + 1)
        # Chunks of a rim that is black may be left out.
        places = itertools.islice(itertools.product(*grid), _MOST_IN_SPACE)
        return any(map(exists, places))

    last, missing = _found(count, there)
    if last == 0:
        raise UserError(f"{what} holds no pixels: nothing has been written to it yet.")
    notes = []
    if missing:
        notes.append(
            f"{what} lacks {len(missing)} chunks, such as that of frame {missing[0] * length}: "
            "they read as its fill value; copy it again if these frames should not be empty."
        )
    written = min(last * length, movie.n_frames)
    if written < movie.n_frames:
        notes.append(
            f"Of {what} the first {written:,} of {movie.n_frames:,} frames have been written; "
            "these are taken."
        )
        movie = replace(movie, data=movie.data[:written])
    return replace(movie, notes=(*movie.notes, *notes)) if notes else movie


def _found(count: int, there: Callable[[int], bool]) -> tuple[int, list[int]]:
    """Return up to where there are chunks, and which before are missing; of many, not all."""
    if count <= _MOST:
        found = [number for number in range(count) if there(number)]
        last = found[-1] + 1 if found else 0
        return last, sorted(set(range(last)) - set(found))
    if there(count - 1):
        return count, []
    low, high = 0, count - 1  # what is before low is there, high is not
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if there(middle) else (low, middle)
    return low, []
