"""Levels of bands of rows and of columns, which a stimulus or a shutter changes as a whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]

MOST_BANDS = 64
"""Of rows, and of columns."""

_PARTS = 8  # of each band
_NEARLY_ALL = 0.8  # of a band: cells are in fewer parts of it
_WIDER = 4  # times as wide are the next bands
_PERIOD, _STEPS = 4, 5000  # frames from one stimulus to the next; steps that are looked at


def band_levels(frames: Float32Array) -> Float32Array:
    """Return levels of bands of rows and of columns, and the same turned round, (t, 2 bands).

    A flash raises nearly all parts of a band, and cells some: the level is what nearly all parts
    exceed. Turned round, a shutter raises it too.
    """
    found = []
    for parts in _parts(frames):
        place = int((1.0 - _NEARLY_ALL) * parts.shape[2])
        for turned in (parts, -parts):
            found.append(np.partition(turned, place, axis=2)[:, :, place])
    return np.concatenate([*found[::2], *found[1::2]], axis=1)


def band_means(frames: Float32Array) -> Float32Array:
    """Return the means of bands of rows and of columns, (t, bands)."""
    return np.concatenate([parts.mean(axis=2) for parts in _parts(frames)], axis=1)


def _parts(frames: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Return means of the parts of bands of rows, and of columns, (t, bands, parts) each."""
    rows = _means(_means(frames, 1, MOST_BANDS), 2, _PARTS)
    return rows, _means(_means(frames, 2, MOST_BANDS), 1, _PARTS).swapaxes(1, 2)


def _means(frames: Float32Array, axis: int, most: int) -> Float32Array:
    """Return means over up to so many even pieces of an axis."""
    edges = np.linspace(0, frames.shape[axis], min(most, frames.shape[axis]) + 1).astype(int)
    sums = np.add.reduceat(frames, edges[:-1], axis=axis)
    size = np.diff(edges).astype(np.float32)
    return np.asarray(sums / (size[:, None] if axis == 1 else size))


def usual_step(bands: list[Float32Array]) -> FloatArray:
    """Return the standard deviation of a usual step of each level, (n,).

    The least of those over 1, 2, 3, ... frames: a stimulus that comes every third frame makes two
    of three steps from frame to frame large, and none over three frames.
    """
    return np.asarray(np.min([step_over(bands, lag) for lag in range(1, _PERIOD + 1)], axis=0))


def step_over(bands: list[Float32Array], lag: int) -> FloatArray:
    """Return the robust standard deviation of steps over so many frames, (n,)."""
    steps = [np.abs(each[lag:] - each[:-lag])[:: 1 + len(each) // _STEPS] for each in bands]
    every = np.concatenate(steps)
    none = np.zeros(every.shape[1])
    return np.asarray(np.median(every, axis=0) / 0.6745 if len(every) else none, np.float64)


def at_all_widths(levels: Float32Array, n_rows: int) -> Float32Array:
    """Return levels (t, bands) also of wider bands, and how all differ from the whole frame."""
    found = []
    for each in np.split(levels, 2, axis=1):  # as they are, and turned round
        whole = np.median(each, axis=1, keepdims=True)
        for bands in np.split(each, [n_rows], axis=1):
            n_bands = bands.shape[1]
            while n_bands:
                wide = _means(bands[:, None], 2, n_bands)[:, 0]
                found += [wide, wide - whole]
                n_bands //= _WIDER
    return np.concatenate(found, axis=1)
