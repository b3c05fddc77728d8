"""What a painted region drives, and what drives it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.contribution import FloatImage, Responses, to_image
from napari_sparsevar.analysis.fitting import FittedVar
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.grid import BoolArray, LatentGrid

Direction = Literal["outgoing", "incoming"]


def influence_map(
    fitted: FittedVar,
    responses: Responses,
    grid: LatentGrid,
    region: BoolArray,
    direction: Direction,
) -> FloatImage:
    """Return the signed influence of or on a region, (Y, X), summed over lags.

    ``outgoing``: the change of every pixel's prediction when the whole region brightens by one
    noise scale, ``D' s B' s^-1 E m``. ``incoming``: the change of the region's mean prediction when
    a pixel brightens by one noise scale, ``E' s^-1 B s D m / |m|``. E and D are the encoder's and
    decoder's Jacobians, s the standard deviations of the latents, B the coefficients between
    distant places.

    Parameters
    ----------
    region : ndarray of bool, shape (Y, X)

    Raises
    ------
    UserError
        If the region has another shape than the field of view, or is empty.
    """
    mask = _padded(region, grid)
    coefficients = fitted.distant().sum(axis=0)
    deviation = fitted.deviation.cpu().numpy()
    if direction == "outgoing":
        moved = (responses.encoder @ mask) / deviation
        return to_image(responses.decoder.T @ (deviation * (coefficients.T @ moved)), grid)
    if direction == "incoming":
        wanted = deviation * (responses.decoder @ mask) / mask.sum()
        return to_image(responses.encoder.T @ ((coefficients @ wanted) / deviation), grid)
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
