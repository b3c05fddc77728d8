"""The figure of who drives whom among cells, as a matrix."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.ordering import CellOrder
from napari_sparsevar.figures.captions import limits_words, paragraphs
from napari_sparsevar.figures.cell_captions import (
    MEANINGS,
    UNITS,
    cell_data_words,
    cell_settings_paragraph,
    level_words,
)
from napari_sparsevar.figures.cell_listing import (
    FloatArray,
    known_pairs,
    listed_drivers,
    order_words,
    ordered_cells,
    shown_matrix,
)
from napari_sparsevar.figures.options import Drawn, FigureOptions
from napari_sparsevar.figures.panels.cell_list import cell_list_words, draw_cell_list
from napari_sparsevar.figures.panels.cell_matrix import (
    MATRIX,
    cells_each,
    draw_matrix,
    draw_matrix_bar,
    matrix_colours,
    matrix_limits,
    say_on_matrix,
)
from napari_sparsevar.figures.panels.ranking import ranking_height_mm
from napari_sparsevar.figures.style import (
    BESIDE_FROM_MM,
    figure_style,
    head,
    with_list,
)

_SHARE = 0.6
_AROUND_MM, _ABOVE_MM = 30.0, 20.0
"""Names and the colour bar beside a matrix; title and names above and below it."""
_USUAL: CellOrder = "cluster"


def draw(fit: CellFit, options: FigureOptions) -> Drawn:
    """Draw the matrix in the order asked for, and the surest drivers beside or below it."""
    order = ordered_cells(fit, options, _USUAL)
    matrix = shown_matrix(fit, options)[np.ix_(order, order)]
    listed = listed_drivers(fit, options)
    with figure_style():
        side_mm = _side_mm(options.width_mm)
        list_mm = ranking_height_mm(len(listed))
        figure, panels = with_list(options.width_mm, side_mm + _ABOVE_MM, list_mm, _SHARE)
        _draw_matrix(panels[0], fit, matrix, order, side_mm, options)
        head(panels[0], "a", "Who drives whom")
        draw_cell_list(panels[1], listed)
        head(panels[1], "b", "Drivers")
    return Drawn(figure, _caption(fit, figure, options, listed, matrix))


def _draw_matrix(
    axes: Axes,
    fit: CellFit,
    matrix: FloatArray,
    order: np.ndarray,
    side_mm: float,
    options: FigureOptions,
) -> None:
    colours = matrix_colours(options.value, options.colormap, masked=options.level < 1)
    limits = options.limits or matrix_limits(matrix, options.value, options.level)
    names = [fit.names[cell] for cell in order]
    known = known_pairs(fit)[np.ix_(order, order)]
    image = draw_matrix(axes, matrix, known, names, side_mm, colours, limits)
    if np.isfinite(matrix).any():
        draw_matrix_bar(axes, image, UNITS[options.value])
    else:
        say_on_matrix(axes, "no pair is beyond chance" if fit.tested else "no pair is kept")


def _side_mm(width_mm: float) -> float:
    """Return about how wide the matrix is in print."""
    return (_SHARE if width_mm >= BESIDE_FROM_MM else 1.0) * width_mm - _AROUND_MM


def _caption(
    fit: CellFit, figure: Figure, options: FigureOptions, listed: pd.DataFrame, matrix: FloatArray
) -> str:
    each = cells_each(len(matrix))
    shared = (
        f" Every field stands for {each} x {each} pairs and shows the one furthest from 0."
        if each > 1
        else " Grey: not looked at."
    )
    when = "summed over lags" if options.lag is None else f"lag {options.lag}"
    if options.value not in ("estimate", "coefficient"):
        when = "at the surest lag" if options.lag is None else when
    return paragraphs(
        f"Who drives whom among {cell_data_words(fit)}.",
        f"(a) Rows drive columns. {MEANINGS[options.value]} in {UNITS[options.value]}, {when} "
        f"(colours {limits_words(figure, MATRIX)}). {level_words(fit, options)} White: does not "
        f"pass.{shared} {order_words(options, _USUAL)}",
        f"(b) {cell_list_words(listed)}",
        cell_settings_paragraph(fit),
    )
