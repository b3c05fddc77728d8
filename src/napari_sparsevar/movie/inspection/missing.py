"""Pixels without a value: NaN, infinite, or the rim that registration fills with one number."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BoolArray = NDArray[np.bool_]

_NATURAL = 0.05
"""Share of the other pixels up to which the value of a rim is rare enough to be a filling."""

_BESIDE_PX = 3
_TURNED = 3  # of four corners
_ALIKE = 6
"""So many pixels of one value at a corner are no chance."""


def missing_pixels(frames: NDArray[Any]) -> BoolArray | None:
    """Return which pixels hold nothing.

    Parameters
    ----------
    frames : ndarray, shape (t, Y, X)
        Pixels of any real type.

    Returns
    -------
    ndarray of bool, shape (t, Y, X), or None
        True where a pixel is NaN or infinite, also once it is a float32, or belongs to a rim that
        is filled with one number; None where there is no such pixel.
    """
    absent: BoolArray | None = None
    if frames.dtype.kind == "f":
        with np.errstate(over="ignore"):
            finite = np.isfinite(frames.astype(np.float32, copy=False))
        absent = None if finite.all() else ~finite
    for index, value in _filled_corners(frames):
        rim = _rim(frames[index] == value)
        if rim is not None:
            absent = np.zeros(frames.shape, bool) if absent is None else absent
            absent[index] |= rim
    return absent


def _filled_corners(frames: NDArray[Any]) -> list[tuple[int, Any]]:
    """Return frames of which an edge is of one value from a corner on, and that value."""
    found = set()
    for rows, columns in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        turned = frames[:, ::rows, ::columns]
        for edge in (turned[:, 0, :_ALIKE], turned[:, :_ALIKE, 0]):
            alike = (edge == edge[:, :1]).all(axis=1)
            found |= {(int(i), edge[i, 0].item()) for i in np.flatnonzero(alike)}
    return sorted(found)


def _rim(same: BoolArray) -> BoolArray | None:
    """Return pixels (Y, X) of one value that reach to the edge in a row or a column.

    None where they are neither a whole edge (a shift) nor corners (a turn), where the value is as
    usual elsewhere or beside them (dark pixels, no filling), and where they are most of the frame,
    but not all: black around cells that were cut out.
    """
    rim = np.zeros_like(same)
    for axis in (0, 1):
        rim |= np.logical_and.accumulate(same, axis=axis)
        rim |= np.flip(np.logical_and.accumulate(np.flip(same, axis), axis=axis), axis)
    n_rim = int(rim.sum())
    shifted = any(edge.all() for edge in (same[0], same[-1], same[:, 0], same[:, -1]))
    turned = same[:: max(1, len(same) - 1), :: max(1, same.shape[1] - 1)].sum() >= _TURNED
    cut_out = 2 * n_rim > same.size > n_rim
    if cut_out or not (shifted or turned):
        return None
    beside = ndimage.binary_dilation(rim, iterations=_BESIDE_PX) & ~rim
    natural = any(same[part].mean() > _NATURAL for part in (~rim, beside) if part.any())
    return None if natural else rim


class Uncounted(NamedTuple):
    """What is left out so that nothing missing is left: pixels of all frames, and whole frames.

    Attributes
    ----------
    pixels : ndarray of bool, shape (Y, X)
    frames : ndarray of bool, shape (T,)
    """

    pixels: BoolArray
    frames: BoolArray


class Missing:
    """Learns block by block where pixels are missing, and says what is best left out.

    Parameters
    ----------
    n_frames : int
    shape : tuple of int
        Height and width in pixels.
    """

    def __init__(self, n_frames: int, shape: tuple[int, int]) -> None:
        self._counts = np.zeros(n_frames, np.int64)
        # How much is missing in the frame with the least missing of those that lack this pixel.
        self._least = np.full(shape, np.iinfo(np.int64).max)

    def add(self, start: int, absent: BoolArray) -> None:
        """Look at the missing pixels (t, Y, X) of one block whose first frame is ``start``."""
        counts = absent.sum(axis=(1, 2))
        self._counts[start : start + len(absent)] = counts
        for index in np.flatnonzero(counts):
            here = absent[index]
            self._least[here] = np.minimum(self._least[here], counts[index])

    def uncounted(self) -> Uncounted:
        """Return the pixels and frames that are left out.

        Frames that lack more than a limit are left out, and the pixels that any other lacks; of all
        limits the one at which the shares of pixels and of frames add up to the least.
        """
        limits = np.unique(np.append(self._counts, 0))
        n_pixels = np.searchsorted(np.sort(self._least, axis=None), limits, side="right")
        n_kept = np.searchsorted(np.sort(self._counts), limits, side="right")
        cost = n_pixels / self._least.size + 1.0 - n_kept / max(len(self._counts), 1)
        limit = limits[int(np.argmin(cost))]
        return Uncounted(self._least <= limit, self._counts > limit)
