"""What a painted region drives, and what drives it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.analysis.contribution import FloatImage, source_weights, to_image
from napari_sparsevar.analysis.fitting import FittedVar
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.grid import BoolArray, LatentGrid

Direction = Literal["outgoing", "incoming"]


def influence_map(
    fitted: FittedVar,
    footprints: sparse.csr_array,
    grid: LatentGrid,
    region: BoolArray,
    direction: Direction,
) -> FloatImage:
    """Return the signed influence of or on a region, (Y, X), summed over lags.

    ``outgoing``: the change of every pixel's prediction, in noise scales, when the drive of the
    region's pixels is one standard deviation up, ``F' s B' W m / |m|``. ``incoming``: the change of
    the region's mean prediction when the drive of a pixel is one standard deviation up,
    ``W' B s F m / |m|``. F are the footprints, s the standard deviations of the innovations, B the
    coefficients between distant places, W the mixture of latents that makes the drive of each pixel
    and m the region.

    Parameters
    ----------
    fitted : FittedVar
    footprints : csr_array, shape (p, Y X)
    grid : LatentGrid
    region : ndarray of bool, shape (Y, X)
    direction : {"outgoing", "incoming"}

    Raises
    ------
    UserError
        If the region has another shape than the field of view, or is empty.
    """
    mask = _padded(region, grid)
    share = mask / mask.sum()
    coefficients = fitted.distant().sum(axis=0)
    scale = (fitted.deviation * fitted.scale).cpu().numpy()
    weights = source_weights(fitted, footprints)
    if direction == "outgoing":
        return to_image(footprints.T @ (scale * (coefficients.T @ (weights @ share))), grid)
    if direction == "incoming":
        return to_image(weights.T @ (coefficients @ (scale * (footprints @ share))), grid)
    raise UserError(f"The direction is '{direction}': choose 'outgoing' or 'incoming'.")


def _padded(region: BoolArray, grid: LatentGrid) -> npt.NDArray[np.float64]:
    mask = np.asarray(region, dtype=bool)
    if mask.shape != grid.shape:
        raise UserError(
            f"The region is {mask.shape} pixels but the movie {grid.shape}: "
            "paint it on the movie's own grid."
        )
    if not mask.any():
        raise UserError("The region is empty: paint at least one pixel.")
    padded = np.zeros(grid.padded_shape)
    padded[: grid.shape[0], : grid.shape[1]] = mask
    return padded.ravel()
