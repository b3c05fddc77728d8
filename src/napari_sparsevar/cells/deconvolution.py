r"""Events behind calcium traces: non-negative deconvolution.

A trace is calcium that decays and is seen through noise,

.. math:: c_t = \gamma c_{t-1} + s_t, \qquad y_t = b + c_t + v_t, \qquad s_t \ge 0,

and the events s are those of the c nearest to y - b (Vogelstein et al. 2010, J. Neurophysiol.
104:3691), found exactly by pooling neighbours (Friedrich, Zhou & Paninski 2017, PLoS Comput. Biol.
13:e1005423). That calcium only rises by events keeps noise out, and with it most of what makes a
follower seem to foretell its driver.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_sparsevar.lasso.compiled import compiled, for_ranges
from napari_sparsevar.movie.traces import BASELINE_PERCENTILE

Float32Array = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LEAST_DECAY, LARGEST_DECAY = 0.05, 0.99

TRANSIENTS = 0.2
"""Median skewness of traces from which on they are taken for calcium: transients point upwards."""


def looks_like_calcium(traces: Float32Array, good: BoolArray) -> bool:
    """Return whether traces (T, n) rise in transients, and are not noise or symmetric."""
    from scipy.stats import skew

    return bool(np.median(skew(traces[good], axis=0)) >= TRANSIENTS)


def events_of(
    traces: Float32Array, good: BoolArray, starts: Sequence[int], decay: float
) -> Float32Array:
    """Return the events of traces in units of their noise, (T, n).

    Parameters
    ----------
    traces : ndarray of float32, shape (T, n)
        Finite in good frames.
    good : ndarray of bool, shape (T,)
        Calcium is taken to go straight over others.
    starts : sequence of int
        Frames at which time jumps: nothing is known of the calcium there.
    decay : float
        Share of the calcium that is left after a frame: ``decay_of``.
    """
    # One row a cell: each is worked on from end to end.
    rows = np.ascontiguousarray(_filled(traces, good).T, dtype=np.float64)
    rows -= np.percentile(rows[:, good], BASELINE_PERCENTILE, axis=1, keepdims=True)
    stretches = np.array([0, *starts, len(traces)])
    found = np.zeros_like(rows)

    def work(first: int, last: int) -> None:
        _pool(rows, decay, stretches, found, first, last)

    for_ranges(work, len(rows))
    events = np.ascontiguousarray(found.T, dtype=np.float32)
    events /= np.maximum(noise_of(traces, good), 1e-12)
    events[~good] = 0.0
    return events


def decay_of(traces: Float32Array, good: BoolArray, starts: Sequence[int]) -> float:
    r"""Return the share of the calcium that is left after a frame.

    The autocovariance of the model at lag l is in proportion to :math:`\gamma^l` but at lag 0,
    which alone the noise reaches: the decay is that at lag 2 over that at lag 1. Cells have the
    same indicator, so the median over cells is taken. One decay for all has found as much as each
    cell's own where these differ (standard deviation 0.04), and more where there is noise.
    """
    number = np.zeros(len(traces), np.intp)
    number[list(starts)] = 1
    stretch = np.cumsum(number)
    centred = np.where(good[:, None], traces - traces[good].mean(axis=0), 0.0).astype(np.float32)
    covariance = []
    for lag in (1, 2):
        pairs = good[lag:] & good[:-lag] & (stretch[lag:] == stretch[:-lag])
        products = np.einsum("ti,ti->i", centred[lag:][pairs], centred[:-lag][pairs])
        covariance.append(products / max(int(pairs.sum()), 1))
    own = covariance[1] / np.maximum(covariance[0], 1e-12)
    return float(np.clip(np.median(own), LEAST_DECAY, LARGEST_DECAY))


def noise_of(traces: Float32Array, good: BoolArray) -> Float32Array:
    """Return the noise of each trace, (n,): from second differences, which calcium hardly has."""
    second = np.diff(traces[good], n=2, axis=0)
    middle = np.median(second, axis=0)
    return np.asarray(1.4826 * np.median(np.abs(second - middle), axis=0) / np.sqrt(6.0))


def _filled(traces: Float32Array, good: BoolArray) -> Float32Array:
    """Return the traces with a straight line over frames that are not good."""
    if good.all():
        return traces
    filled = traces.copy()
    known, missing = np.flatnonzero(good), np.flatnonzero(~good)
    after = np.clip(np.searchsorted(known, missing), 0, len(known) - 1)
    before = np.clip(after - 1, 0, len(known) - 1)
    span = np.maximum(known[after] - known[before], 1)
    share = np.clip((missing - known[before]) / span, 0.0, 1.0)[:, None].astype(np.float32)
    filled[missing] = (1.0 - share) * traces[known[before]] + share * traces[known[after]]
    return filled


@compiled
def _pool(
    rows: FloatArray,
    gamma: float,
    stretches: npt.NDArray[np.int64],
    events: FloatArray,
    first: int,
    last: int,
) -> None:
    """Write the events of cells ``first`` to ``last``, one stretch of time after the other."""
    longest = 0
    for index in range(stretches.size - 1):
        longest = max(longest, stretches[index + 1] - stretches[index])
    value, weight = np.empty(longest), np.empty(longest)
    start, length = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for cell in range(first, last):
        for index in range(stretches.size - 1):
            pool = -1
            for t in range(stretches[index], stretches[index + 1]):
                pool += 1
                value[pool], weight[pool] = rows[cell, t], 1.0
                start[pool], length[pool] = t, 1
                while pool > 0:
                    left = gamma ** length[pool - 1]
                    if value[pool] >= left * value[pool - 1]:
                        break
                    total = weight[pool - 1] + left * left * weight[pool]
                    mixed = weight[pool - 1] * value[pool - 1] + left * weight[pool] * value[pool]
                    value[pool - 1], weight[pool - 1] = mixed / total, total
                    length[pool - 1] += length[pool]
                    pool -= 1
            for number in range(1, pool + 1):
                before = gamma ** length[number - 1] * value[number - 1]
                events[cell, start[number]] = value[number] - before
