"""The figure of who drives whom among cells, as a graph over the field."""

from __future__ import annotations

import numpy as np
import pandas as pd

from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.figures.captions import paragraphs
from napari_sparsevar.figures.cell_captions import (
    MEANINGS,
    UNITS,
    cell_data_words,
    cell_settings_paragraph,
    level_words,
)
from napari_sparsevar.figures.cell_listing import (
    kept_pairs,
    listed_drivers,
    ordered_cells,
    shown_pairs,
)
from napari_sparsevar.figures.options import Drawn, FigureOptions
from napari_sparsevar.figures.panels.cell_graph import (
    MOST_AROUND,
    MOST_ARROWS,
    Arrows,
    Layout,
    arrows_of,
    draw_graph,
    layout_of,
)
from napari_sparsevar.figures.panels.cell_list import cell_list_words, draw_cell_list
from napari_sparsevar.figures.panels.ranking import ranking_height_mm
from napari_sparsevar.figures.style import (
    BESIDE_FROM_MM,
    TALLEST_MM,
    figure_style,
    head,
    with_list,
)

_SHARE = 0.6
_BELOW_MM, _BESIDE_MM = 16.0, 8.0


def draw(fit: CellFit, options: FigureOptions) -> Drawn:
    """Draw arrows between the cells where they lie, and the surest drivers beside or below."""
    order = ordered_cells(fit, options, "name")
    passing = shown_pairs(fit, options)
    values = fit.matrix("estimate", options.lag)
    others = kept_pairs(fit, options) if options.all_arrows else np.zeros_like(passing)
    arrows = arrows_of(values, passing, others)
    layout, listed = layout_of(fit, order), listed_drivers(fit, options)
    numbered = not layout.circle or len(order) > MOST_AROUND
    with figure_style():
        map_mm = _map_mm(options.width_mm, layout)
        high = map_mm * layout.size[1] / layout.size[0] + _BELOW_MM
        list_mm = ranking_height_mm(len(listed))
        figure, panels = with_list(options.width_mm, high, list_mm, _SHARE)
        reach = layout.size[0] * (1.45 if layout.circle else 1.0)
        draw_graph(panels[0], fit, layout, arrows, listed, order, map_mm / 25.4 * 72 / reach)
        head(panels[0], "a", "Who drives whom")
        draw_cell_list(panels[1], listed, numbered=numbered)
        head(panels[1], "b", "Drivers")
    return Drawn(figure, _caption(fit, layout, arrows, options, listed))


def _map_mm(width_mm: float, layout: Layout) -> float:
    """Return about how wide the field is in print."""
    map_mm = (_SHARE if width_mm >= BESIDE_FROM_MM else 1.0) * width_mm - _BESIDE_MM
    return min(map_mm, (TALLEST_MM - _BELOW_MM) * layout.size[0] / layout.size[1])


def _caption(
    fit: CellFit, layout: Layout, arrows: Arrows, options: FigureOptions, listed: pd.DataFrame
) -> str:
    when = "summed over lags" if options.lag is None else f"lag {options.lag}"
    many = int(shown_pairs(fit, options).sum())
    drawn = "" if many <= MOST_ARROWS else f" The {MOST_ARROWS} strongest of them are drawn."
    pale = (
        " Thin and pale: pairs that the lasso keeps and that do not pass."
        if options.all_arrows
        else ""
    )
    return paragraphs(
        f"Who drives whom among {cell_data_words(fit)}.",
        f"(a) {_where(fit, layout)} Arrows go from who drives to whom: red where the target goes "
        f"up, blue where it goes down, as wide as the {MEANINGS['estimate'].lower()} ("
        f"{UNITS['estimate']}, {when}; the widest is {arrows.top:.3g}). "
        f"{level_words(fit, options)}{drawn}{pale} Black: cells with an arrow.",
        f"(b) {cell_list_words(listed)}",
        cell_settings_paragraph(fit),
    )


def _where(fit: CellFit, layout: Layout) -> str:
    if layout.circle:
        return "Where the cells lie is not known: they stand in a circle, clockwise from the top."
    planes = fit.cells.n_planes
    over = f" The {planes} planes lie over each other." if planes > 1 else ""
    size = fit.cells.pixel_size_um
    bar = " Scale bar in micrometres." if size else " The size of a pixel is not known."
    return f"Cells where they lie.{over}{bar}"
