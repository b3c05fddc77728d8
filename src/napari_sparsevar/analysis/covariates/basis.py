r"""How the past of a covariate counts: a few smooth bumps, fine near the present and wide far off.

Raised cosines in the logarithm of the lag (Pillow et al. 2008, Nature 454:995),

.. math:: b_j(l) = \tfrac12 + \tfrac12 \cos\bigl(\pi (u(l) - u_j) / 2 \Delta\bigr)
          \ \text{where}\ |u(l) - u_j| < 2 \Delta, \quad u(l) = \log(l + 0.1\,\mathrm{s}),

with :math:`u_j` at equal distances :math:`\Delta`. What follows an event may be sharp: each of the
lags just after one counts by itself, and bumps begin where these end. With bumps alone, cells that
answer a stimulus one frame after another seemed to drive each other
(``benchmarks/evidence_parts/covariates.py``).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LONGEST_S = 2.0
"""Seconds for which a covariate is taken to act: running and pupil go on longer, but then it is
their present that tells; a calcium transient lasts so long."""

SHARP_S = 0.5
"""Seconds after an event in which each frame counts by itself."""

N_BUMPS, N_LATE_BUMPS = 8, 5
"""Bumps over all lags of a continuous covariate, and over those of an event that are not sharp."""

FRAMES_WITHOUT_RATE = 30
"""Frames that are taken for the longest lag where the frame rate is not known."""

_NEAR_S = 0.1


class Kernels(NamedTuple):
    """How much the value of each of the last L frames counts, the present first.

    Attributes
    ----------
    continuous : ndarray, shape (L, J)
    event : ndarray, shape (L, J')
    """

    continuous: FloatArray
    event: FloatArray


def kernels_at(fps: float | None) -> Kernels:
    """Return how the past of covariates counts.

    Where frames are so long that there are hardly more lags than bumps, each lag counts by itself.

    Parameters
    ----------
    fps : float, optional
        Frames per second.
    """
    rate = fps or FRAMES_WITHOUT_RATE / LONGEST_S
    lags = np.arange(math.floor(LONGEST_S * rate) + 1) / rate
    sharp = int((lags <= SHARP_S).sum())
    event = np.eye(len(lags), sharp)
    return Kernels(_bumps(lags, N_BUMPS), np.column_stack([event, _late(lags, sharp)]))


def _late(lags: FloatArray, sharp: int) -> FloatArray:
    """Return bumps over the lags after the sharp ones, (L, J)."""
    found = _bumps(lags[sharp:], N_LATE_BUMPS)
    return np.concatenate([np.zeros((sharp, found.shape[1])), found])


def _bumps(lags: FloatArray, n: int) -> FloatArray:
    """Return raised cosines over some lags, (L, n), or each by itself where there are no more."""
    if len(lags) <= n:
        return np.eye(len(lags))
    place = np.log(lags + _NEAR_S)
    centres, step = np.linspace(place[0], place[-1], n, retstep=True)
    away = np.clip((place[:, None] - centres) / (2.0 * step), -1.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * away))
