"""The one figure for a talk: where the drivers are, what they do, and how they were found."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_sparsevar.figures.captions import data_words, paragraphs, settings_paragraph
from napari_sparsevar.figures.kinds.loss import TERMS, draw_loss, loss_words
from napari_sparsevar.figures.kinds.path import criterion_words, draw_criterion
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
from napari_sparsevar.figures.panels.field import (
    contribution_words,
    draw_contribution,
    tissue_words,
)
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

MOST_TRACES = 8
"""The surest drivers, whose activity is drawn."""

_CURVES_MM = 50.0
_MAP_SHARE, _LIST_SHARE = 0.36, 0.28


class Panels(NamedTuple):
    """Where everything goes, and how wide the map of the drivers is."""

    drivers: Axes
    contribution: Axes
    ranking: Axes
    traces: Axes
    loss: Axes
    criterion: Axes
    map_mm: float


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Draw drivers, contribution map, ranks, activity, training and choice of the penalty.

    Limits and colours are those of the contribution map.
    """
    listed = listed_places(run, *marks)
    few, strongest = surest(listed), listed.head(MOST_TRACES)
    with figure_style():
        figure, panels = _lay_out(
            options.width_mm, run.results.contribution.shape, len(few), len(strongest)
        )
        draw_drivers(
            panels.drivers,
            run,
            listed,
            marks.regions,
            panels.map_mm,
            all_arrows=options.all_arrows,
        )
        head(panels.drivers, "a", drivers_title(run, listed))
        draw_contribution(panels.contribution, run, options.limits, options.colormap)
        head(panels.contribution, "b", "Contribution")
        # Names that are cut or left out stand in the caption.
        letters = 9 if options.width_mm >= BESIDE_FROM_MM else 0
        draw_driver_list(panels.ranking, run, few, letters)
        head(panels.ranking, "c", "Ranked")
        draw_driver_traces(panels.traces, run, strongest, marks.regions)
        head(panels.traces, "d", "Activity of the strongest" if len(listed) else "Activity")
        draw_loss(panels.loss, run, TERMS)
        head(panels.loss, "e", "Training")
        draw_criterion(panels.criterion, run)
        head(panels.criterion, "f", "How sparse")
    return Drawn(figure, _caption(run, figure, listed, options))


def _lay_out(
    width_mm: float, shape: tuple[int, ...], n_listed: int, n_traces: int
) -> tuple[Figure, Panels]:
    list_mm, traces_mm = ranking_height_mm(n_listed), traces_height_mm(n_traces)
    beside = width_mm >= BESIDE_FROM_MM
    if beside:
        map_mm = _MAP_SHARE * width_mm
        top_mm = max(map_height_mm(map_mm, shape), list_mm)
        figure = new_figure(width_mm, top_mm + traces_mm + _CURVES_MM)
        top, traces, curves = rows(figure, [top_mm, traces_mm, _CURVES_MM])
        drivers, contribution, side = columns(top, [_MAP_SHARE, _MAP_SHARE, _LIST_SHARE])
        # Bars as thick as elsewhere, however high the maps are.
        ranking, *_ = rows(side, [list_mm, max(top_mm - list_mm, 0.01)])
    else:
        map_mm = width_mm
        maps = [map_height_mm(width_mm, shape), map_height_mm(width_mm / 2, shape)]
        heights = [maps[0], max(maps[1], list_mm), traces_mm, 2 * _CURVES_MM]
        figure = new_figure(width_mm, sum(heights))
        drivers, middle, traces, curves = rows(figure, heights)
        contribution, side = columns(middle, [1, 1])
        ranking, *_ = rows(side, [list_mm, max(heights[1] - list_mm, 0.01)])
    loss, criterion = columns(curves, [1, 1]) if beside else rows(curves, [1, 1])
    return figure, Panels(
        drivers.subplots(),
        contribution.subplots(),
        ranking.subplots(),
        traces.subplots(),
        loss.subplots(),
        criterion.subplots(),
        map_mm,
    )


def _caption(run: Run, figure: Figure, listed: pd.DataFrame, options: FigureOptions) -> str:
    few = f" The {MOST_TRACES} strongest are drawn." if len(listed) > MOST_TRACES else ""
    arrows = arrows_words(run, listed, all_arrows=options.all_arrows)
    return paragraphs(
        f"What drives the activity that follows, in {data_words(run)}.",
        " ".join(run.verdict.sentences()),
        f"(a) {tissue_words(run, figure)} {arrows}",
        f"(b) {contribution_words(run, figure)}",
        f"(c) {list_words(run, listed)}",
        f"(d) {traces_words(run, listed)}{few}",
        f"(e) Blind-spot reconstruction error and error of predicting the next frame. "
        f"{loss_words(run)}",
        f"(f) {criterion_words(run)}",
        settings_paragraph(run),
    )
