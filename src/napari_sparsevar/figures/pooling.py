"""Matrices with more fields than can be seen: several share one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def pooled(
    rank: npt.NDArray[np.float64], each: int, *matrices: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], ...]:
    """Return of each block of ``each`` x ``each`` fields the one that ranks highest.

    Parameters
    ----------
    rank : ndarray, shape (n, n)
        NaN for fields that are shown only where a block has no other.
    each : int
    *matrices : ndarray, shape (n, n)

    Returns
    -------
    tuple of ndarray, shape (ceil(n / each), ceil(n / each))
        Of each matrix the values of the same fields.
    """
    if each == 1:
        return matrices
    size = -(-len(rank) // each)

    def blocks(matrix: npt.NDArray[Any], filling: float = 0.0) -> npt.NDArray[Any]:
        missing = (0, size * each - len(matrix))
        padded = np.pad(matrix, missing, constant_values=filling)
        return padded.reshape(size, each, size, each).swapaxes(1, 2).reshape(size, size, -1)

    # What fills the last blocks up ranks below all that is there.
    ranked = blocks(np.nan_to_num(rank, nan=np.finfo(float).min), -np.inf)
    chosen = ranked.argmax(axis=2)[..., None]
    return tuple(np.take_along_axis(blocks(matrix), chosen, axis=2)[..., 0] for matrix in matrices)
