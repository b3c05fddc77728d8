"""Line phase: how far every other line of a bidirectional scan is off along the fast axis.

A line is compared with those above and below. The sum of their cross-spectra over lines and
frames, C(k), holds no noise in expectation, for that of different lines is independent, and turns
with the phase d: ``d = argmax Re sum_k W(k) C(k) exp(2 pi i k d)``, where W is a band between noise
and neuropil. Motion of the frame does not matter: it moves both kinds of lines.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

from napari_sparsevar.movie.registration.interpolation import moved

Float32Array = npt.NDArray[np.float32]

_FINE_PX, _WIDE_PX = 1.5, 8.0
_FARTHEST_PX, _STEP_PX = 8.0, 0.01
_BANDS = 12
"""Of lines, left out in turn: what is found without one tells how sure it is (jackknife)."""
_LEAST_PX, _ERRORS = 0.15, 4.0
"""A phase counts that is at least so large, and so many of its standard errors."""


def line_phase(frames: npt.NDArray[np.generic]) -> float:
    """Return how far odd lines are off along x against even lines, in pixels; 0 if not surely.

    Parameters
    ----------
    frames : ndarray, shape (t, Y, X)
        As they were recorded; they may have moved.
    """
    _, n_lines, n_columns = frames.shape
    if n_lines < 2 * _BANDS or n_columns < 2 * _FARTHEST_PX:
        return 0.0
    crossed = np.sum([_crossed(frame) for frame in frames], axis=0)
    bands = np.stack([band.sum(axis=0) for band in np.array_split(crossed, _BANDS)])
    whole = bands.sum(axis=0)
    found = _turned(whole, n_columns)
    others = np.array([_turned(whole - band, n_columns) for band in bands])
    error = float(np.sqrt((_BANDS - 1) * others.var()))
    return found if abs(found) >= max(_LEAST_PX, _ERRORS * error) else 0.0


def aligned(frame: Float32Array, phase: float, outside: float = 0.0) -> Float32Array:
    """Return a frame (Y, X) of which odd lines are off by a phase as it would lie without it."""
    back = frame.copy()
    back[1::2] = moved(frame[1::2], np.array([0.0, phase]), outside)
    return back


def all_aligned(frames: npt.NDArray[np.generic], phase: float) -> Float32Array:
    """Return frames (t, Y, X) to look at: outside of what they show is their mean."""
    return np.stack([aligned(frame.astype(np.float32), phase, _mean(frame)) for frame in frames])


def _mean(frame: npt.NDArray[Any]) -> float:
    return float(np.nanmean(frame)) if np.isfinite(frame).any() else 0.0


def _crossed(frame: npt.NDArray[np.generic]) -> npt.NDArray[np.complex128]:
    """Return cross-spectra of each inner line of a frame with those around it, odd with even."""
    known = frame.astype(np.float32)
    known -= _mean(known)
    wave = np.hanning(known.shape[1] + 2)[1:-1].astype(np.float32)
    seen = fft.rfft(np.nan_to_num(known) * wave, axis=1).astype(np.complex128)
    found = np.conj(seen[:-2] + seen[2:]) * seen[1:-1]
    found[1::2] = np.conj(found[1::2])  # an even line among odd ones is off the other way
    return np.asarray(found, np.complex128)


def _turned(crossed: npt.NDArray[np.complex128], n_columns: int) -> float:
    frequency = fft.rfftfreq(n_columns)
    fine, wide = (np.exp(-2 * (np.pi * px * frequency) ** 2) for px in (_FINE_PX, _WIDE_PX))
    tried = np.arange(-_FARTHEST_PX, _FARTHEST_PX + _STEP_PX / 2, _STEP_PX)
    turns = np.exp(2j * np.pi * np.outer(tried, frequency))
    alike = (turns @ ((fine - wide) ** 2 * crossed)).real
    at = int(alike.argmax())
    inside = 0 < at < len(tried) - 1  # else nothing was recognised
    return float(round(tried[at], 2)) if inside else 0.0
