"""How bright each trial is by itself, taken out so that light between trials drives nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]
Read = Callable[[int, int], Float32Array]
"""``read(start, stop)`` gives standardised frames (t, Y, X) of the whole field."""

_BYTES = 64_000_000
"""Of frames that are averaged at a time."""

_LARGEST = float(np.finfo(np.float16).max)


class TrialLevels:
    """Mean of the standardised frames of each trial, pixel by pixel.

    A trial is averaged when it is first asked for, and kept in half precision.

    Parameters
    ----------
    begins : sequence of int
        First frames of trials, ascending, without 0; none where there are no trials.
    good : ndarray of bool, shape (T,)
        Frames that count.
    """

    def __init__(self, begins: tuple[int, ...], good: BoolArray) -> None:
        self._trials = list(pairwise([0, *begins, len(good)])) if begins else []
        self._good = good
        self._known: dict[int, npt.NDArray[np.float16]] = {}

    def between(
        self, start: int, stop: int, read: Read
    ) -> Iterator[tuple[int, int, npt.NDArray[np.float16]]]:
        """Yield the stretches of trials in frames start .. stop, and the level (Y, X) of each."""
        for number, (first, last) in enumerate(self._trials):
            if first < stop and last > start:
                if number not in self._known:
                    self._known[number] = self._averaged(first, last, read)
                yield max(first, start), min(last, stop), self._known[number]

    def _averaged(self, first: int, last: int, read: Read) -> npt.NDArray[np.float16]:
        total, counted, length = 0.0, 0, 1
        while first < last:
            frames = read(first, min(first + length, last))
            good = self._good[first : first + len(frames)]
            total = total + frames[good].sum(axis=0, dtype=np.float64)
            counted += int(good.sum())
            first += len(frames)
            length = max(1, _BYTES // (4 * frames[0].size))
        mean = np.asarray(total) / max(counted, 1)
        return np.clip(mean, -_LARGEST, _LARGEST).astype(np.float16)
