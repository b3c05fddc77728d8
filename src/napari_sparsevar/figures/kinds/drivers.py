"""The figure of the drivers: where they are, whom they drive, how strong and how sure they are."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from napari_sparsevar.figures.captions import data_words, paragraphs, settings_paragraph
from napari_sparsevar.figures.listing import Regions, listed_places
from napari_sparsevar.figures.options import DOUBLE_COLUMN_MM, Drawn, FigureOptions
from napari_sparsevar.figures.panels.colour_maps import Limits
from napari_sparsevar.figures.panels.drivers import (
    arrows_words,
    draw_driver_list,
    draw_driver_traces,
    draw_drivers,
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
from napari_sparsevar.run.annotations import Annotations, Marks
from napari_sparsevar.run.run import Run

_MAP_SHARE = 0.55


def drivers_figure(
    run: Run,
    *,
    notes: Annotations | None = None,
    regions: Regions = None,
    width_mm: float = DOUBLE_COLUMN_MM,
    limits: Limits | None = None,
    colormap: Colormap | str | None = None,
) -> Figure:
    """Draw the drivers on the mean image with arrows to whom they drive most, and rank them.

    Parameters
    ----------
    run : Run
        As it is at the penalty that is wanted.
    notes : Annotations, optional
        Names; hidden drivers are left out and regions listed among the drivers are drawn too.
    regions : ndarray of int, shape (Y, X), optional
        Painted regions.
    width_mm : float
        The list stands beside the map if there is room for both, else below it.
    limits : tuple of float, optional
        Grey values of the mean image at the first and last colour.
    colormap : Colormap or str, optional
        Of the mean image; grey by default.

    Raises
    ------
    UserError
        If the width cannot be printed, or limits or colour map cannot be.
    """
    listed = listed_places(run, notes, regions)
    with figure_style():
        figure, panels, map_mm = _lay_out(width_mm, run.contribution_map.shape, len(listed))
        draw_drivers(panels[0], run, listed, regions, map_mm, limits, colormap)
        head(panels[0], "a", "Drivers and whom they drive")
        draw_driver_list(panels[1], listed)
        head(panels[1], "b", "Ranked")
        draw_driver_traces(panels[2], run, listed, regions)
        head(panels[2], "c", "Their activity" if len(listed) else "Activity")
    return figure


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


def drivers_caption(
    run: Run, figure: Figure, notes: Annotations | None = None, regions: Regions = None
) -> str:
    """Return the caption of ``drivers_figure``."""
    listed = listed_places(run, notes, regions)
    return paragraphs(
        f"Drivers in {data_words(run)}.",
        f"(a) {tissue_words(run, figure)} {arrows_words(listed)}",
        f"(b) {list_words(run, listed)}",
        f"(c) {traces_words(run, listed)}",
        settings_paragraph(run),
    )


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Return the figure and its caption."""
    figure = drivers_figure(
        run,
        notes=marks.notes,
        regions=marks.regions,
        width_mm=options.width_mm,
        limits=options.limits,
        colormap=options.colormap,
    )
    return Drawn(figure, drivers_caption(run, figure, *marks))
