r"""How the past of a covariate counts: a few smooth bumps, fine near the present and wide far off.

Raised cosines in the logarithm of the lag (Pillow et al. 2008, Nature 454:995),

.. math:: b_j(l) = \tfrac12 + \tfrac12 \cos\bigl(\pi (u(l) - u_j) / 2 \Delta\bigr)
          \ \text{where}\ |u(l) - u_j| < 2 \Delta, \quad u(l) = \log(l + 0.1\,\mathrm{s}),

with :math:`u_j` at equal distances :math:`\Delta` from the present to the longest lag.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

LONGEST_S = 2.0
"""Seconds for which a covariate is taken to act: running and pupil go on longer, but then it is
their present that tells; a calcium transient lasts so long."""

N_KERNELS = 8
"""Bumps over these lags."""

FRAMES_WITHOUT_RATE = 30
"""Frames that are taken for these seconds where the frame rate is not known."""

_NEAR_S = 0.1


def raised_cosines(fps: float | None) -> FloatArray:
    """Return the kernels, (L, J): row l is how much the value l frames ago counts in each.

    Fewer where frames are so long that there are no more lags than bumps: then each lag by itself.

    Parameters
    ----------
    fps : float, optional
        Frames per second.
    """
    rate = fps or FRAMES_WITHOUT_RATE / LONGEST_S
    lags = np.arange(math.floor(LONGEST_S * rate) + 1) / rate
    if len(lags) <= N_KERNELS:
        return np.eye(len(lags))
    place, last = np.log(lags + _NEAR_S), math.log(LONGEST_S + _NEAR_S)
    centres, step = np.linspace(math.log(_NEAR_S), last, N_KERNELS, retstep=True)
    away = np.clip((place[:, None] - centres) / (2.0 * step), -1.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * away))
