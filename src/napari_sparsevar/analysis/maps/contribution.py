"""Which places drive the activity that follows: from coefficients of latents to a map of pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.maps.drive import drive
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection, to_image
from napari_sparsevar.analysis.maps.smoothing import smoothed

FloatArray = npt.NDArray[np.float64]


def contribution_map(fitted: FittedVar, projection: Projection) -> FloatImage:
    r"""Return how strongly every pixel drives what happens next, (Y, X).

    .. math:: m(u) = \sqrt{\rho(u) \max(P(u) - \bar N(u), 0)}

    with P the mean square of what the pixel drives positively (``drive``), and :math:`\rho` the
    share of its activity that is no noise. Chance has no sign: what many edges too weak to be real
    add up to is as large among negative ones, so that their mean square, smoothed over a latent, is
    taken off (:math:`\bar N`). Real negative influences count against a place;
    with the background removed most are echoes of that removal, and ``influence`` shows both signs.

    In standard deviations of a typical distant latent for one of the pixel's drive; how much of it
    may be chance says ``chance_map``. All zero where no edge between different places was found.
    """
    grid = projection.grid
    found = drive(fitted.distant, projection.amplitude, projection.sources_by_pixel)
    usual = np.maximum(smoothed(to_image(found.negative, grid), grid.stride), 0.0)
    if grid.kept is not None:  # nothing is known of chance where no latent is
        share = smoothed(projection.covered.astype(np.float32), grid.stride)
        usual = np.where(projection.covered, usual / np.maximum(share, 0.1), 0.0)
    beyond = np.maximum(to_image(found.positive, grid) - usual, 0.0)
    image: FloatImage = np.sqrt(beyond * projection.signal)
    return image


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
