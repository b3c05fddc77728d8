r"""Events behind calcium traces: non-negative deconvolution.

A trace is calcium that decays and is seen through noise,

.. math:: c_t = \gamma c_{t-1} + s_t, \qquad y_t = b + c_t + v_t, \qquad s_t \ge 0,

and the events s are those of the c nearest to y - b (Vogelstein et al. 2010, J. Neurophysiol.
104:3691), found exactly by pooling neighbours (Friedrich, Zhou & Paninski 2017, PLoS Comput. Biol.
13:e1005423). That calcium only rises by events keeps noise out, and with it most of what makes a
follower seem to foretell its driver.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from napari_sparsevar.analysis.fit.own_dynamics import Series
from napari_sparsevar.lasso.compiled import compiled, for_ranges
from napari_sparsevar.movie.traces import BASELINE_PERCENTILE

Float32Array = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LEAST_DECAY, LARGEST_DECAY = 0.05, 0.99

TRANSIENTS = 0.2
"""Median skewness of traces from which on they are taken for calcium: transients point upwards."""

_CLEAR, _RARE, _BUSY, _LOOKED_AT = 5.0, 0.999, 0.95, 128
"""Latents are read as events where the busiest twentieth of them rises above its median by this
many standard deviations of its noise in one frame of a thousand. Noise alone reaches 3.1, the
simulated movies on which a filter finds more 3.8, those on which events find more 7."""

RECENT = 2
"""Frames that a drive adds up: indicators rise over a frame or two, and noise shifts an event by
one. Of 1, 2 and 3 most drivers were listed with 2 on simulated movies of 30 Hz."""

_NUMBERS = 2**25
"""Numbers that are worked on together: 128 MB of them."""


class Events(NamedTuple):
    """Events behind series, and what else the model of calcium needs to tell the series again.

    Attributes
    ----------
    values : ndarray of float32, shape (T, n)
        In units of the series; in memory or mapped. 0 in frames that are not good.
    decay : float
        Share of the calcium that is left after a frame.
    baseline : ndarray of float32, shape (n,)
        What the series are on average without the calcium of these events.
    """

    values: Float32Array
    decay: float
    baseline: Float32Array


def looks_like_calcium(traces: Float32Array, good: BoolArray) -> bool:
    """Return whether traces (T, n) rise in transients, and are not noise or symmetric."""
    from scipy.stats import skew

    return bool(np.median(skew(traces[good], axis=0)) >= TRANSIENTS)


def transients_are_clear(series: Series) -> bool:
    """Return whether transients of the busier series stand out of their noise."""
    chosen = np.unique(np.linspace(0, series.size - 1, _LOOKED_AT).astype(int))
    some, good = _columns(series, chosen), series.good.numpy()
    if good.sum() < 3:
        return False
    rise = np.quantile(some[good], _RARE, axis=0) - np.median(some[good], axis=0)
    height = rise / np.maximum(noise_of(some, good), 1e-12)
    return bool(np.quantile(height, _BUSY) >= _CLEAR)


def events_behind(series: Series, found: Float32Array | None = None) -> Events:
    """Return the events of all series, which may be too many for memory.

    Parameters
    ----------
    series : Series
    found : ndarray of float32, shape (T, n), optional
        Where to write them, such as a map of a file.
    """
    decay, shape = decay_of(series), (len(series.values), series.size)
    values = np.empty(shape, np.float32) if found is None else found
    baseline = np.empty(series.size, np.float32)
    together = max(1, _NUMBERS // max(len(values), 1))
    for first in range(0, series.size, together):
        chosen = np.arange(first, min(first + together, series.size))
        part = _deconvolved(_columns(series, chosen), series.good.numpy(), series.starts, decay)
        values[:, chosen[0] : chosen[-1] + 1], baseline[chosen] = part.values, part.baseline
    return Events(values, decay, baseline)


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
    events = _deconvolved(traces, good, starts, decay).values
    events /= np.maximum(noise_of(traces, good), 1e-12)
    return events


def decay_of(series: Series) -> float:
    r"""Return the share of the calcium that is left after a frame.

    The autocovariance of the model at lag l is in proportion to :math:`\gamma^l` but at lag 0,
    which alone the noise reaches: the decay is that at lag 2 over that at lag 1. Cells have the
    same indicator, so the median over cells is taken. One decay for all has found as much as each
    cell's own where these differ (standard deviation 0.04), and more where there is noise.
    """
    found = series.autocovariance(series.standardiser(), 0, len(series.values), longest=2)
    own = (found[1] / found[0].clamp_min(1e-12)).numpy()
    return float(np.clip(np.median(own), LEAST_DECAY, LARGEST_DECAY))


def foretold_by_calcium(
    series: FloatArray,
    events: FloatArray,
    good: BoolArray,
    starts: Sequence[int],
    decay: float,
    usual: FloatArray,
) -> FloatArray:
    r"""Return what the calcium of the frame before foretells of series, (T, n).

    .. math:: \hat y_t = \gamma c_{t-1} + \bar s, \qquad c_t = \gamma c_{t-1} + s_t,

    where time jumps, calcium is what is seen in the first frame, and nothing foretells it.

    Parameters
    ----------
    series, events : ndarray of float64, shape (T, n)
        Series without their baseline, and the events behind them.
    good : ndarray of bool, shape (T,)
    starts : sequence of int
    decay : float
    usual : ndarray of float64, shape (n,)
        Mean events.
    """
    found = np.empty_like(series)
    for begin, end in pairwise([0, *starts, len(series)]):
        added, still = events[begin:end].copy(), usual / (1.0 - decay)
        added[0] = series[begin] if good[begin] else still
        calcium = lfilter([1.0], [1.0, -decay], added, axis=0)
        found[begin] = still
        found[begin + 1 : end] = decay * calcium[:-1] + usual
    return found


def remembered(decay: float) -> int:
    """Return after how many frames next to nothing is left of calcium."""
    return math.ceil(math.log(1e-6, decay))


def noise_of(traces: Float32Array, good: BoolArray) -> Float32Array:
    """Return the noise of each trace, (n,): from second differences, which calcium hardly has."""
    second = np.diff(traces[good], n=2, axis=0)
    middle = np.median(second, axis=0)
    return np.asarray(1.4826 * np.median(np.abs(second - middle), axis=0) / np.sqrt(6.0))


def _columns(series: Series, chosen: npt.NDArray[np.intp]) -> Float32Array:
    return np.concatenate([piece.numpy()[:, chosen] for _, piece in series.pieces()])


def _deconvolved(
    traces: Float32Array, good: BoolArray, starts: Sequence[int], decay: float
) -> Events:
    # One row a cell: each is worked on from end to end.
    rows = np.ascontiguousarray(_filled(traces, good).T)
    low = np.percentile(rows[:, good], BASELINE_PERCENTILE, axis=1).astype(np.float32)
    mean = rows[:, good].mean(axis=1)
    rows -= low[:, None]
    stretches = np.array([0, *starts, len(traces)])
    found = np.zeros_like(rows)

    def work(first: int, last: int) -> None:
        _pool(rows, decay, stretches, found, first, last)

    for_ranges(work, len(rows))
    events = np.ascontiguousarray(found.T)
    events[~good] = 0.0
    return Events(events, decay, mean - events[good].mean(axis=0) / (1.0 - decay))


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
    rows: Float32Array,
    gamma: float,
    stretches: npt.NDArray[np.int64],
    events: Float32Array,
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
