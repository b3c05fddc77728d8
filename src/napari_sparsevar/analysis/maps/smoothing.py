"""Gaussian smoothing of an image, in a time that does not depend on how far it reaches."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft

FloatImage = npt.NDArray[np.float32]

_REACH = 4.0  # standard deviations, as in scipy.ndimage


def smoothed(image: FloatImage, deviation: float) -> FloatImage:
    """Return an image smoothed with a Gaussian, mirrored at its edges, (Y, X).

    The same as ``scipy.ndimage.gaussian_filter``: an even image is a sum of cosines, and smoothing
    scales each of them. What is nothing may come back as little more or less, by rounding.

    Parameters
    ----------
    image : ndarray of float32, shape (Y, X)
    deviation : float
        In pixels.
    """
    rows, columns = (_response(length, float(deviation)) for length in image.shape)
    cosines = fft.dctn(image)
    cosines *= rows[:, None]
    cosines *= columns
    result: FloatImage = fft.idctn(cosines, overwrite_x=True)
    return result


@lru_cache(maxsize=16)
def _response(length: int, deviation: float) -> npt.NDArray[np.float32]:
    """Return by how much the Gaussian scales each cosine of a line, (length,)."""
    distance = np.arange(1, int(_REACH * deviation + 0.5) + 1)
    weights = np.exp(-0.5 * (distance / deviation) ** 2)
    waves = np.cos(np.pi * np.arange(length)[:, None] * distance / length)
    response = (1.0 + 2.0 * waves @ weights) / (1.0 + 2.0 * weights.sum())
    scaled: npt.NDArray[np.float32] = response.astype(np.float32)
    return scaled
