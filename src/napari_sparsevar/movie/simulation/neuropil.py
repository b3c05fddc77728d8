"""Light of the neuropil, which follows what the cells around do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from napari_sparsevar.movie.simulation.courses import slow
from napari_sparsevar.movie.simulation.nuisances.light import Neuropil
from napari_sparsevar.movie.simulation.tissue import smooth_field

_MOST_NODES = 16  # along a side


@dataclass(frozen=True, eq=False)
class NeuropilField:
    """Time courses on a coarse grid, which weights spread over the pixels.

    Attributes
    ----------
    courses : ndarray of float32, shape (T, rows of nodes, columns of nodes)
    rows : ndarray of float32, shape (Y, rows of nodes)
    columns : ndarray of float32, shape (X, columns of nodes)
    strength : ndarray of float32, shape (Y, X)
        What the spread courses are multiplied by.
    """

    courses: NDArray[np.float32]
    rows: NDArray[np.float32]
    columns: NDArray[np.float32]
    strength: NDArray[np.float32]

    def frames(self, block: slice) -> NDArray[np.float32]:
        """Return the light in a block of frames, (t, Y, X)."""
        spread = self.rows @ self.courses[block] @ self.columns.T
        return np.asarray(spread * self.strength, dtype=np.float32)

    def at(self, places: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the light at places (n, 2) in all frames, (T, n)."""
        y, x = np.round(places).astype(np.int64).T
        spread = np.einsum("ny,tyx,nx->tn", self.rows[y], self.courses, self.columns[x])
        return np.asarray(spread * self.strength[y, x], dtype=np.float32)


def neuropil_around(
    neuropil: Neuropil,
    shape: tuple[int, int],
    centres: NDArray[np.float32],
    traces: NDArray[np.float32],
    typical: float,
    fps: float,
    rng: np.random.Generator,
) -> NeuropilField:
    """Make the light of the neuropil.

    Parameters
    ----------
    neuropil : Neuropil
        How strong it is and what it follows.
    shape : tuple of int
        Height and width of the field of view in pixels.
    centres : ndarray, shape (n_cells, 2)
        Row and column of each cell.
    traces : ndarray, shape (T, n_cells)
        Light of each cell.
    typical : float
        Standard deviation of a typical cell's light.
    fps : float
        Frames per second.
    rng : numpy.random.Generator
        Source of what is its own.
    """
    nodes = [_nodes(side, neuropil.reach_px) for side in shape]
    grid = np.stack(np.meshgrid(*nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    away = np.linalg.norm(grid[:, None] - centres[None], axis=-1)
    around = traces @ np.exp(-0.5 * (away / neuropil.reach_px) ** 2).T
    own = slow(len(traces), len(grid), neuropil.decay_s * fps, rng)
    courses = np.sqrt(neuropil.follows) * _standard(around)
    courses += np.sqrt(1.0 - neuropil.follows) * own
    rows, columns = (_weights(side, each) for side, each in zip(shape, nodes, strict=True))
    share = smooth_field(shape, 0.5 * neuropil.reach_px, rng)
    low, high = neuropil.share
    wanted = typical * (low + (high - low) * ndtr(share))
    deviation = _deviation(courses, rows, columns)
    strength = np.divide(wanted, deviation, out=np.zeros_like(wanted), where=deviation > 0)
    return NeuropilField(
        courses.reshape(-1, len(nodes[0]), len(nodes[1])).astype(np.float32),
        rows.astype(np.float32),
        columns.astype(np.float32),
        strength.astype(np.float32),
    )


def _nodes(side: int, reach_px: float) -> NDArray[np.float64]:
    """Return places along a side, no farther from each other than it is alike."""
    n = int(np.clip(np.ceil(side / reach_px) + 1, 2, _MOST_NODES))
    return np.linspace(0.0, side - 1.0, n)


def _weights(side: int, nodes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of nodes in each pixel of a side, (side, nodes); rows sum to 1."""
    width = max(1.0, 0.8 * (nodes[1] - nodes[0]))
    weights = np.exp(-0.5 * ((np.arange(side)[:, None] - nodes) / width) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _standard(courses: NDArray[np.floating]) -> NDArray[np.float64]:
    centred = courses - courses.mean(axis=0, dtype=np.float64)
    deviation = centred.std(axis=0)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1.0))


def _deviation(
    courses: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the standard deviation over time of what is spread over each pixel, (Y, X)."""
    n, m = rows.shape[1], columns.shape[1]
    centred = courses - courses.mean(axis=0)
    together = (centred.T @ centred / len(centred)).reshape(n, m, n, m)
    along = np.einsum("ya,acbd,yb->ycd", rows, together, rows, optimize=True)
    variance = np.einsum("xc,ycd,xd->yx", columns, along, columns, optimize=True)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))
