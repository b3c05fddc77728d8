"""Cells as a figure lists them: which pairs are shown, in which order, and which cells drive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.ordering import CellOrder, order_of_cells
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.options import FigureOptions

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]

MOST_LISTED = 12
"""Drivers in a list beside a map."""


def known_pairs(fit: CellFit) -> BoolArray:
    """Return which pairs were looked at, (n, n): not a cell and itself, nor one left out."""
    known = np.zeros((len(fit.names),) * 2, bool)
    known[np.ix_(fit.fitted_cells, fit.fitted_cells)] = ~fit.activity.near
    return known


def shown_pairs(fit: CellFit, options: FigureOptions) -> BoolArray:
    """Return which pairs pass the level, (n, n); where nothing was tested, what the lasso keeps.

    Raises
    ------
    UserError
        If the level is none.
    """
    if not 0 < options.level <= 1:
        raise UserError(f"The level is {options.level:g}: choose one above 0, up to 1 for all.")
    if options.level == 1:
        return known_pairs(fit)
    if not fit.tested:
        return kept_pairs(fit, options)
    return np.asarray(fit.matrix(options.tested_by, options.lag) <= options.level)


def kept_pairs(fit: CellFit, options: FigureOptions) -> BoolArray:
    """Return the pairs that the lasso keeps, (n, n), whether beyond chance or not."""
    kept = fit.matrix("coefficient", options.lag) != 0
    return np.asarray(known_pairs(fit) & kept)


def shown_matrix(fit: CellFit, options: FigureOptions) -> FloatArray:
    """Return a matrix of the fit, (n, n), NaN for pairs that do not pass."""
    return np.where(shown_pairs(fit, options), fit.matrix(options.value, options.lag), np.nan)


def ordered_cells(fit: CellFit, options: FigureOptions, usual: CellOrder) -> Numbers:
    """Return in which order cells stand, (n,): as asked for, else as usual."""
    how = options.order or usual
    # Where chance is shown too, it must not be sorted until it looks like clusters.
    passing = shown_pairs(fit, replace(options, level=min(options.level, LEVEL)))
    links = np.where(passing, fit.matrix("estimate", options.lag), 0.0)
    return order_of_cells(how, fit.names, links, fit.positions)


def order_words(options: FigureOptions, usual: CellOrder) -> str:
    """Return how cells are ordered."""
    return {
        "cluster": "Cells that drive each other stand together (hierarchical clustering, average "
        "linkage, of the pairs that pass, either direction); those without such a pair come last.",
        "position": "Cells in the order in which they lie along the longer axis of the field.",
        "name": "Cells in the order of their names.",
    }[options.order or usual]


def listed_drivers(fit: CellFit, options: FigureOptions) -> pd.DataFrame:
    """Return the rows of ``fit.drivers`` of cells that drive others, the surest first.

    ``cell`` is their number from 0 among all cells.
    """
    number = {name: cell for cell, name in enumerate(fit.names)}
    table = fit.drivers.assign(cell=[number[name] for name in fit.drivers["name"]])
    driving = np.asarray(shown_pairs(fit, options).any(axis=1))
    shown = table[driving[table["cell"].to_numpy()]].head(MOST_LISTED)
    return shown.reset_index(drop=True)
