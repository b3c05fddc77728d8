"""What does not move: where cells lie, their shape, vessels, brightness, neuropil fields."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.simulation.nuisances.light import Vessels

_PLACEMENT_ATTEMPTS = 20


def place_cells(
    shape: tuple[int, int],
    n_cells: int,
    *,
    min_distance_px: float,
    margin_px: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Scatter cells at random so that no two come too close.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the field of view in pixels.
    n_cells : int
        How many.
    min_distance_px, margin_px : float
        Least distance between two centres, and between a centre and the edge.
    rng : numpy.random.Generator
        Source of the places.

    Returns
    -------
    ndarray of float32, shape (n_cells, 2)
        Row and column of each centre.

    Raises
    ------
    UserError
        If so many cells do not fit.
    """
    inside = bool(min(shape) > 2 * margin_px)
    for _ in range(_PLACEMENT_ATTEMPTS if inside else 0):
        centres = _scatter(shape, n_cells, min_distance_px, margin_px, rng)
        if len(centres) == n_cells:
            return centres
    raise UserError(
        f"{n_cells} cells do not fit into {shape[0]} x {shape[1]} pixels "
        f"{min_distance_px:g} pixels apart; ask for fewer or smaller cells or a larger field."
    )


def _scatter(
    shape: tuple[int, int],
    n_cells: int,
    min_distance_px: float,
    margin_px: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return as many centres as found room, at most `n_cells`, on a grid of half pixels."""
    sides = [int(2 * (size - 1 - 2 * margin_px)) + 1 for size in shape]
    free = np.ones(sides, dtype=bool)
    reach = int(2 * min_distance_px)
    y, x = np.indices((2 * reach + 1, 2 * reach + 1)) - reach
    apart = np.hypot(y, x) >= 2 * min_distance_px
    centres: list[tuple[float, float]] = []
    while len(centres) < n_cells and len(candidates := np.flatnonzero(free)):
        row, column = divmod(int(rng.choice(candidates)), sides[1])
        centres.append((row / 2 + margin_px, column / 2 + margin_px))
        top, left = max(0, row - reach), max(0, column - reach)
        near = free[top : row + reach + 1, left : column + reach + 1]
        down, right = top - row + reach, left - column + reach
        near &= apart[down : down + near.shape[0], right : right + near.shape[1]]
    return np.array(centres, dtype=np.float32).reshape(-1, 2)


def draw_footprints(
    shape: tuple[int, int],
    centres: NDArray[np.float32],
    radius_px: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Draw each cell as a soft ellipse with a slightly irregular outline.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the field of view in pixels.
    centres : ndarray, shape (n_cells, 2)
        Row and column of each centre.
    radius_px : float
        Mean radius at half brightness.
    rng : numpy.random.Generator
        Source of the shapes.

    Returns
    -------
    ndarray of float32, shape (n_cells, Y, X)
        1 at the brightest pixel of each cell, exactly 0 outside.
    """
    footprints = np.zeros((len(centres), *shape), dtype=np.float32)
    reach = int(np.ceil(2.5 * radius_px)) + 1
    for footprint, (row, column) in zip(footprints, centres, strict=True):
        top, left = max(0, int(row) - reach), max(0, int(column) - reach)
        patch = footprint[top : int(row) + reach + 1, left : int(column) + reach + 1]
        y, x = np.indices(patch.shape, dtype=np.float64)
        y, x = y + top - row, x + left - column
        angle = np.arctan2(y, x)
        turn, lobe_turn = rng.uniform(0, 2 * np.pi, size=2)
        stretch, lobes = rng.uniform(0.0, 0.2), rng.uniform(0.0, 0.12)
        outline = radius_px * (
            1 + stretch * np.cos(2 * (angle - turn)) + lobes * np.cos(3 * (angle - lobe_turn))
        )
        value = 1.0 / (1.0 + np.exp(np.clip(6.0 * (np.hypot(y, x) / outline - 1.0), -50, 50)))
        value[value < 0.02] = 0.0
        patch[...] = value / value.max()
    return footprints


def smooth_field(
    shape: tuple[int, int], width_px: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw a random image that varies slowly over space.

    Parameters
    ----------
    shape : tuple of int
        Height and width in pixels.
    width_px : float
        Standard deviation of the Gaussian it is smoothed with.
    rng : numpy.random.Generator
        Source of the image.

    Returns
    -------
    ndarray of float32, shape (Y, X)
        Root mean square 1.
    """
    field = gaussian_filter(rng.standard_normal(shape), width_px, mode="reflect")
    scaled: NDArray[np.float32] = (field / np.sqrt((field**2).mean())).astype(np.float32)
    return scaled


def draw_vessels(
    shape: tuple[int, int], rng: np.random.Generator, vessels: Vessels | None = None
) -> NDArray[np.float32]:
    """Draw how much light gets past the blood vessels.

    Parameters
    ----------
    shape : tuple of int
        Height and width in pixels.
    rng : numpy.random.Generator
        Source of their course.
    vessels : Vessels, optional
        How many and how wide; without, a few thin ones.

    Returns
    -------
    ndarray of float32, shape (Y, X)
        1 in tissue, less in a vessel.
    """
    height, width = shape
    rows, columns = np.indices(shape, dtype=np.float32)
    light = np.ones(shape, dtype=np.float32)
    n = max(1, round(np.sqrt(height * width) / 48))
    if vessels is None:
        vessels = Vessels(per_field=n, radius_px=(1.0, 2.0), absorbed=0.7)
    for _ in range(vessels.per_field):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.4, 0.4) * min(shape)
        bend, phase = rng.uniform(2, 6), rng.uniform(0, 2 * np.pi)
        y, x = rows - height / 2, columns - width / 2
        along, across = y * np.sin(angle) + x * np.cos(angle), y * np.cos(angle) - x * np.sin(angle)
        distance = across - offset - bend * np.sin(along / 15.0 + phase)
        radius = rng.uniform(*vessels.radius_px)
        light *= 1.0 - vessels.absorbed * np.exp(-0.5 * (distance / radius) ** 2)
    return light
