"""What a painted region drives, and what drives it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.maps.projection import FloatImage, to_image
from napari_sparsevar.analysis.maps.region import Region
from napari_sparsevar.errors import UserError

Direction = Literal["outgoing", "incoming"]
FloatArray = npt.NDArray[np.float64]


def influence_map(
    fitted: FittedVar, region: Region, direction: Direction, lag: int | None = None
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
    region : Region
    direction : {"outgoing", "incoming"}
    lag : int, optional
        Only what arrives after this many frames; by default all lags summed.
    """
    moved, projection = moved_latents(fitted, region, direction), region.projection
    chosen = moved.sum(axis=0) if lag is None else moved[lag - 1]
    if direction == "outgoing":
        return to_image(projection.footprints.T @ (projection.innovation * chosen), projection.grid)
    return to_image(projection.sources.T @ chosen, projection.grid)


def moved_latents(fitted: FittedVar, region: Region, direction: Direction) -> FloatArray:
    """Return the same for latents and lag by lag, (lags, p).

    ``outgoing``: by how many standard deviations of their innovations the region moves the latents,
    ``B' W m / |m|``. ``incoming``: how much each latent's drive moves the mean prediction of the
    region, ``B s F m / |m|``.

    Parameters
    ----------
    fitted : FittedVar
    region : Region
    direction : {"outgoing", "incoming"}
    """
    if direction == "outgoing":
        return np.stack([edges.T @ region.drive for edges in fitted.distant])
    if direction == "incoming":
        return np.stack([edges @ region.prediction for edges in fitted.distant])
    raise UserError(f"The direction is '{direction}': choose 'outgoing' or 'incoming'.")
