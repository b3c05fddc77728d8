"""Cells as a two-photon microscope shows them: rings with a dendrite, and blurred ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie.simulation.nuisances.light import Anatomy, OutOfFocus

_DENDRITE_PX = 1.2  # standard deviation of its profile
_EDGE_PX = 0.7  # over which the soma ends
_LEAST = 0.02  # of the brightest pixel: less is nothing
_BLURS = 3.0  # so many standard deviations of a blurred cell are drawn


def draw_rings(
    shape: tuple[int, int],
    centres: NDArray[np.float32],
    anatomy: Anatomy,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Draw each cell as a ring around a dim nucleus, with a dendrite.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the field of view in pixels.
    centres : ndarray, shape (n_cells, 2)
        Row and column of each centre.
    anatomy : Anatomy
        Sizes and shares of light.
    rng : numpy.random.Generator
        Source of diameters and dendrites.

    Returns
    -------
    ndarray of float32, shape (n_cells, Y, X)
        1 at the brightest pixel of each cell, exactly 0 outside.
    """
    footprints = np.zeros((len(centres), *shape), dtype=np.float32)
    reach = 0.5 * anatomy.diameter_px[1] + anatomy.dendrite_px[1] + 4 * _DENDRITE_PX
    for footprint, centre in zip(footprints, centres, strict=True):
        patch, y, x = _around(footprint, centre, reach)
        away, radius = np.hypot(y, x), 0.5 * rng.uniform(*anatomy.diameter_px)
        light = 1.0 - anatomy.nucleus * np.exp(-2.0 * (away / radius) ** 2)
        light /= 1.0 + np.exp(np.clip((away - radius) / _EDGE_PX, -50, 50))
        light /= light.max()
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(*anatomy.dendrite_px)
        along = np.clip(y * np.sin(angle) + x * np.cos(angle), radius, radius + length)
        beside = np.hypot(y - along * np.sin(angle), x - along * np.cos(angle))
        if length > 0:
            dendrite = np.exp(-0.5 * (beside / _DENDRITE_PX) ** 2)
            light = np.maximum(light, anatomy.dendrite * dendrite)
        light[light < _LEAST] = 0.0
        patch[...] = light
    return footprints


def draw_blurred(
    shape: tuple[int, int],
    out_of_focus: OutOfFocus,
    n: int,
    size: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw cells above and below the focal plane.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the field of view in pixels.
    out_of_focus : OutOfFocus
        How blurred and how bright.
    n : int
        How many.
    size : float
        Sum over the pixels of a cell in focus.
    rng : numpy.random.Generator
        Source of their places and blurs.

    Returns
    -------
    centres : ndarray of float32, shape (n, 2)
    footprints : ndarray of float32, shape (n, Y, X)
    """
    centres = (rng.random((n, 2)) * np.array(shape)).astype(np.float32)
    footprints = np.zeros((n, *shape), dtype=np.float32)
    for footprint, centre in zip(footprints, centres, strict=True):
        blur = rng.uniform(*out_of_focus.blur_px)
        patch, y, x = _around(footprint, centre, _BLURS * blur)
        profile = np.exp(-0.5 * (np.hypot(y, x) / blur) ** 2)
        patch[...] = out_of_focus.light * size * profile / (2 * np.pi * blur**2)
    return centres, footprints


def _around(
    image: NDArray[np.float32], centre: NDArray[np.float32], reach: float
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Return a view of an image around a place, and y and x of its pixels from there."""
    first = [max(0, int(place - reach)) for place in centre]
    patch = image[first[0] : int(centre[0] + reach) + 2, first[1] : int(centre[1] + reach) + 2]
    y, x = np.indices(patch.shape, dtype=np.float64)
    return patch, y + first[0] - centre[0], x + first[1] - centre[1]
