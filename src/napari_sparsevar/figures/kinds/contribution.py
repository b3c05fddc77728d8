"""The figure of the contribution map, beside the tissue it lies in."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from napari_sparsevar.figures.captions import data_words, paragraphs, settings_paragraph
from napari_sparsevar.figures.options import Drawn, FigureOptions
from napari_sparsevar.figures.panels.field import (
    contribution_words,
    draw_contribution,
    draw_tissue,
    tissue_words,
)
from napari_sparsevar.figures.style import columns, figure_style, head, map_height_mm, new_figure
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.run import Run


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Draw the mean image of the movie and how strongly every pixel drives what happens next."""
    with figure_style():
        figure = new_figure(
            options.width_mm, map_height_mm(options.width_mm / 2, run.results.contribution.shape)
        )
        left, right = columns(figure, [1, 1])
        tissue, contribution = left.subplots(), right.subplots()
        draw_tissue(tissue, run)
        head(tissue, "a", "Mean image")
        draw_contribution(contribution, run, options.limits, options.colormap)
        head(contribution, "b", "Contribution")
    return Drawn(figure, _caption(run, figure))


def _caption(run: Run, figure: Figure) -> str:
    return paragraphs(
        f"Which places drive the activity that follows, in {data_words(run)}.",
        run.verdict.headline,
        f"(a) {tissue_words(run, figure)}",
        f"(b) {contribution_words(run, figure)}",
        settings_paragraph(run),
    )
