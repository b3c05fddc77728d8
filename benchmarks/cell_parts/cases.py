"""The simulated networks on which methods are compared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cell_parts.fluorescence import SCATTERED, fluorescence
from cell_parts.spiking import Drive, bursts_per_second, simulate, weight_for_bursts
from cell_parts.wiring import clustered, layered

N_NEURONS, PROBABILITY, BURSTS_HZ = 100, 0.12, 0.1
LAYERS, INPUTS, FORWARD_MV = 5, 3, 15.0


@dataclass(frozen=True)
class Case:
    """A kind of network and how it is seen.

    Attributes
    ----------
    clustering : float or None
        None: layers that feed forward, without bursts.
    drive : Drive
    fps : float
    scattered : float
        Share of the light of neurons around that is added, at most.
    """

    clustering: float | None
    drive: Drive = field(default_factory=Drive)
    fps: float = 20.0
    scattered: float = SCATTERED


FORWARD = Case(None, Drive(rate_hz=3.0, delay_ms=50))

CASES = {
    "clustering 0.1": Case(0.1),
    "clustering 0.5": Case(0.5),
    "clustering 0.3, 50 Hz": Case(0.3, fps=50.0),
    "feed-forward, delay 50 ms": FORWARD,
    "feed-forward, no scattered light": replace(FORWARD, scattered=0.0),
}


class Recording(NamedTuple):
    """Traces of a simulated network, and the truth.

    Attributes
    ----------
    traces : ndarray of float32, shape (T, n)
    wired : ndarray of bool, shape (n, n)
        Rows drive columns.
    rate_hz, bursts_hz : float
        Spikes of a neuron, and bursts of the network, per second.
    """

    traces: npt.NDArray[np.float32]
    wired: npt.NDArray[np.bool_]
    rate_hz: float
    bursts_hz: float


def record(case: Case, n_frames: int, seed: int) -> Recording:
    """Return a recording; bursts are made as frequent as wanted by the weight of all synapses."""
    rng = np.random.default_rng(seed)
    if case.clustering is None:
        wired, weight = layered(N_NEURONS, LAYERS, INPUTS, rng), FORWARD_MV
    else:
        wired = clustered(N_NEURONS, PROBABILITY, case.clustering, rng)
        weight = weight_for_bursts(wired, case.drive, BURSTS_HZ, seed)
    spikes = simulate(wired, weight, case.drive, n_frames / case.fps, seed + 1000)
    places = rng.random((N_NEURONS, 2))
    traces = fluorescence(spikes, case.fps, places, rng, case.scattered)
    return Recording(traces, wired, float(spikes.mean() * 1000), bursts_per_second(spikes))
