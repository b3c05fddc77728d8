"""The figure of the registration: how far the field was off over time, and how well it lies now."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes

from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.captions import data_words, paragraphs, settings_paragraph
from napari_sparsevar.figures.colours import GREY, PALETTE
from napari_sparsevar.figures.options import Drawn, FigureOptions
from napari_sparsevar.figures.style import figure_style, head, new_figure, rows
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.registration import read_shifts
from napari_sparsevar.run.run import Run

_HEIGHT_MM = 80.0


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Draw shifts and correlation with the template over time; UserError if there are none."""
    shifts = read_shifts(run.path)
    if shifts is None:
        raise UserError(
            f"The movie of the run {run.path} was not registered: train with registration, or "
            "choose another figure."
        )
    table = shifts.over_time()
    table = table.assign(time=table["frame"] / (run.fps or 1.0))
    found = (
        f"{shifts.sentence()} Crispness, the slopes of the mean image over those as recorded: "
        f"{shifts.crispness:.2f}."
    )
    with figure_style():
        figure = new_figure(options.width_mm, _HEIGHT_MM)
        upper, lower = (part.subplots() for part in rows(figure, [1.0, 1.0]))
        _draw_shifts(upper, table)
        head(upper, "a", "Shift of the field")
        _draw_quality(lower, table)
        head(lower, "b", "Likeness to the template")
        lower.set_xlabel("time (s)" if run.fps else "frame")
    return Drawn(figure, _caption(run, found))


def _draw_shifts(axes: Axes, table: pd.DataFrame) -> None:
    for name, colour in (("y", PALETTE[0]), ("x", PALETTE[4])):
        axes.plot(table["time"], table[name], color=colour, linewidth=0.7, label=name)
    axes.set_ylabel("shift (px)")
    _legend(axes)


def _draw_quality(axes: Axes, table: pd.DataFrame) -> None:
    axes.plot(table["time"], table["before"], color=GREY, linewidth=0.7, label="as recorded")
    axes.plot(table["time"], table["after"], color=PALETTE[0], linewidth=0.7, label="registered")
    axes.set_ylabel("correlation")
    _legend(axes)


def _legend(axes: Axes) -> None:
    axes.legend(frameon=False, loc="upper right", ncols=2, fontsize=6, handlelength=1.2)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))


def _caption(run: Run, found: str) -> str:
    return paragraphs(
        f"Registration of {data_words(run)}.",
        "(a) How far the field was off its median position, in pixels. (b) Correlation of frames "
        f"with the template, as recorded and registered. {found} Of a long movie "
        "means over stretches are drawn.",
        settings_paragraph(run),
    )
