"""Negative effects that are echoes: what is taken off as background comes back with the other sign.

Around a bright cell the background is a little too high, so that its neighbours seem to go down
when it goes up. A source that drives a cell then seems to silence what lies around that cell, and
what lies around the source seems to silence what the source drives.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import pad

_TILES = 3
"""In a reach: the field is looked at in tiles of this part of it."""


class Echoes:
    """Tells negative effects from echoes of stronger positive ones.

    An effect of a source on a target is an echo where some source within reach has a stronger
    positive one, at whatever lag, on some target within reach. Reach is counted in tiles, and comes
    out as up to a third more than what was asked for.

    Parameters
    ----------
    tile : ndarray of int, shape (p,)
        In which tile each place lies.
    shape : tuple of int
        Rows and columns of tiles.
    """

    def __init__(self, tile: npt.NDArray[np.int64], shape: tuple[int, int]) -> None:
        self._tile, self._shape = torch.from_numpy(tile), shape
        counts = np.bincount(tile, minlength=shape[0] * shape[1])
        inside = np.full((counts.max(), len(counts)), len(tile))  # where there is no place
        order = np.argsort(tile, kind="stable")
        rank = np.arange(len(tile)) - np.repeat(np.cumsum(counts) - counts, counts)
        inside[rank, tile[order]] = order
        self._inside = torch.from_numpy(inside)

    @classmethod
    def around(cls, centres: npt.NDArray[np.floating], reach: float) -> Self:
        """Make tiles for places.

        Parameters
        ----------
        centres : ndarray, shape (p, 2)
            y and x of each place, in pixels.
        reach : float
            Pixels: how wide the background is.
        """
        row, column = (centres // max(reach / _TILES, 1e-6)).astype(np.int64).T
        rows, columns = int(row.max()) + 1, int(column.max()) + 1
        return cls(row * columns + column, (rows, columns))

    def without(self, scores: Tensor) -> Tensor:
        """Return scores (..., P, p) with 0 in place of negative ones that are echoes."""
        p = scores.shape[-1]
        by_lag = scores.reshape(-1, scores.shape[-2] // p, p, p)
        limits = self._strongest_around(by_lag.amax(dim=1).clamp_min_(0.0))
        real = (by_lag >= 0) | (by_lag < -limits[:, None])
        return torch.where(real, by_lag, 0.0).reshape(scores.shape)

    def _strongest_around(self, positive: Tensor) -> Tensor:
        """Return the largest of (D, p, p) within reach of both source and target, (D, p, p)."""
        by_target = self._around_tiles(positive).transpose(1, 2)
        by_both = self._around_tiles(by_target).transpose(1, 2)
        return by_both.index_select(1, self._tile).index_select(2, self._tile)

    def _around_tiles(self, values: Tensor) -> Tensor:
        """Return the largest of the places (..., p) within reach of each tile, (..., tiles)."""
        padded = pad(values, (0, 1))
        inside = padded.index_select(-1, self._inside[0])
        for others in self._inside[1:]:
            torch.maximum(inside, padded.index_select(-1, others), out=inside)
        images = inside.reshape(-1, *self._shape)
        for axis in (1, 2):
            images = _largest_along(images, axis)
        return images.reshape(inside.shape)


def _largest_along(images: Tensor, axis: int) -> Tensor:
    """Return the largest of the tiles around each along an axis; faster than torch's pooling."""
    found, n = images.clone(), images.shape[axis]
    for step in range(1, min(_TILES, n - 1) + 1):
        for first, second in ((0, step), (step, 0)):
            ahead = found.narrow(axis, first, n - step)
            torch.maximum(ahead, images.narrow(axis, second, n - step), out=ahead)
    return found
