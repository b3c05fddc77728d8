"""The figure of what cells do over time: drivers with their followers, or all cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.cells import Float32Array
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.captions import paragraphs
from napari_sparsevar.figures.cell_captions import (
    cell_data_words,
    cell_settings_paragraph,
    level_words,
)
from napari_sparsevar.figures.cell_listing import (
    listed_drivers,
    order_words,
    ordered_cells,
    shown_matrix,
)
from napari_sparsevar.figures.colours import BLUE, GREY, VERMILION
from napari_sparsevar.figures.options import Drawn, FigureOptions
from napari_sparsevar.figures.panels.raster import draw_raster, raster_words
from napari_sparsevar.figures.panels.traces import (
    APART,
    MOST_POINTS,
    binned,
    draw_traces,
    frames_each,
    traces_height_mm,
)
from napari_sparsevar.figures.style import figure_style, head, new_figure, shortened

MOST_DRIVERS, MOST_FOLLOWERS = 5, 3
"""Drivers whose traces are drawn, and followers of each."""

_RASTER_MM = 75.0


class _Row(NamedTuple):
    cell: int
    role: str


def draw(fit: CellFit, options: FigureOptions) -> Drawn:
    """Draw the surest drivers, each with those that follow it most; or all cells as an image."""
    start, stop = _frames(fit, options)
    words = f"Activity of {cell_data_words(fit)}{_when(options, start, stop)}."
    with figure_style():
        if options.all_cells:
            figure = new_figure(options.width_mm, _RASTER_MM)
            axes = figure.subplots()
            order = ordered_cells(fit, options, "cluster")
            names = [fit.names[cell] for cell in order]
            activity = _standardised(fit, order.tolist(), start, stop)
            draw_raster(axes, activity, names, fit.fps, start)
            head(axes, "a", "All cells")
            said = f"(a) {raster_words(*activity.shape)} {order_words(options, 'cluster')}"
            if (options.order or "cluster") == "cluster":
                said += f" {level_words(fit, options)}"
        else:
            chosen = _rows(fit, options)
            figure = new_figure(options.width_mm, traces_height_mm(len(chosen)))
            axes = figure.subplots()
            _draw_rows(axes, fit, chosen, start, stop)
            head(axes, "a", _title(chosen))
            said = f"(a) {_rows_words(chosen, stop - start)} {level_words(fit, options)}"
    return Drawn(figure, paragraphs(words, said, cell_settings_paragraph(fit)))


def _frames(fit: CellFit, options: FigureOptions) -> tuple[int, int]:
    start, stop = options.frames or (0, len(fit.good))
    if not 0 <= start < stop <= len(fit.good):
        raise UserError(
            f"The frames {start}:{stop} are not inside the {len(fit.good)} frames of the fit: "
            "give the first and the one after the last."
        )
    return start, stop


def _when(options: FigureOptions, start: int, stop: int) -> str:
    return "" if options.frames is None else f", frames {start} to {stop}"


def _standardised(fit: CellFit, cells: Sequence[int], start: int, stop: int) -> Float32Array:
    """Return some cells (k, frames) in standard deviations about their mean, NaN where unknown."""
    column = {int(cell): number for number, cell in enumerate(fit.fitted_cells)}
    found = np.full((len(cells), stop - start), np.nan, np.float32)
    # One at a time: all of a long recording would fill the memory several times over.
    for row, cell in enumerate(cells):
        if cell in column:
            series = fit.activity.series[:, column[cell]]
            used = series[fit.good]
            found[row] = (series[start:stop] - used.mean()) / max(float(used.std()), 1e-12)
    found[:, ~fit.good[start:stop]] = np.nan
    return found


def _rows(fit: CellFit, options: FigureOptions) -> list[_Row]:
    """Return drivers with their strongest followers; the first cells where nobody drives."""
    effects = np.abs(np.nan_to_num(shown_matrix(fit, options)))
    chosen: list[_Row] = []
    for driver in listed_drivers(fit, options)["cell"].head(MOST_DRIVERS):
        followers = np.argsort(-effects[driver], kind="stable")[:MOST_FOLLOWERS]
        chosen.append(_Row(int(driver), "driver"))
        chosen += [_Row(int(cell), "follower") for cell in followers if effects[driver, cell] > 0]
    return chosen or [_Row(int(cell), "") for cell in fit.fitted_cells[: MOST_DRIVERS * 2]]


def _draw_rows(axes: Axes, fit: CellFit, chosen: list[_Row], start: int, stop: int) -> None:
    shown = _standardised(fit, [row.cell for row in chosen], start, stop).astype(float)
    colours = {"driver": VERMILION, "follower": BLUE, "": GREY}
    peaks = [np.nanpercentile(np.abs(binned(one, MOST_POINTS)[1]), 99.7) for one in shown]
    names = [shortened(fit.names[row.cell]) for row in chosen]
    draw_traces(
        axes,
        shown,
        names,
        fit.fps,
        colours=[colours[row.role] for row in chosen],
        first_frame=start,
        apart=max(APART, float(np.median(peaks))),
    )


def _title(chosen: list[_Row]) -> str:
    return "Drivers and who follows" if chosen[0].role else "No driver: the first cells"


def _rows_words(chosen: list[_Row], n_frames: int) -> str:
    each = frames_each(n_frames, MOST_POINTS)
    mean = f", each point the mean of {each} frames" if each > 1 else ""
    what = "What was fitted, in standard deviations about the mean of the recording"
    if not chosen[0].role:
        return f"{what}{mean}. Nobody drives among the pairs that are shown: the first cells."
    return (
        f"{what}{mean}. Red: the surest drivers; blue, below each: those that it drives most. A "
        "cell can stand there more than once."
    )
