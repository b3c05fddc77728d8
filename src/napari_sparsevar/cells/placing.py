"""Cells in the field of view of a movie: whether they fit, and where they lie in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.errors import UserError

_LEAST = 0.5
"""Of the weight of a cell: with less of it in the field of view it is a cell of another."""


def may_lie_in(cells: Cells, shape: tuple[int, ...]) -> bool:
    """Return whether cells have outlines that may be of a field of view of this size."""
    return cells.footprints is not None and (cells.shape == shape or not cells.field_known)


def in_field(cells: Cells, shape: tuple[int, int]) -> Cells:
    """Return cells as those of a field of view.

    Where the size of their own is not known, it may be larger than they reach. What a cell reaches
    over the edge is left out, and a note says so.

    Parameters
    ----------
    cells : Cells
    shape : tuple of int
        Height and width of the field.

    Raises
    ------
    UserError
        If they have no outlines or are of a field of another size, or one lies outside of this.
    """
    if cells.footprints is None or cells.shape is None:
        raise UserError(
            f"{cells.source or 'These cells'} have traces but no outlines: fit the traces alone."
        )
    if cells.shape == shape:
        return cells if cells.field_known else replace(cells, field_known=True)
    if cells.field_known:
        turned = " (exchange rows and columns)" if cells.shape == shape[::-1] else ""
        raise UserError(
            f"The cells are of a field of {cells.shape} pixels but the movie of {shape}: bring "
            f"those of this movie{turned}."
        )
    placed = widened(cells.footprints, cells.shape, shape)
    kept, whole = (np.asarray(abs(part).sum(axis=1)).ravel() for part in (placed, cells.footprints))
    outside = np.flatnonzero(kept < _LEAST * whole)
    if len(outside):
        raise UserError(
            f"{len(outside)} of the cells lie outside of the {shape[0]} x {shape[1]} pixels of the "
            f"movie, {cells.names[outside[0]]} is the first: bring those of this movie."
        )
    cut = int((kept < whole).sum())
    said = f"{cut} of the cells reach over the edge of the movie; what lies outside is left out."
    return replace(
        cells,
        footprints=placed,
        shape=shape,
        field_known=True,
        mean_image=None,
        notes=(*cells.notes, said) if cut else cells.notes,
    )


def widened(
    footprints: sparse.csr_array, shape: tuple[int, int], wanted: tuple[int, int]
) -> sparse.csr_array:
    """Return footprints in a field of another size with the same corner; what is outside goes."""
    entries = sparse.coo_array(footprints)
    rows, columns = np.divmod(entries.col, shape[1])
    inside = (rows < wanted[0]) & (columns < wanted[1])
    pixels = (rows * wanted[1] + columns)[inside]
    size = (footprints.shape[0], wanted[0] * wanted[1])
    return sparse.csr_array((entries.data[inside], (entries.row[inside], pixels)), shape=size)
