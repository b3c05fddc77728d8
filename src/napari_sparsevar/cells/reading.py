"""Traces of cells read from the pixels of a movie, in one pass over it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from napari_sparsevar.cells.cells import Cells, Float32Array
from napari_sparsevar.cells.surround import surrounds
from napari_sparsevar.movie.traces import sparse_traces

if TYPE_CHECKING:
    import dask.array as da


def pixel_traces(
    frames: da.Array, cells: Cells
) -> Generator[float, None, tuple[Float32Array, Float32Array]]:
    """Return the light of each cell and of what surrounds it, (T, n) each; yield the part done.

    Parameters
    ----------
    frames : dask.array.Array, shape (T, Y, X)
        Read block by block: memory does not grow with their number.
    cells : Cells
        With footprints; they are weights of a mean, so that traces are in grey values.
    """
    assert cells.footprints is not None
    n = len(cells)
    weights = sparse.csr_array(sparse.vstack([mean_weights(cells.footprints), surrounds(cells)]))
    found = np.empty((frames.shape[0], 2 * n), np.float32)
    for piece in sparse_traces(frames, weights):
        found[piece.start : piece.stop] = piece.values
        yield piece.stop / len(found)
    return found[:, :n], found[:, n:]


def mean_weights(footprints: sparse.csr_array) -> sparse.csr_array:
    """Return footprints whose weights add up to 1 each: those of a mean over the cell."""
    total = np.asarray(abs(footprints).sum(axis=1)).ravel()
    return sparse.csr_array(footprints.multiply(1.0 / np.maximum(total, 1e-12)[:, None]))
