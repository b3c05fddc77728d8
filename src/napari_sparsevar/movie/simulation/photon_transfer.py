"""What one photon is worth in a recording, from how its noise grows with its light."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie

_PAIRS, _BINS, _LEAST_PIXELS = 200, 20, 400
_DIM = 0.75  # of the pixels: what is brighter is often a cell that is active or moves
_SATURATED = 0.98  # of the brightest value


class PhotonTransfer(NamedTuple):
    """How grey values come from photons.

    Attributes
    ----------
    mean : ndarray of float32, shape (Y, X)
        Of the frames that were looked at; NaN where one of them is.
    dark : float
        Grey value without light.
    gain : float
        Grey values a photon: variance of the noise for one grey value above dark.
    """

    mean: NDArray[np.float32]
    dark: float
    gain: float


def photon_transfer(movie: Movie) -> PhotonTransfer:
    """Estimate what one photon is worth.

    The variance of a pixel, from the difference of successive frames, is a line over its mean:
    its slope is the gain, and it is 0 where it is dark (Janesick 2007, Photon Transfer).

    Parameters
    ----------
    movie : Movie
        As it was recorded.

    Raises
    ------
    UserError
        If there are too few frames or pixels, or noise does not grow with light.
    """
    if movie.n_frames < 2 or np.prod(movie.shape) < _LEAST_PIXELS:
        raise UserError(
            f"{movie.name} is too small to tell noise from light: "
            f"2 frames and {_LEAST_PIXELS} pixels are needed."
        )
    first = np.unique(np.linspace(0, movie.n_frames - 2, _PAIRS).astype(int))
    pairs = [
        movie.data[chosen].compute(scheduler="synchronous").astype(np.float32)
        for chosen in (first, first + 1)
    ]
    mean = 0.5 * (pairs[0].mean(axis=0) + pairs[1].mean(axis=0))
    variance = 0.5 * ((pairs[1] - pairs[0]) ** 2).mean(axis=0)
    brightest = np.maximum(pairs[0].max(axis=0), pairs[1].max(axis=0))
    known = np.isfinite(mean) & (brightest < _SATURATED * np.nanmax(brightest))
    known &= mean <= np.quantile(mean[known], _DIM) if known.any() else False
    if known.sum() < _BINS:
        raise UserError(f"{movie.name} has no pixels of which the noise can be told from light.")
    of_bin = np.array_split(np.argsort(mean[known]), _BINS)
    light = [np.median(mean[known][each]) for each in of_bin]
    noise = [np.median(variance[known][each]) for each in of_bin]
    gain, intercept = np.polyfit(light, noise, 1)
    if not gain > 0:
        raise UserError(
            f"In {movie.name} noise does not grow with light, as photons' does: it may have been "
            "filtered or scaled. Take the recording as it was."
        )
    dark = min(-intercept / gain, float(np.nanmin(mean)))
    return PhotonTransfer(mean, float(dark), float(gain))
