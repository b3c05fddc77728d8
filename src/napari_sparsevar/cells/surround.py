"""What lies around a cell: pixels of no cell, whose light is that of the neuropil over it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from napari_sparsevar.cells.cells import BoolArray, Cells

INSIDE = 0.2
"""Of its largest weight: a pixel with more belongs to the cell, with less only to its tails."""

_GAP, _AREAS, _LEAST, _REACH = 1.5, 3.0, 40, 4.0
"""Pixels left out next to the cell; pixels of the ring, in areas of the cell and at least; and how
far they are looked for, in radii of the cell."""


def surrounds(cells: Cells) -> sparse.csr_array:
    """Return the mean over the ring of each cell as weights, (n, Y X).

    The ring is made of the nearest pixels that belong to no cell. A cell that is hemmed in by
    others on all sides has none, and a row of zeros.

    Parameters
    ----------
    cells : Cells
        With footprints.
    """
    assert cells.footprints is not None
    assert cells.shape is not None
    inside = core_pixels(cells.footprints)
    taken = np.asarray(inside.sum(axis=0) > 0).reshape(cells.shape)
    rings = [
        _ring(inside.indices[start:stop], taken)
        for start, stop in zip(inside.indptr[:-1], inside.indptr[1:], strict=True)
    ]
    sizes = np.array([len(ring) for ring in rings])
    rows = np.repeat(np.arange(len(rings)), sizes)
    weights = np.repeat(1.0 / np.maximum(sizes, 1), sizes)
    placed = (weights, (rows, np.concatenate(rings)))
    return sparse.csr_array(sparse.coo_array(placed, shape=inside.shape))


def core_pixels(footprints: sparse.csr_array) -> sparse.csr_array:
    """Return the pixels of each cell without its tails, (n, Y X), as ones."""
    weights = sparse.csr_array(abs(footprints))
    largest = weights.max(axis=1).toarray().ravel()
    inside = weights.data > INSIDE * np.repeat(largest, np.diff(weights.indptr))
    found = sparse.csr_array(
        (inside.astype(np.int32), weights.indices, weights.indptr), footprints.shape
    )
    found.eliminate_zeros()
    return found


def _ring(pixels: npt.NDArray[np.integer], taken: BoolArray) -> npt.NDArray[np.intp]:
    """Return the pixels around a cell, flat on the field of view."""
    if not len(pixels):
        return np.empty(0, np.intp)
    rows, columns = np.divmod(pixels, taken.shape[1])
    reach = int(np.ceil(_GAP + _REACH * max(np.sqrt(len(pixels) / np.pi), 2.0)))
    top, left = max(rows.min() - reach, 0), max(columns.min() - reach, 0)
    box = (slice(top, rows.max() + reach + 1), slice(left, columns.max() + reach + 1))
    outside = np.ones_like(taken[box])
    outside[rows - top, columns - left] = False
    away = ndimage.distance_transform_edt(outside)
    free = np.flatnonzero((away > _GAP) & (away <= reach) & ~taken[box])
    wanted = int(max(_LEAST, _AREAS * len(pixels)))
    nearest = free[np.argsort(away.ravel()[free], kind="stable")[:wanted]]
    near_rows, near_columns = np.divmod(nearest, away.shape[1])
    return np.asarray((near_rows + top) * taken.shape[1] + near_columns + left, np.intp)
