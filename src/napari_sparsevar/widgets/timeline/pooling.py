"""Rows of numbers thinned to what a screen can show: of many frames in a pixel, the largest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]

FACTOR = 8
"""From one level to the next; a picture is then made of at most so many numbers a column."""


@dataclass(frozen=True, eq=False)
class Pooled:
    """Rows over some of the frames.

    Parameters
    ----------
    values : ndarray, shape (n, columns)
    start, stop : int
        The frames they lie over; the last column may reach beyond the last frame.
    """

    values: FloatImage
    start: int
    stop: int


class Pyramid:
    """Rows (n, T), and the largest of every 8, 64, ... frames; NaN only where all are.

    Parameters
    ----------
    values : ndarray, shape (n, T)
    """

    def __init__(self, values: npt.NDArray[np.floating]) -> None:
        self.n_frames = values.shape[1]
        self.levels: list[FloatImage] = [np.ascontiguousarray(values, np.float32)]
        while self.levels[-1].shape[1] > FACTOR:
            self.levels.append(_pooled(self.levels[-1], FACTOR))

    def between(self, first: float, last: float, columns: int) -> Pooled:
        """Return the frames between two, in about so many columns or fewer.

        Parameters
        ----------
        first, last : float
            May reach beyond the movie.
        columns : int
        """
        start, stop = max(0, int(first)), min(self.n_frames, int(np.ceil(last)))
        width = max(1, int(np.ceil((stop - start) / max(1, columns))))
        level = 0
        while FACTOR ** (level + 1) <= width and level + 1 < len(self.levels):
            level += 1
        unit = FACTOR**level
        each = -(-width // unit)
        step = unit * each
        # Columns begin at multiples of their width: panning does not make them flicker.
        start, stop = start // step * step, -(-max(stop, start + 1) // step) * step
        values = _pooled(self.levels[level][:, start // unit : stop // unit], each)
        return Pooled(values, start, start + values.shape[1] * step)


def _pooled(values: FloatImage, each: int) -> FloatImage:
    if each == 1:
        return values
    whole = values.shape[1] // each * each
    # fmax knows NaN for what it is: it does not hide the numbers beside it. Step by step, because
    # numpy reduces many short stretches four times as slowly.
    pooled = values[:, 0:whole:each].copy()
    for first in range(1, each):
        np.fmax(pooled, values[:, first:whole:each], out=pooled)
    if whole == values.shape[1]:
        return pooled
    return np.column_stack([pooled, np.fmax.reduce(values[:, whole:], axis=1)])
