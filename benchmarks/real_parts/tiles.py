"""Movies without cross-talk: every tile of the field of view is moved in time by its own amount."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.model.neuropil import background

SIZE_PX = 16
LEAST_SHIFT = 50
_ATTEMPTS = 200

IntArray = NDArray[np.int64]
Relation = Literal["same tile", "touching tiles", "tiles apart"]


class Tiles(NamedTuple):
    """Tiles of a field of view and how far each is moved.

    Attributes
    ----------
    rows, columns : ndarray of int
        First pixel of every row and column of tiles.
    shifts : ndarray of int, shape (len(rows), len(columns))
        Frames, circular.
    """

    rows: IntArray
    columns: IntArray
    shifts: IntArray

    def tile_of(self, places: NDArray[np.floating]) -> IntArray:
        """Return row and column of the tile that holds each place (n, 2) in pixels."""
        pairs = zip((self.rows, self.columns), places.T, strict=True)
        return np.stack([np.searchsorted(first, at, side="right") - 1 for first, at in pairs], 1)

    def relation(self, one: NDArray[np.floating], other: NDArray[np.floating]) -> Relation:
        """Tell how the tiles of two places (y, x) lie to each other."""
        first, second = self.tile_of(np.stack([one, other]))
        apart = int(np.abs(first - second).max())
        names: tuple[Relation, ...] = ("same tile", "touching tiles", "tiles apart")
        return names[min(apart, 2)]


def draw_tiles(shape: tuple[int, int], n_frames: int, rng: np.random.Generator) -> Tiles:
    """Lay tiles over a field of view, their borders anywhere, and draw their shifts.

    Shifts are spread evenly between ``LEAST_SHIFT`` frames and as many less than the whole, so that
    no two tiles keep the same time; those of tiles that touch differ by ``LEAST_SHIFT`` at least.

    Raises
    ------
    UserError
        If the movie is too short for that.
    """
    rows, columns = (_borders(length, rng) for length in shape)
    amounts = np.linspace(LEAST_SHIFT, n_frames - LEAST_SHIFT, len(rows) * len(columns))
    if n_frames > 4 * LEAST_SHIFT:
        for _ in range(_ATTEMPTS):
            shifts = _place(amounts.round().astype(np.int64), len(rows), len(columns), rng)
            if shifts is not None:
                return Tiles(rows, columns, shifts)
    raise UserError(f"{n_frames} frames are too few to move tiles far enough from each other.")


def shift_tiles(frames: NDArray[np.generic], tiles: Tiles) -> NDArray[np.generic]:
    """Return frames (T, Y, X) with every tile moved in time, circularly."""
    moved = frames.copy()
    ends = [[*borders[1:], length] for borders, length in zip(tiles[:2], frames.shape[1:])]  # noqa: B905
    for i, (top, bottom) in enumerate(zip(tiles.rows, ends[0], strict=True)):
        for j, (left, right) in enumerate(zip(tiles.columns, ends[1], strict=True)):
            tile = np.s_[:, top:bottom, left:right]
            moved[tile] = np.roll(frames[tile], int(tiles.shifts[i, j]), axis=0)
    return moved


def shift_tiles_over_background(
    frames: NDArray[np.generic], tiles: Tiles, diameter: float
) -> NDArray[np.float32]:
    """Move only what stands out of the smooth background, which keeps its time and has no seams.

    Parameters
    ----------
    frames : ndarray, shape (T, Y, X)
    tiles : Tiles
    diameter : float
        Of the background, in pixels.
    """
    values = torch.from_numpy(frames.astype(np.float32))
    smooth = background(values, torch.ones(values.shape[1:]), diameter).numpy()
    moved = shift_tiles(values.numpy() - smooth, tiles)
    return np.asarray(moved + smooth, dtype=np.float32)


def _borders(length: int, rng: np.random.Generator) -> IntArray:
    """Return the first pixel of every tile; no tile is thinner than half its size."""
    first = int(rng.integers(SIZE_PX // 2, SIZE_PX + 1))
    inner = np.arange(first, length - SIZE_PX // 2 + 1, SIZE_PX)
    return np.concatenate([[0], inner]).astype(np.int64)


def _place(
    amounts: IntArray, n_rows: int, n_columns: int, rng: np.random.Generator
) -> IntArray | None:
    """Give every tile one of the amounts, far from those of the tiles it touches, or give up."""
    left = list(rng.permutation(amounts))
    shifts = np.full((n_rows, n_columns), -1, np.int64)
    for i, j in np.ndindex(n_rows, n_columns):
        around = shifts[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
        taken = around[around >= 0]
        fitting = (k for k, s in enumerate(left) if (np.abs(taken - s) >= LEAST_SHIFT).all())
        chosen = next(fitting, None)
        if chosen is None:
            return None
        shifts[i, j] = left.pop(chosen)
    return shifts
