"""What a microscope sees of spikes: calcium, saturation, scattered light and noise.

As in Stetter et al. 2012 (PLoS Comput. Biol. 8:e1002653): a spike lets 50 µM of calcium in, which
is gone with a time constant of 1 s; half of the light is reached at 300 µM; light of neurons around
is added, 0.15 exp(-(distance / 0.15 mm)^2) of it; noise has a standard deviation of 0.03.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from cell_parts.spiking import Spikes

INFLUX_UM, DECAY_S, HALF_UM, NOISE = 50.0, 1.0, 300.0, 0.03
SCATTERED, REACH_MM = 0.15, 0.15


def fluorescence(
    spikes: Spikes,
    fps: float,
    positions_mm: npt.NDArray[np.float64],
    rng: np.random.Generator,
    scattered: float = SCATTERED,
) -> npt.NDArray[np.float32]:
    """Return the light of each neuron, (T, n), from its spikes (ms, n) and its place (n, 2)."""
    per_frame = round(1000 / fps)
    n_frames = len(spikes) // per_frame
    counts = spikes[: n_frames * per_frame].reshape(n_frames, per_frame, -1).sum(axis=1)
    kept = 1.0 - 1.0 / (fps * DECAY_S)
    calcium = lfilter([INFLUX_UM], [1.0, -kept], counts.astype(np.float64), axis=0)
    light = calcium / (calcium + HALF_UM)
    distance = np.linalg.norm(positions_mm[:, None] - positions_mm[None], axis=2)
    reaching = scattered * np.exp(-((distance / REACH_MM) ** 2))
    np.fill_diagonal(reaching, 1.0)
    noise = NOISE * rng.standard_normal(light.shape)
    return (light @ reaching + noise).astype(np.float32)
