"""From the times at which a covariate was sampled to a value a frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

MOST_STEPS = 3.0
"""In typical steps of its samples: over a longer gap a covariate is not known."""

_JUMP = 1.5
"""In steps: what lies between two frames that are further apart is in none."""


@dataclass(frozen=True, eq=False)
class FrameTimes:
    """When frames were taken.

    Attributes
    ----------
    begins : ndarray, shape (T,)
        In seconds, ascending.
    step : float
        How long a frame lasts.
    """

    begins: FloatArray
    step: float

    @classmethod
    def of_rate(cls, n_frames: int, fps: float) -> FrameTimes:
        """Return those of frames that were taken one after the other from time 0."""
        return cls(np.arange(n_frames) / fps, 1.0 / fps)

    def number(self, times: FloatArray) -> npt.NDArray[np.intp]:
        """Return the frame in which each time lies, -1 where it lies in none."""
        # Times that were written with few digits lie a little before the frame they mean.
        shifted = times + 1e-6 * self.step
        found = np.searchsorted(self.begins, shifted, side="right") - 1
        inside = (found >= 0) & (shifted < self._ends[np.maximum(found, 0)])
        return np.where(inside, found, -1)

    @cached_property
    def _ends(self) -> FloatArray:
        """When each frame ends: where the next begins, or after a step where time jumps."""
        steps = np.diff(self.begins, append=np.inf)
        return self.begins + np.where(steps < _JUMP * self.step, steps, self.step)


def means(times: FloatArray, values: FloatArray, frames: FrameTimes) -> FloatArray:
    """Return the mean of a sampled covariate over each frame, (T,).

    Where no sample lies in a frame, its middle is looked up on the line between the samples beside
    it, if these are near enough in time (``MOST_STEPS``); NaN elsewhere.

    Parameters
    ----------
    times, values : ndarray, shape (samples,)
        Ascending in time; a value that is NaN is no sample.
    frames : FrameTimes
    """
    typical = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    known = np.isfinite(values)
    times, values = times[known], values[known]
    n_frames = len(frames.begins)
    if not len(times):
        return np.full(n_frames, np.nan)
    number = frames.number(times)
    inside = number >= 0
    count = np.bincount(number[inside], minlength=n_frames)
    total = np.bincount(number[inside], values[inside], minlength=n_frames)
    middle = frames.begins + frames.step / 2.0
    after = np.clip(np.searchsorted(times, middle), 0, len(times) - 1)
    before = np.maximum(after - 1, 0)
    near = times[after] - times[before] <= MOST_STEPS * max(typical, frames.step)
    # The first and the last sample hold for the frame they are in and half a step around.
    reach = max(typical, frames.step) / 2.0 + 1e-9
    near &= (middle >= times[0] - reach) & (middle <= times[-1] + reach)
    between = np.where(near, np.interp(middle, times, values), np.nan)
    return np.where(count > 0, total / np.maximum(count, 1), between)


def counts(times: FloatArray, frames: FrameTimes) -> FloatArray:
    """Return how many events lie in each frame, (T,); those outside all frames are left out."""
    number = frames.number(times[np.isfinite(times)])
    return np.bincount(number[number >= 0], minlength=len(frames.begins)).astype(np.float64)
