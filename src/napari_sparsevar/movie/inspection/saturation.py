"""Whether the brightest pixels pile up, as they do where a detector is saturated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_FLOAT_BITS = 20  # of a float32, sign and exponent included: steps of 1/2048
_TOGETHER = 2**19  # values: NumPy counts them as 64-bit numbers, which stay in the cache
_MOST_BINS, _LEVELS_PER_BIN = 128, 8
_LEAST_VALUES = 20  # fewer pixel values are never called a pile
_BUMP = 2.5  # times what lies just below
_TOP = 0.4  # of the range is searched


class Histogram:
    """Counts how often each grey value occurs, block by block.

    Whole numbers of up to 16 bits are counted exactly, others to 1 part in 2048.

    Parameters
    ----------
    dtype : dtype
        Type of the pixels.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._exact = self._dtype.kind in "ui" and self._dtype.itemsize <= 2
        self._lowest = int(np.iinfo(self._dtype).min) if self._exact else 0
        bits = 8 * self._dtype.itemsize if self._exact else _FLOAT_BITS
        self._counts = np.zeros(2**bits, dtype=np.int64)

    def add(self, values: NDArray[Any]) -> None:
        """Count the values of one block.

        Parameters
        ----------
        values : ndarray
            Finite pixels of any shape.
        """
        if self._exact:
            flat = values.ravel()
            keys = flat if self._lowest == 0 else flat.astype(np.int32) - self._lowest
        else:
            keys = _order_preserving(values.astype(np.float32).ravel())
        for first in range(0, len(keys), _TOGETHER):
            piece = keys[first : first + _TOGETHER]
            self._counts += np.bincount(piece, minlength=len(self._counts))

    def levels(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the values that occur and how often, in ascending order.

        Returns
        -------
        values : ndarray of float64, shape (n,)
            Grey values.
        counts : ndarray of int64, shape (n,)
            How many pixels have each.
        """
        keys = np.flatnonzero(self._counts)
        values = keys.astype(np.float64) + self._lowest if self._exact else _from_order(keys)
        return values, np.asarray(self._counts[keys])


def find_pile(values: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[float | None, int]:
    """Find the grey value above which pixels pile up at the top of a histogram.

    The pile may lie below the largest value a type can hold, and be smeared by the noise of the
    electronics or by registration: what counts is that a histogram that falls off rises again.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Grey values that occur, ascending.
    counts : ndarray, shape (n,)
        How many pixels have each.

    Returns
    -------
    level : float or None
        Where the pile begins; None where there is none.
    n_values : int
        How many pixel values lie at or above it.
    """
    level = _tie_at_top(values, counts)
    if level is None:
        level = _bump_near_top(values, counts)
    return level, 0 if level is None else int(counts[values >= level].sum())


def _tie_at_top(values: NDArray[np.float64], counts: NDArray[np.int64]) -> float | None:
    """Return the largest value if it is far more frequent than those just below."""
    below = counts[-4:-1]
    if len(below) < 3 or not _stands_out(float(counts[-1]), float(below.max())):
        return None
    return float(values[-1])


def _bump_near_top(values: NDArray[np.float64], counts: NDArray[np.int64]) -> float | None:
    # With few levels a bin would hold now one, now two of them and look like a bump.
    n_bins = min(_MOST_BINS, len(values) // _LEVELS_PER_BIN)
    if n_bins < 16:
        return None
    binned, edges = np.histogram(values, bins=n_bins, weights=counts)
    best, level = 0.0, None
    for k in range(max(5, int((1 - _TOP) * n_bins)), n_bins):
        # The bin before may hold the foot of the bump already.
        below = float(binned[k - 5 : k - 1].max())
        rise = float(binned[k]) - below
        if rise > best and _stands_out(float(binned[k]), below):
            foot = k - 1 if binned[k - 1] > 1.3 * below else k
            best, level = rise, float(edges[foot])
    return level


def _stands_out(count: float, below: float) -> bool:
    """Return whether a count is so much larger than those below that chance cannot explain it."""
    return count >= max(_LEAST_VALUES, _BUMP * below) and count - below > 6 * np.sqrt(count)


def _order_preserving(values: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the leading bits of each number, arranged so that larger numbers come later."""
    bits = values.view(np.uint32)
    negative = bits >> 31 == 1
    return (np.where(negative, ~bits, bits | 0x80000000) >> (32 - _FLOAT_BITS)).astype(np.intp)


def _from_order(keys: NDArray[np.intp]) -> NDArray[np.float64]:
    shifted = keys.astype(np.uint32) << (32 - _FLOAT_BITS)
    bits = np.where(shifted >> 31 == 1, shifted & 0x7FFFFFFF, ~shifted).astype(np.uint32)
    return bits.view(np.float32).astype(np.float64)
