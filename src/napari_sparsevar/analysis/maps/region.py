"""A painted region in terms of the latents: which of them make it up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.analysis.maps.projection import Projection
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.grid import BoolArray, LatentGrid

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Region:
    """Pixels of a field of view, and what each latent has to do with them.

    Parameters
    ----------
    mask : ndarray of bool, shape (Y, X)
    projection : Projection

    Raises
    ------
    UserError
        If the mask has another shape than the field of view, or is empty.
    """

    mask: BoolArray
    projection: Projection

    def __post_init__(self) -> None:
        checked_mask(self.mask, self.projection.grid)

    @cached_property
    def drive(self) -> FloatArray:
        """Drive of its pixels, on average, as a mixture of the latents' drives, (p,)."""
        return self._mean(self.projection.sources_by_pixel)

    @cached_property
    def prediction(self) -> FloatArray:
        """By how much a standard deviation of each latent moves its mean prediction, (p,)."""
        return self.projection.innovation * self._mean(self.projection.footprints_by_pixel)

    def _mean(self, by_pixel: sparse.csc_array) -> FloatArray:
        # Only columns of its pixels are looked at: a region is small.
        rows, columns = np.nonzero(self.mask)
        pixels = rows * self.projection.grid.padded_shape[1] + columns
        return np.asarray(by_pixel[:, pixels].sum(axis=1)).ravel() / len(pixels)


def checked_mask(region: BoolArray, grid: LatentGrid) -> BoolArray:
    """Return the region as a mask.

    Raises
    ------
    UserError
        If it has another shape than the field of view, or is empty.
    """
    mask = np.asarray(region, dtype=bool)
    if mask.shape != grid.shape:
        raise UserError(
            f"The region is {mask.shape} pixels but the movie {grid.shape}: "
            "paint it on the movie's own grid."
        )
    if not mask.any():
        raise UserError("The region is empty: paint at least one pixel.")
    return mask
