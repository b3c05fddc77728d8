"""Which places drive the activity that follows: from coefficients of latents to a map of pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from napari_sparsevar.analysis.fitting import FittedVar
from napari_sparsevar.model.grid import LatentGrid

FloatImage = npt.NDArray[np.float32]

_FLOOR = 0.1
"""Share of the median variance of all pixels that is added to each, so that a pixel in which
nothing ever happens is not blown up."""


def amplitude(fitted: FittedVar, footprints: sparse.csr_array) -> npt.NDArray[np.float64]:
    """Return how much one standard deviation of each latent's innovation moves the frame, (p,).

    Root of the summed squares over pixels, in units of the noise scale of a pixel.

    Parameters
    ----------
    fitted : FittedVar
    footprints : csr_array, shape (p, Y X)
        What each latent adds to a frame.
    """
    squares = np.asarray(footprints.multiply(footprints).sum(axis=1)).ravel()
    scale = (fitted.deviation * fitted.scale).cpu().numpy()
    return np.asarray(np.sqrt(squares) * scale)


def source_weights(fitted: FittedVar, footprints: sparse.csr_array) -> sparse.csr_array:
    """Return the drive of every pixel as a mixture of the latents' drives, (p, Y X).

    A pixel's activity is what is decoded there, so latent k has the weight ``d_k(u) s_k``, its
    footprint times its standard deviation, divided by the standard deviation of the mixture. Only
    latents of one neighbourhood mix.
    """
    deviation = fitted.deviation.cpu().numpy()
    mixture = sparse.csr_array(footprints.multiply(deviation[:, None]))
    size = fitted.n_latents
    near = (fitted.weights[:size] == 0).cpu().numpy()
    gram = sparse.csr_array(np.where(near, fitted.statistics.gram[:size, :size].cpu().numpy(), 0.0))
    variance = np.asarray(mixture.multiply(gram @ mixture).sum(axis=0)).ravel()
    active = variance[variance > 0]
    floor = _FLOOR * float(np.median(active)) if active.size else 1.0
    return sparse.csr_array(mixture.multiply(1.0 / np.sqrt(np.maximum(variance, 0.0) + floor)))


class Drive(NamedTuple):
    """How strongly sources drive distant places, mean squares, one number a source each.

    Attributes
    ----------
    positive, negative : ndarray, shape (sources,)
        Mean square over distant latents and lags of ``max(B'w, 0)`` and of ``max(-B'w, 0)``: by how
        many standard deviations each moves when the source moves by one, every latent counting by
        its ``amplitude``.
    """

    positive: npt.NDArray[np.float64]
    negative: npt.NDArray[np.float64]


def drive(fitted: FittedVar, footprints: sparse.csr_array, weights: sparse.csr_array) -> Drive:
    """Return how strongly sources drive distant places.

    Parameters
    ----------
    fitted : FittedVar
    footprints : csr_array, shape (p, Y X)
    weights : csr_array, shape (p, sources)
        Each source as a mixture of latents' drives.
    """
    counted = amplitude(fitted, footprints)
    positive, negative = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
    for coefficients in fitted.distant():
        moved = sparse.csr_array(sparse.csr_array(coefficients.T) @ weights)
        squares, values = moved.copy(), moved.data
        squares.data = np.maximum(values, 0.0) ** 2
        positive += np.asarray(counted @ squares)
        squares.data = np.minimum(values, 0.0) ** 2
        negative += np.asarray(counted @ squares)
    total = max(float(counted.sum()), 1e-12)
    return Drive(positive / total, negative / total)


def signal_image(fitted: FittedVar, footprints: sparse.csr_array, grid: LatentGrid) -> FloatImage:
    """Return the share of what is decoded in each pixel that is activity and not noise, (Y, X)."""
    squares = sparse.csr_array(footprints.multiply(fitted.deviation.cpu().numpy()[:, None]))
    squares.data = squares.data**2
    whole = np.asarray(squares.sum(axis=0)).ravel()
    signal = squares.T @ fitted.signal.cpu().numpy()
    return to_image(signal / np.maximum(whole, 1e-12), grid)


def to_image(values: npt.NDArray[np.float64], grid: LatentGrid) -> FloatImage:
    """Return flat pixels (Y X) of the padded field of view as an image of the field of view."""
    image = values.reshape(grid.padded_shape)[: grid.shape[0], : grid.shape[1]]
    return np.ascontiguousarray(image, dtype=np.float32)


def contribution_map(
    fitted: FittedVar, footprints: sparse.csr_array, grid: LatentGrid
) -> FloatImage:
    r"""Return every pixel's share in driving what happens next, (Y, X), the largest being 1.

    .. math:: m(u) = \sqrt{\rho(u) \max(P(u) - \bar N(u), 0)}

    with P the mean square of what the pixel drives positively (``drive``), and :math:`\rho` the
    share of its activity that is no noise. Chance has no sign: what many edges too weak to be real
    add up to is as large among negative ones, so that their mean square, smoothed over a latent, is
    taken for the chance level :math:`\bar N`. Real negative influences count against a place;
    with the background removed most are echoes of that removal, and ``influence`` shows both signs.

    All zero where no edge between different places was found.
    """
    found = drive(fitted, footprints, source_weights(fitted, footprints))
    chance = ndimage.gaussian_filter(to_image(found.negative, grid), grid.stride)
    beyond = np.maximum(to_image(found.positive, grid) - chance, 0.0)
    image: FloatImage = np.sqrt(beyond * signal_image(fitted, footprints, grid))
    largest = float(image.max())
    if largest > 0:
        image /= largest
    return image
