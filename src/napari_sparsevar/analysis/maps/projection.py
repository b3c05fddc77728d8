"""How latents and pixels translate into each other: the same at every penalty."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.maps.smoothing import smoothed
from napari_sparsevar.model.grid import LatentGrid

FloatImage = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]

_FLOOR = 0.1
"""Share of the median variance of all pixels that is added to each, so that a pixel in which
nothing ever happens is not blown up."""

_SQUARE = 8
"""Edge in pixels of the squares whose drive is added up together."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Jacobians of decoder and read-out, each computed once, when first asked for.

    Attributes
    ----------
    grid : LatentGrid
    footprints : csr_array, shape (p, Y X)
        What each latent adds to a frame, on the padded field of view.
    fitted : FittedVar
        Of which only what no penalty changes is looked at.
    """

    grid: LatentGrid
    footprints: sparse.csr_array
    fitted: FittedVar

    @cached_property
    def innovation(self) -> FloatArray:
        """Standard deviation of each latent's innovation in units of the latent, (p,)."""
        return np.asarray(self.fitted.own.innovation.cpu().numpy())

    @cached_property
    def amplitude(self) -> FloatArray:
        """How much one standard deviation of each latent's innovation moves the frame, (p,).

        Root of the summed squares over pixels, in units of the noise scale of a pixel.
        """
        squares = np.asarray(self.footprints.multiply(self.footprints).sum(axis=1)).ravel()
        return np.asarray(np.sqrt(squares) * self.innovation)

    @cached_property
    def sources(self) -> sparse.csr_array:
        """The drive of every pixel as a mixture of the latents' drives, (p, Y X).

        A pixel's activity is what is decoded there, so latent k has the weight ``d_k(u) s_k``, its
        footprint times its standard deviation, divided by the standard deviation of the mixture.
        Only latents of one neighbourhood mix.
        """
        fitted, size = self.fitted, self.fitted.n_series
        deviation = fitted.own.deviation.cpu().numpy()
        mixture = sparse.csr_array(self.footprints.multiply(deviation[:, None]))
        gram = np.where(fitted.near, fitted.statistics.gram[:size, :size].cpu().numpy(), 0.0)
        mixed = mixture.multiply(sparse.csr_array(gram) @ mixture)
        variance = np.asarray(mixed.sum(axis=0)).ravel()
        active = variance[variance > 0]
        floor = _FLOOR * float(np.median(active)) if active.size else 1.0
        return sparse.csr_array(mixture.multiply(1.0 / np.sqrt(np.maximum(variance, 0.0) + floor)))

    @cached_property
    def sources_by_pixel(self) -> sparse.csc_array:
        """The same, ordered for looking up pixels."""
        return sparse.csc_array(self.sources)

    @cached_property
    def squares(self) -> npt.NDArray[np.intp]:
        """Pixels in the order of small squares, in which all mix the same latents, (Y X,)."""
        rows, columns = np.indices(self.grid.padded_shape) // _SQUARE
        return np.argsort((rows * len(columns[0]) + columns).ravel(), kind="stable")

    @cached_property
    def sources_by_square(self) -> sparse.csc_array:
        """``sources`` of pixels in the order of ``squares``."""
        return sparse.csc_array(self.sources_by_pixel[:, self.squares])

    @cached_property
    def footprints_by_pixel(self) -> sparse.csc_array:
        """Footprints, ordered for looking up pixels."""
        return sparse.csc_array(self.footprints)

    @cached_property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Pixels in which anything can be decoded, (Y, X): all that count."""
        seen = np.bincount(self.footprints.indices, minlength=self.footprints.shape[1])
        return np.asarray(to_image(seen.astype(np.float64), self.grid) > 0)

    @cached_property
    def covered_around(self) -> FloatImage:
        """Share of the pixels within about a latent's distance that are covered, (Y, X)."""
        share = smoothed(self.covered.astype(np.float32), self.grid.stride)
        return np.maximum(share, np.float32(0.1))

    @cached_property
    def signal(self) -> FloatImage:
        """Share of what is decoded in each pixel that is activity and not noise, (Y, X)."""
        deviation = self.fitted.own.deviation.cpu().numpy()
        squares = sparse.csr_array(self.footprints.multiply(deviation[:, None]))
        squares.data = squares.data**2
        whole = np.asarray(squares.sum(axis=0)).ravel()
        share = squares.T @ self.fitted.own.signal.cpu().numpy() / np.maximum(whole, 1e-12)
        return to_image(share, self.grid)


def to_image(values: FloatArray, grid: LatentGrid) -> FloatImage:
    """Return flat pixels (Y X) of the padded field of view as an image of the field of view."""
    image = values.reshape(grid.padded_shape)[: grid.shape[0], : grid.shape[1]]
    return np.ascontiguousarray(image, dtype=np.float32)
