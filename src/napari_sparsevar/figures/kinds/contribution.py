"""The figure of the contribution map, beside the tissue it lies in."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from napari_sparsevar.figures.captions import data_words, paragraphs, settings_paragraph
from napari_sparsevar.figures.options import SINGLE_COLUMN_MM, Drawn, FigureOptions
from napari_sparsevar.figures.panels.colour_maps import Limits
from napari_sparsevar.figures.panels.field import (
    contribution_words,
    draw_contribution,
    draw_tissue,
    tissue_words,
)
from napari_sparsevar.figures.style import columns, figure_style, head, map_height_mm, new_figure
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.run import Run


def contribution_figure(
    run: Run,
    *,
    width_mm: float = SINGLE_COLUMN_MM,
    limits: Limits | None = None,
    colormap: Colormap | str | None = None,
) -> Figure:
    """Draw the mean image of the movie and every pixel's share in driving what happens next.

    Parameters
    ----------
    run : Run
        As it is at the penalty that is wanted.
    width_mm : float
    limits : tuple of float, optional
        Contribution at the first and last colour; from 0 to the largest by default.
    colormap : Colormap or str, optional
        Of the contribution; that of the viewer by default.

    Raises
    ------
    UserError
        If the width cannot be printed, or limits or colour map cannot be.
    """
    with figure_style():
        figure = new_figure(width_mm, map_height_mm(width_mm / 2, run.contribution_map.shape))
        left, right = columns(figure, [1, 1])
        tissue, contribution = left.subplots(), right.subplots()
        draw_tissue(tissue, run)
        head(tissue, "a", "Mean image")
        draw_contribution(contribution, run, limits, colormap)
        head(contribution, "b", "Contribution")
    return figure


def contribution_caption(run: Run, figure: Figure) -> str:
    """Return the caption of ``contribution_figure``."""
    return paragraphs(
        f"Which places drive the activity that follows, in {data_words(run)}.",
        f"(a) {tissue_words(run, figure)}",
        f"(b) {contribution_words(run, figure)}",
        settings_paragraph(run),
    )


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Return the figure and its caption."""
    figure = contribution_figure(
        run, width_mm=options.width_mm, limits=options.limits, colormap=options.colormap
    )
    return Drawn(figure, contribution_caption(run, figure))
