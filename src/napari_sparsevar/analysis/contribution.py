"""Which places drive the activity that follows: strengths of latents, maps of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.analysis.fitting import FittedVar
from napari_sparsevar.model.grid import LatentGrid

FloatImage = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Responses:
    """Jacobians that carry the VAR from latents to pixels.

    Attributes
    ----------
    encoder : csr_array, shape (p, Y X)
        d latent / d pixel on the padded field of view.
    decoder : csr_array, shape (p, Y X)
        What each latent adds to a frame.
    """

    encoder: sparse.csr_array
    decoder: sparse.csr_array


def pixel_effect(fitted: FittedVar, responses: Responses) -> npt.NDArray[np.float64]:
    """Return how much one standard deviation of each latent moves the frame, (p,).

    Root of the summed squares over pixels, in units of the noise scale of a pixel.
    """
    squares = responses.decoder.multiply(responses.decoder).sum(axis=1)
    return np.asarray(np.sqrt(np.asarray(squares)).ravel() * fitted.deviation.cpu().numpy())


def outgoing_strength(fitted: FittedVar, responses: Responses) -> npt.NDArray[np.float64]:
    """Return how strongly each latent drives distant places, (p,).

    Sum over distant targets j and lags of ``max(B_kj, 0)``, each weighted by how much target j
    moves the predicted frame. Negative coefficients are left out: on movies with the background
    removed most of them are echoes of that removal; ``influence`` shows both signs.
    """
    positive = np.maximum(fitted.distant(), 0.0).sum(axis=0)
    return np.asarray(positive @ pixel_effect(fitted, responses))


def to_image(values: npt.NDArray[np.float64], grid: LatentGrid) -> FloatImage:
    """Return flat pixels (Y X) of the padded field of view as an image of the field of view."""
    image = values.reshape(grid.padded_shape)[: grid.shape[0], : grid.shape[1]]
    return np.ascontiguousarray(image, dtype=np.float32)


def contribution_map(fitted: FittedVar, responses: Responses, grid: LatentGrid) -> FloatImage:
    """Return every pixel's share in driving what happens next, (Y, X), the largest being 1.

    How much more strongly distant places are driven when the pixel brightens by one noise scale:
    ``max(E' (strength / s), 0)``, with E the encoder's Jacobian and s the standard deviations of
    the latents. All zero where no edge between different places was found.
    """
    strength = outgoing_strength(fitted, responses) / fitted.deviation.cpu().numpy()
    image = to_image(responses.encoder.T @ strength, grid)
    np.maximum(image, 0.0, out=image)
    largest = float(image.max())
    if largest > 0:
        image /= largest
    return image
