"""Whether a few moments in which everything is active at once hold most of a recording."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.analysis.activity import Activity

BRIEFEST = 0.01
"""Share of the frames that is looked at."""

_FRAMES_AT_ONCE = 4096


def burst_share(activity: Activity) -> float:
    """Return which share of all activity lies in the busiest hundredth of the frames.

    Activity is the square of each series about its mean, every series counting alike. Steady
    activity of many series gives hardly more than a hundredth.
    """
    good = np.flatnonzero(activity.good)
    pieces = [good[i : i + _FRAMES_AT_ONCE] for i in range(0, len(good), _FRAMES_AT_ONCE)]
    total, squares = np.zeros((2, activity.series.shape[1]))
    for piece in pieces:
        values = np.asarray(activity.series[piece], np.float64)
        total += values.sum(axis=0)
        squares += np.square(values).sum(axis=0)
    mean = total / max(len(good), 1)
    variance = squares / max(len(good), 1) - mean**2
    weights = np.divide(1.0, variance, out=np.zeros_like(variance), where=variance > 0)
    each = np.concatenate([np.square(activity.series[piece] - mean) @ weights for piece in pieces])
    busiest = max(1, round(BRIEFEST * len(each)))
    whole = float(each.sum())
    return float(np.sort(each)[-busiest:].sum()) / whole if whole > 0 else 0.0
