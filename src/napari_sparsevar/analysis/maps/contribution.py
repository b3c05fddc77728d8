"""Which places drive the activity that follows: from coefficients of latents to a map of pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.maps.drive import Drive, drive
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection, to_image
from napari_sparsevar.analysis.maps.smoothing import smoothed

FloatArray = npt.NDArray[np.float64]


Lagged = tuple[sparse.csr_array, ...]


class Contribution(NamedTuple):
    """What every pixel drives.

    Attributes
    ----------
    image : ndarray of float32, shape (Y, X)
        How strongly, up or down.
    silences : ndarray of bool, shape (Y, X)
        Whether what follows goes down rather than up.
    """

    image: FloatImage
    silences: npt.NDArray[np.bool_]


def contribution_map(
    fitted: FittedVar, projection: Projection, silencing: npt.NDArray[np.bool_] | None = None
) -> Contribution:
    r"""Return how strongly every pixel drives what happens next, up or down.

    .. math:: m(u) = \sqrt{\rho(u) \max(P(u) - \bar N(u), 0) + \rho(u) S(u)}

    with the mean squares of what the pixel drives (``drive``): P up, S down where that is known to
    be real, and N down elsewhere; :math:`\rho` is the share of its activity that is no noise.
    Chance has no sign: what many edges too weak to be real add up to is as large among negative
    ones, so that their mean square, smoothed over a latent, is taken off (:math:`\bar N`).

    In standard deviations of a typical distant latent for one of the pixel's drive; how much of it
    may be chance says ``chance_map``. All zero where no edge between different places was found.

    Parameters
    ----------
    fitted : FittedVar
    projection : Projection
    silencing : ndarray of bool, shape (P, p), optional
        Negative effects known to be real: ``Significance.silencing``; by default none.
    """
    grid = projection.grid
    silent, others = Lagged(), fitted.distant
    if silencing is not None and silencing.any():
        silent, others = _told_apart(fitted, silencing)
    found = _drive_of_pixels(others, projection)
    usual = np.maximum(smoothed(to_image(found.negative, grid), grid.stride), 0.0)
    if grid.kept is not None:  # nothing is known of chance where no latent is
        usual = np.where(projection.covered, usual / projection.covered_around, 0.0)
    up = np.maximum(to_image(found.positive, grid) - usual, 0.0)
    down = np.zeros_like(up)
    if silent:
        down = to_image(_drive_of_pixels(silent, projection).negative, grid)
    image: FloatImage = np.sqrt((up + down) * projection.signal)
    return Contribution(image, down > up)


def _drive_of_pixels(edges: Lagged, projection: Projection) -> Drive:
    """Return the drive of every pixel of the padded field of view, (Y X,) each."""
    found = np.empty((2, projection.squares.size))
    found[:, projection.squares] = drive(edges, projection.amplitude, projection.sources_by_square)
    return Drive(*found)


def _told_apart(fitted: FittedVar, silencing: npt.NDArray[np.bool_]) -> tuple[Lagged, Lagged]:
    """Return the distant edges of each lag that silence, and the others, (p, p) each."""
    parts: tuple[list[sparse.csr_array], list[sparse.csr_array]] = [], []
    for lag, edges in enumerate(fitted.distant):
        rows = np.repeat(np.arange(edges.shape[0]), np.diff(edges.indptr))
        silent = (edges.data < 0) & silencing[lag * fitted.n_series + rows, edges.indices]
        for part, chosen in zip(parts, (silent, ~silent), strict=True):
            values = (edges.data[chosen], (rows[chosen], edges.indices[chosen]))
            part.append(sparse.csr_array(sparse.coo_array(values, shape=edges.shape)))
    return tuple(parts[0]), tuple(parts[1])


def chance_map(reach: FloatArray, projection: Projection) -> FloatImage:
    r"""Return what chance makes of ``contribution_map`` at every pixel, (Y, X).

    .. math:: c(u) = \sqrt{\rho(u) \sum_k |w_k(u)| r_k^2 \, / \sum_k |w_k(u)|}

    with the reach r of each latent and the mixture w of latents whose drive is that of the pixel.

    Parameters
    ----------
    reach : ndarray, shape (p,)
        ``Significance.chance``.
    projection : Projection
    """
    image: FloatImage = in_pixels(reach, projection) * np.sqrt(projection.signal)
    return image


def in_pixels(values: FloatArray, projection: Projection) -> FloatImage:
    """Return what holds of latents for pixels, which mix them: root mean squares, (Y, X)."""
    weights = abs(projection.sources_by_pixel)
    whole = np.maximum(np.asarray(weights.sum(axis=0)).ravel(), 1e-12)
    image: FloatImage = np.sqrt(to_image(weights.T @ values**2 / whole, projection.grid))
    return image
