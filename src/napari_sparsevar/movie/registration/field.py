"""Shifts of parts of a frame: known at the middle of blocks, linear between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Local:
    """How far blocks of each frame are off, beyond all of it.

    Attributes
    ----------
    shifts : ndarray of float32, shape (T, ny, nx, 2)
        y and x in pixels.
    rows, columns : ndarray, shapes (ny,) and (nx,)
        Middle of each block, ascending.
    """

    shifts: Float32Array
    rows: FloatArray
    columns: FloatArray

    def checked(self, n_frames: int) -> Local:
        """Return it; ValueError if it is damaged."""
        expected = (n_frames, len(self.rows), len(self.columns), 2)
        ascend = all((np.diff(each) > 0).all() for each in (self.rows, self.columns))
        if self.shifts.shape != expected or not ascend or not np.isfinite(self.shifts).all():
            raise ValueError("shifts are y and x of every block")
        return self

    def field(self, number: int, shape: tuple[int, ...]) -> Float32Array:
        """Return the shift of each pixel of a frame, (2, Y, X)."""
        rows = weights_between(self.rows, shape[0])
        columns = weights_between(self.columns, shape[1])
        return field_of(self.shifts[number], rows, columns)


def weights_between(centres: FloatArray, length: int) -> Float32Array:
    """Return the weight of each centre at each pixel: linear, constant outside, (length, n)."""
    number = np.arange(len(centres))
    place = np.interp(np.arange(length), centres, number)
    return np.maximum(0.0, 1.0 - abs(place[:, None] - number)).astype(np.float32)


def field_of(shifts: Float32Array, rows: Float32Array, columns: Float32Array) -> Float32Array:
    """Return shifts (ny, nx, 2) spread over the pixels, (2, Y, X).

    Parameters
    ----------
    shifts : ndarray
    rows, columns : ndarray, shapes (Y, ny) and (X, nx)
        As ``weights_between`` makes them.
    """
    return np.stack([rows @ shifts[..., axis] @ columns.T for axis in range(2)])
