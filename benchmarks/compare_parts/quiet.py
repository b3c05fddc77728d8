"""Traces of cells that are silent most of the time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Array = npt.NDArray[np.float64]

N_CELLS, FOLLOWERS, BURN_IN_S = 40, 3, 10.0
LONGEST_BURST, BURST_S = 8, 0.5
NEUROPIL_S = 1.5


@dataclass(frozen=True)
class Quiet:
    """What is simulated.

    Attributes
    ----------
    name : str
    decay_s : (float, float)
        Range of the decay of calcium over cells.
    coupling : float
        Share of a driver's events that is passed on, one frame later.
    fps : float
    noise : float
        Standard deviation of white noise; an event has an amplitude of 1 on average.
    neuropil : float
        Largest share of a slow signal common to all, in the same units.
    """

    name: str
    decay_s: tuple[float, float]
    coupling: float = 0.0
    fps: float = 30.0
    noise: float = 0.3
    neuropil: float = 0.3


QUIET = [
    Quiet("decay 0.2-0.5 s", (0.2, 0.5)),
    Quiet("decay 0.2-0.5 s, coupling 0.5", (0.2, 0.5), 0.5),
    Quiet("decay 0.5-1.5 s", (0.5, 1.5)),
    Quiet("decay 0.5-1.5 s, coupling 0.5", (0.5, 1.5), 0.5),
]


def bursts(case: Quiet, frames: int, rng: np.random.Generator) -> Array:
    """Return amplitudes of events, (T, n): rates of 0.02-0.3 Hz, a third of them starts a burst."""
    rate = np.exp(rng.uniform(np.log(0.02), np.log(0.3), N_CELLS)) / case.fps
    fired = np.zeros((frames, N_CELLS))
    for start, cell in np.argwhere(rng.random((frames, N_CELLS)) < rate):
        more = rng.integers(1, LONGEST_BURST) if rng.random() < 1 / 3 else 0
        later = start + np.append(0, rng.integers(0, round(BURST_S * case.fps), more))
        np.add.at(
            fired[:, cell], later[later < frames], rng.exponential(1.0, more + 1)[later < frames]
        )
    return fired


def quiet_traces(case: Quiet, frames: int, seed: int) -> Array:
    """Return fluorescence (T, n) of a stationary recording."""
    rng = np.random.default_rng([seed, frames])
    spare = round(BURN_IN_S * case.fps)
    fired = bursts(case, frames + spare, rng)
    for driver in range(N_CELLS // 8):
        for cell in rng.choice(np.arange(N_CELLS // 8, N_CELLS), FOLLOWERS, replace=False):
            passed = (rng.random(len(fired)) < case.coupling) * fired[:, driver]
            fired[1:, cell] += passed[:-1]
    keep = np.exp(-1.0 / (case.fps * rng.uniform(*case.decay_s, N_CELLS)))
    light = np.stack(
        [lfilter([1.0], [1.0, -one], events) for one, events in zip(keep, fired.T, strict=True)], 1
    )
    memory = np.exp(-1.0 / (NEUROPIL_S * case.fps))
    slow = lfilter([np.sqrt(1 - memory**2)], [1.0, -memory], rng.standard_normal(len(light)))
    light += slow[:, None] * rng.uniform(0, case.neuropil, N_CELLS)
    return (light + case.noise * rng.standard_normal(light.shape))[spare:]
