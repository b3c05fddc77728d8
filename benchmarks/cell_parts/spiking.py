r"""Leaky integrate-and-fire neurons with depressing synapses, driven by noise.

As in Stetter et al. 2012 (PLoS Comput. Biol. 8:e1002653) and the connectomics challenge of 2014
(Orlandi et al. 2015, JMLR W&CP 46:1), with currents that decay exponentially. In mV and ms,

.. math:: 20 \dot V = -V + I, \qquad \dot I = -I / 2 + \sum_j w u_j \delta(t - d) + \xi,

a spike where V reaches 20, then V = 0 for 2 ms. A spike of neuron j sets u = 0.3 R of the resources
free that are left to it, and they recover (Tsodyks, Uziel & Markram 2000, J. Neurosci. 20:RC50)

.. math:: \dot R = (1 - R - E) / 500 - u \delta, \qquad \dot E = -E / 3 + u \delta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sparsevar.lasso.compiled import compiled

IntArray = npt.NDArray[np.int64]
Spikes = npt.NDArray[np.uint8]

STEP_MS = 1.0
TIME_CONSTANT, SYNAPSE, THRESHOLD, REFRACTORY = 20.0, 2.0, 20.0, 2
USE, RECOVERY, INACTIVATION = 0.3, 500.0, 3.0

BURST_WINDOW_MS, BURST_SHARE, BURST_APART_MS = 50, 0.4, 500


@dataclass(frozen=True)
class Drive:
    """Noise that every neuron receives, and how neurons reach each other.

    Attributes
    ----------
    rate_hz : float
        Of the events from outside.
    size_mv : float
        How far one of them lifts a neuron at rest.
    delay_ms : int
        Between a spike and what it does.
    """

    rate_hz: float = 1.6
    size_mv: float = 18.0
    delay_ms: int = 2


def simulate(
    wired: npt.NDArray[np.bool_], weight_mv: float, drive: Drive, seconds: float, seed: int
) -> Spikes:
    """Return whether each neuron spikes in each millisecond, (ms, n).

    Parameters
    ----------
    wired : ndarray of bool, shape (n, n)
        Rows drive columns.
    weight_mv : float
        How far a spike of a rested neuron lifts a target at rest.
    drive : Drive
    seconds : float
    seed : int
    """
    targets = [np.flatnonzero(row) for row in wired]
    begins = np.concatenate([[0], np.cumsum([len(row) for row in targets])]).astype(np.int64)
    flat = np.concatenate(targets).astype(np.int64)
    current = 1.0 / _peak()
    spikes = np.zeros((round(seconds * 1000), len(wired)), np.uint8)
    _run(
        flat,
        begins,
        weight_mv * current / USE,
        drive.size_mv * current,
        drive.rate_hz / 1000.0,
        drive.delay_ms,
        np.random.default_rng(seed),
        spikes,
    )
    return spikes


def bursts_per_second(spikes: Spikes) -> float:
    """Return how often 40 % of the neurons spike within 50 ms, bursts half a second apart."""
    n_ms = len(spikes) // BURST_WINDOW_MS * BURST_WINDOW_MS
    windows = spikes[:n_ms].reshape(-1, BURST_WINDOW_MS, spikes.shape[1])
    at = np.flatnonzero(windows.any(axis=1).mean(axis=1) >= BURST_SHARE)
    apart = np.diff(at, prepend=-(10**9)) * BURST_WINDOW_MS > BURST_APART_MS
    return float(apart.sum() / (n_ms / 1000.0))


def weight_for_bursts(
    wired: npt.NDArray[np.bool_], drive: Drive, wanted_hz: float, seed: int, seconds: float = 200.0
) -> float:
    """Return the weight at which bursts are as frequent as wanted, by halving the interval."""
    low, high = 0.0, THRESHOLD
    for _ in range(9):
        middle = (low + high) / 2.0
        often = bursts_per_second(simulate(wired, middle, drive, seconds, seed))
        low, high = (middle, high) if often < wanted_hz else (low, middle)
    return (low + high) / 2.0


def _peak() -> float:
    """Return how far a current of 1 lifts a neuron at rest, in the steps of the simulation."""
    voltage, current, highest = 0.0, 1.0, 0.0
    for _ in range(100):
        voltage += (-voltage + current) * STEP_MS / TIME_CONSTANT
        current *= np.exp(-STEP_MS / SYNAPSE)
        highest = max(highest, voltage)
    return highest


@compiled
def _run(
    targets: IntArray,
    begins: IntArray,
    weight: float,
    noise: float,
    probability: float,
    delay: int,
    rng: np.random.Generator,
    spikes: Spikes,
) -> None:
    """Write the spikes of all milliseconds."""
    n_steps, n = spikes.shape
    voltage, current = np.zeros(n), np.zeros(n)
    rested, active, silent = np.ones(n), np.zeros(n), np.zeros(n, np.int64)
    arriving = np.zeros((delay + 1, n))
    decay = np.exp(-STEP_MS / SYNAPSE)
    for t in range(n_steps):
        now = t % (delay + 1)
        for i in range(n):
            rested[i] += (1.0 - rested[i] - active[i]) * STEP_MS / RECOVERY
            active[i] -= active[i] * STEP_MS / INACTIVATION
            voltage[i] += (-voltage[i] + current[i]) * STEP_MS / TIME_CONSTANT
            current[i] = current[i] * decay + arriving[now, i]
            arriving[now, i] = 0.0
            if rng.random() < probability:
                current[i] += noise
            if silent[i] > 0:
                silent[i] -= 1
                voltage[i] = 0.0
            elif voltage[i] >= THRESHOLD:
                spikes[t, i] = 1
                voltage[i], silent[i] = 0.0, REFRACTORY
                freed = USE * rested[i]
                rested[i] -= freed
                active[i] += freed
                then = (t + delay) % (delay + 1)
                for k in range(begins[i], begins[i + 1]):
                    arriving[then, targets[k]] += weight * freed
