"""Frames that a person has marked as bad on the timeline, or as good though they were found bad."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from psygnal import Signal

if TYPE_CHECKING:
    from napari.layers import Image

BoolArray = npt.NDArray[np.bool_]
_Said = npt.NDArray[np.int8]

_MOST_STEPS = 100  # that can be undone


class PaintedFrames:
    """What is said of the frames of each movie layer; the next training takes it over.

    Attributes
    ----------
    changed : psygnal.Signal
        Frames were marked, or the movie is another.
    found : ndarray of bool, shape (T,)
        Frames that were left out without anybody saying so, when last something was marked.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._of: weakref.WeakKeyDictionary[Image, list[_Said]] = weakref.WeakKeyDictionary()
        self._steps: list[_Said] = [np.zeros(0, np.int8)]
        self.found: BoolArray = np.zeros(0, bool)

    @property
    def bad(self) -> BoolArray:
        """Frames that were marked as bad, (T,)."""
        return np.asarray(self._steps[-1] > 0)

    @property
    def good(self) -> BoolArray:
        """Frames that were marked as good, whatever finds them bad, (T,)."""
        return np.asarray(self._steps[-1] < 0)

    @property
    def can_undo(self) -> bool:
        """Whether anything was marked."""
        return len(self._steps) > 1

    def follow(self, layer: Image | None, n_frames: int) -> None:
        """Turn to a movie layer of so many frames; what was said of the others is kept."""
        nothing = [np.zeros(n_frames, np.int8)]
        steps = nothing if layer is None else self._of.setdefault(layer, nothing)
        if len(steps[-1]) != n_frames:
            steps[:] = nothing
        self._steps = steps
        self.changed.emit()

    def mark(self, start: int, stop: int, found: BoolArray, *, bad: bool) -> None:
        """Mark frames start .. stop (exclusive) as bad or as good.

        Parameters
        ----------
        start, stop : int
        found : ndarray of bool, shape (T,)
            Frames that are left out without anybody saying so.
        bad : bool
        """
        said, self.found = self._steps[-1].copy(), found
        said[start:stop] = (
            np.where(found[start:stop], 0, 1) if bad else -found[start:stop].astype(int)
        )
        if (said != self._steps[-1]).any():
            self._steps.append(said)
            del self._steps[1 : len(self._steps) - _MOST_STEPS]
            self.changed.emit()

    def undo(self) -> None:
        """Take the last mark back."""
        if self.can_undo:
            self._steps.pop()
            self.changed.emit()
