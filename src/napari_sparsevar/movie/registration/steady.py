"""Shifts steadied in time, only as far as noise demands.

The deviation r of a shift from a smooth course is noise of known variance v and motion. Of it the
share ``a = v (1 - g) / E[r^2]`` is taken off, which makes the expected error least (Stein's
unbiased estimate of it; g is the weight of a frame in its own smooth course): much where deviations
are no larger than noise makes them, hardly anything where the field jitters. The width of the
smooth course is that of the least error; E is of the time around, so that a bout is not smoothed by
the rest before it, and a deviation far beyond it stays.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatArray = npt.NDArray[np.float64]

_WIDTHS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Standard deviations of the smooth course, in frames."""
_AROUND = 101
_FAR = 2.0
"""What is so many times as large as is usual around it is motion."""


def steadied(shifts: FloatArray, noise: FloatArray) -> FloatArray:
    """Return shifts with less noise.

    Parameters
    ----------
    shifts : ndarray, shape (T, 2)
    noise : ndarray, shape (2,)
        Variance of what noise adds to each.
    """
    found = [_course(values, float(v)) for values, v in zip(shifts.T, noise, strict=True)]
    return np.stack(found, axis=1)


def _course(values: FloatArray, noise: float) -> FloatArray:
    best, least = values, 0.0
    for width in _WIDTHS:
        if 3 * width > len(values):
            break
        deviation = values - ndimage.gaussian_filter1d(values, width, mode="nearest")
        of_noise = noise * (1.0 - _own_weight(width))
        usual = ndimage.uniform_filter1d(deviation**2, _AROUND, mode="nearest") + 1e-12
        share = np.minimum(of_noise / usual, 1.0)
        change = float((share**2 * usual - 2 * share * of_noise).mean())
        if change < least:
            far = np.maximum(usual, (deviation / _FAR) ** 2)
            best, least = values - np.minimum(of_noise / far, 1.0) * deviation, change
    return best


def _own_weight(width: float) -> float:
    middle = np.zeros(int(8 * width) + 3)
    middle[len(middle) // 2] = 1.0
    return float(ndimage.gaussian_filter1d(middle, width).max())
