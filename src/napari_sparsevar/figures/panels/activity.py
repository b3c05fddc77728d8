"""How active the whole field of view is over time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_FRAMES_AT_ONCE = 4096


def mean_activity(
    latents: npt.NDArray[np.float32], good: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the mean over latents of their absolute deviation from their mean, (T,).

    Every latent counts in units of its own standard deviation, so the value is about 0.8 for noise.

    Parameters
    ----------
    latents : ndarray, shape (T, p)
        May be mapped from disk; a part is read at a time.
    good : ndarray of bool, shape (T,)
        Frames that were used; the others are NaN.
    """
    parts = [
        slice(start, start + _FRAMES_AT_ONCE) for start in range(0, len(latents), _FRAMES_AT_ONCE)
    ]
    used = max(1, int(good.sum()))
    mean = sum(latents[part][good[part]].sum(axis=0, dtype=float) for part in parts) / used
    square = sum(((latents[part][good[part]] - mean) ** 2).sum(axis=0) for part in parts) / used
    scale = np.sqrt(np.maximum(square, np.finfo(float).tiny))
    activity = [(np.abs(latents[part] - mean) / scale).mean(axis=1) for part in parts]
    return np.where(good, np.concatenate(activity), np.nan)


def frames_each(n_frames: int, longest: int) -> int:
    """Return how many frames each of at most ``longest`` points stands for."""
    return -(-n_frames // longest)


def binned(values: FloatArray, longest: int) -> tuple[FloatArray, FloatArray]:
    """Return centres (in frames) and means of equal bins, at most ``longest``; NaN are left out."""
    size = frames_each(len(values), longest)
    edges = np.arange(0, len(values), size)
    centres = edges + (np.diff([*edges, len(values)]) - 1) / 2
    known = np.isfinite(values)
    counts = np.add.reduceat(known.astype(float), edges)
    sums = np.add.reduceat(np.where(known, values, 0.0), edges)
    return centres, np.divide(sums, counts, out=np.full(len(edges), np.nan), where=counts > 0)
