"""Calcium and light that follow events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from napari_sparsevar.movie.simulation.nuisances.activity import Kinetics


class _Indicator(NamedTuple):
    rise_s: float
    decay_s: tuple[float, float]
    hill: float


_INDICATORS = {
    "GCaMP6s": _Indicator(0.06, (0.6, 1.2), 2.9),
    "GCaMP6f": _Indicator(0.02, (0.2, 0.5), 2.27),
    "jGCaMP8m": _Indicator(0.005, (0.1, 0.3), 1.92),
}


class Light(NamedTuple):
    """What cells send out.

    Attributes
    ----------
    values : ndarray, shape (T, n_cells)
        Light above rest.
    cells : dict of ndarray, shape (n_cells,)
        Rise, decay and Hill coefficient of each cell.
    """

    values: NDArray[np.float64]
    cells: dict[str, NDArray[np.float32]]


def slowest_s(kinetics: Kinetics | None, decay_s: float) -> float:
    """Return the longest decay there may be."""
    return decay_s if kinetics is None else _of(kinetics).decay_s[1]


def light_of(
    events: NDArray[np.floating],
    kinetics: Kinetics | None,
    decay_s: float,
    fps: float,
    rng: np.random.Generator,
) -> Light:
    """Return the light that follows events.

    Parameters
    ----------
    events : ndarray, shape (T, n_cells)
        Size of the event in each frame.
    kinetics : Kinetics or None
        None: every event adds a step that decays exponentially.
    decay_s : float
        Time constant of that decay in seconds.
    fps : float
        Frames per second.
    rng : numpy.random.Generator
        Source of the decay of each cell, where there are kinetics.
    """
    n_cells = events.shape[1]
    if kinetics is None:
        decay = np.exp(-1.0 / (decay_s * fps)) if decay_s > 0 else 0.0
        values = lfilter([1.0], [1.0, -decay], events, axis=0)
        return Light(values, {"decay_s": np.full(n_cells, decay_s, np.float32)})
    chosen = _of(kinetics)
    decays = np.asarray(rng.uniform(*chosen.decay_s, size=n_cells))
    values = np.stack(
        [
            _risen(each, chosen.rise_s, decay, fps)
            for each, decay in zip(events.T, decays, strict=True)
        ],
        axis=1,
    )
    bound = np.maximum(values, 0.0) ** chosen.hill
    values = bound / (bound + kinetics.half**chosen.hill)
    same = np.ones(n_cells, np.float32)
    return Light(
        values,
        {
            "rise_s": chosen.rise_s * same,
            "decay_s": decays.astype(np.float32),
            "hill": chosen.hill * same,
        },
    )


def _risen(
    events: NDArray[np.floating], rise: float, decay: float, fps: float
) -> NDArray[np.float64]:
    """Return calcium that rises and decays; events lie in the middle of their frames."""
    fast = 1.0 / (1.0 / rise + 1.0 / decay)
    peak_at = rise * np.log1p(decay / rise)
    peak = np.exp(-peak_at / decay) - np.exp(-peak_at / fast)
    parts = [
        lfilter([np.exp(-0.5 / (tau * fps))], [1.0, -np.exp(-1.0 / (tau * fps))], events)
        for tau in (decay, fast)
    ]
    return np.asarray((parts[0] - parts[1]) / peak)


def _of(kinetics: Kinetics) -> _Indicator:
    usual = _INDICATORS[kinetics.indicator]
    return _Indicator(
        kinetics.rise_s or usual.rise_s,
        kinetics.decay_s or usual.decay_s,
        kinetics.hill or usual.hill,
    )
