"""What a painted region drives, and what drives it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.fitting import FittedVar
from napari_sparsevar.analysis.projection import FloatImage, Projection, mixed, to_image
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.grid import BoolArray, LatentGrid

Direction = Literal["outgoing", "incoming"]
FloatArray = npt.NDArray[np.float64]


def influence_map(
    fitted: FittedVar,
    projection: Projection,
    region: BoolArray,
    direction: Direction,
    lag: int | None = None,
) -> FloatImage:
    """Return the signed influence of or on a region, (Y, X).

    ``outgoing``: the change of every pixel's prediction, in noise scales, when the drive of the
    region's pixels is one standard deviation up, ``F' s B' W m / |m|``. ``incoming``: the change of
    the region's mean prediction when the drive of a pixel is one standard deviation up,
    ``W' B s F m / |m|``. F are the footprints, s the standard deviations of the innovations, B the
    coefficients between distant places, W the mixture of latents that makes the drive of each pixel
    and m the region.

    Parameters
    ----------
    fitted : FittedVar
    projection : Projection
    region : ndarray of bool, shape (Y, X)
    direction : {"outgoing", "incoming"}
    lag : int, optional
        Only what arrives after this many frames; by default all lags summed.

    Raises
    ------
    UserError
        If the region has another shape than the field of view, or is empty.
    """
    moved = moved_latents(fitted.distant(), projection, region, direction)
    chosen = moved.sum(axis=0) if lag is None else moved[lag - 1]
    if direction == "outgoing":
        return to_image(projection.footprints.T @ (projection.innovation * chosen), projection.grid)
    return to_image(projection.sources.T @ chosen, projection.grid)


def moved_latents(
    distant: FloatArray, projection: Projection, region: BoolArray, direction: Direction
) -> FloatArray:
    """Return the same for latents and lag by lag, (lags, p).

    ``outgoing``: by how many standard deviations of their innovations the region moves the latents,
    ``B' W m / |m|``. ``incoming``: how much each latent's drive moves the mean prediction of the
    region, ``B s F m / |m|``.

    Parameters
    ----------
    distant : ndarray, shape (lags, p, p)
        Coefficients from source to target between different places: ``FittedVar.distant``.
    projection : Projection
    region : ndarray of bool, shape (Y, X)
    direction : {"outgoing", "incoming"}
    """
    share = region_share(region, projection.grid)
    if direction == "outgoing":
        return np.asarray(mixed(projection.sources_by_pixel, share) @ distant)
    if direction == "incoming":
        weight = projection.innovation * mixed(projection.footprints_by_pixel, share)
        return np.asarray(distant @ weight)
    raise UserError(f"The direction is '{direction}': choose 'outgoing' or 'incoming'.")


def region_share(region: BoolArray, grid: LatentGrid) -> FloatArray:
    """Return the weight of every pixel in the mean over a region, flat on the padded field."""
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
    return np.asarray(padded.ravel() / padded.sum())
