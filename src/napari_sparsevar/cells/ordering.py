"""In which order cells stand in a matrix: who belongs together, who lies beside whom, by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from napari_sparsevar.cells.cells import FloatArray
from napari_sparsevar.errors import UserError

Numbers = npt.NDArray[np.intp]

CellOrder = Literal["cluster", "position", "name"]
CELL_ORDERS: tuple[CellOrder, ...] = get_args(CellOrder)

_MANY = 500
"""Cells above which leaves of the clusters are not turned to lie beside their likes: it is slow."""


def order_of_cells(
    how: CellOrder,
    names: Sequence[str],
    matrix: npt.ArrayLike | None = None,
    positions: npt.ArrayLike | None = None,
) -> Numbers:
    """Return in which order cells stand in a matrix or a list.

    Parameters
    ----------
    how : {"cluster", "position", "name"}
        ``cluster``: cells that drive each other stand together, by hierarchical clustering with
        average linkage of what links them in either direction; cells without a link come last.
        ``position``: along the axis on which the cells are spread most, from the top or the left;
        cells without a place come last. ``name``: numbers in names count as numbers. Whatever is
        alike otherwise is in the order of names.
    names : sequence of str
        Of the n cells.
    matrix : array, shape (n, n), optional
        How much each row drives each column, of either sign, NaN or 0 where nothing does: for
        ``cluster``. Give what is beyond chance, else chance is sorted until it looks like clusters.
    positions : array, shape (n, 2), optional
        y and x of each: for ``position``.

    Returns
    -------
    ndarray of int, shape (n,)
        Number of the cell that stands first, second ...

    Raises
    ------
    UserError
        If there is no such order, or what it needs is missing.
    """
    if how not in CELL_ORDERS:
        raise UserError(f"There is no order {how!r} of cells; choose {', '.join(CELL_ORDERS)}.")
    keys = [natural_order(name) for name in names]
    by_name = np.array(sorted(range(len(names)), key=keys.__getitem__), np.intp)
    if how == "name":
        return by_name
    if how == "position":
        if positions is None:
            raise UserError("It is not known where the cells lie: order them by name or cluster.")
        along = _along_main_axis(np.asarray(positions, float)[by_name])
        return np.asarray(by_name[np.argsort(along, kind="stable")])
    if matrix is None:
        raise UserError("Clusters need a matrix of who drives whom: order the cells by name.")
    return np.asarray(by_name[_clustered(np.asarray(matrix, float)[np.ix_(by_name, by_name)])])


def links_between(matrix: FloatArray) -> FloatArray:
    """Return how much two cells have to do with each other in either direction, (n, n)."""
    one_way = np.abs(np.nan_to_num(matrix))
    return np.asarray((one_way + one_way.T) / 2)


def _clustered(matrix: FloatArray) -> Numbers:
    """Return the leaves of a tree of the cells with a link, then those without one."""
    links = links_between(matrix)
    np.fill_diagonal(links, 0.0)
    linked = np.asarray(links.any(axis=1))
    first, last = np.flatnonzero(linked), np.flatnonzero(~linked)
    if len(first) > 2:
        first = first[_leaves(links[np.ix_(first, first)])]
    return np.concatenate([first, last])


def _leaves(links: FloatArray) -> Numbers:
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    apart = links.max() - links
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=len(links) <= _MANY)
    return np.asarray(leaves_list(tree), np.intp)


def _along_main_axis(positions: FloatArray) -> FloatArray:
    """Return how far along their main axis the places lie, infinite where there is none."""
    known = np.isfinite(positions).all(axis=1)
    found = np.full(len(positions), np.inf)
    if not known.any():
        return found
    centred = positions[known] - positions[known].mean(axis=0)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    # Either end could come first: the one at the top or, where the axis is level, the left.
    found[known] = centred @ (axis * np.sign(axis[np.abs(axis).argmax()]))
    return found


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Return a key by which cell 9 stands before cell 10."""
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]
