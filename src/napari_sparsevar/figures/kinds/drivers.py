"""The figure of the drivers: where they are, whom they drive, how strong and how sure they are."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_sparsevar.figures.captions import data_words, paragraphs, settings_paragraph
from napari_sparsevar.figures.listing import listed_places, surest
from napari_sparsevar.figures.options import Drawn, FigureOptions
from napari_sparsevar.figures.panels.drivers import (
    arrows_words,
    draw_driver_list,
    draw_driver_traces,
    draw_drivers,
    drivers_title,
    list_words,
    traces_words,
)
from napari_sparsevar.figures.panels.field import tissue_words
from napari_sparsevar.figures.panels.ranking import ranking_height_mm
from napari_sparsevar.figures.panels.traces import traces_height_mm
from napari_sparsevar.figures.style import (
    BESIDE_FROM_MM,
    columns,
    figure_style,
    head,
    map_height_mm,
    new_figure,
    rows,
)
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.run import Run

_MAP_SHARE = 0.55


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Draw the drivers on the mean image with arrows to whom they drive most, and rank them.

    Limits and colours are those of the mean image. The list stands beside the map if there is room
    for both, else below it.
    """
    listed = listed_places(run, *marks)
    few = surest(listed)
    with figure_style():
        figure, panels, map_mm = _lay_out(
            options.width_mm, run.results.contribution.shape, len(few)
        )
        draw_drivers(
            panels[0],
            run,
            listed,
            marks.regions,
            map_mm,
            options.limits,
            options.colormap,
            all_arrows=options.all_arrows,
        )
        head(panels[0], "a", drivers_title(run, listed))
        draw_driver_list(panels[1], run, few)
        head(panels[1], "b", "Ranked")
        draw_driver_traces(panels[2], run, few, marks.regions)
        head(panels[2], "c", "Their activity" if len(listed) else "Activity")
    return Drawn(figure, _caption(run, figure, listed, options))


def _lay_out(
    width_mm: float, shape: tuple[int, ...], n_listed: int
) -> tuple[Figure, list[Axes], float]:
    """Return the figure, its panels and the width of the map's."""
    heights = [ranking_height_mm(n_listed), traces_height_mm(n_listed)]
    beside = width_mm >= BESIDE_FROM_MM
    map_mm = _MAP_SHARE * width_mm if beside else width_mm
    map_height = map_height_mm(map_mm, shape)
    if beside:
        # The traces take what room there is.
        heights[1] = max(heights[1], map_height - heights[0])
        figure = new_figure(width_mm, sum(heights))
        left, right = columns(figure, [_MAP_SHARE, 1 - _MAP_SHARE])
        parts = [left, *rows(right, heights)]
    else:
        figure = new_figure(width_mm, map_height + sum(heights))
        parts = rows(figure, [map_height, *heights])
    return figure, [part.subplots() for part in parts], map_mm


def _caption(run: Run, figure: Figure, listed: pd.DataFrame, options: FigureOptions) -> str:
    arrows = arrows_words(run, listed, all_arrows=options.all_arrows)
    return paragraphs(
        f"Drivers in {data_words(run)}.",
        run.verdict.headline,
        f"(a) {tissue_words(run, figure)} {arrows}",
        f"(b) {list_words(run, listed)}",
        f"(c) {traces_words(run, listed)}",
        settings_paragraph(run),
    )
