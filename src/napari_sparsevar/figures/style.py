"""How figures look: journal widths, small sans-serif type, colours for the colour-blind."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure

from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.colours import GREY, INK
from napari_sparsevar.figures.options import DOUBLE_COLUMN_MM, SINGLE_COLUMN_MM

NARROWEST_MM, WIDEST_MM = 80.0, 400.0

BESIDE_FROM_MM = 130.0
"""Width from which a map stands beside other panels."""

BELOW_MAP_MM, BESIDE_MAP_MM = 21.0, 7.0
TALLEST_MM = 150.0

LONGEST_LABEL = 18

_DRAWING = threading.RLock()

_FONTS = ("Arial", "Helvetica", "Liberation Sans", "DejaVu Sans")
_OTHER_SCRIPTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans", "Microsoft YaHei")

_SETTINGS: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 6,
    "figure.constrained_layout.h_pad": 0.04,
    "figure.constrained_layout.w_pad": 0.04,
    # Labels are what a person typed: a dollar sign is a dollar sign.
    "text.parse_math": False,
    "axes.unicode_minus": True,
    # Text that can still be edited, and the same names of parts when drawn again.
    "svg.fonttype": "none",
    "svg.hashsalt": "napari-sparsevar",
    "pdf.fonttype": 42,
}


@contextlib.contextmanager
def figure_style() -> Iterator[None]:
    """Draw and save figures in this style inside the block; matplotlib is as before afterwards."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    known = [name for name in _FONTS if name in installed][:1]
    others = [name for name in _OTHER_SCRIPTS if name in installed]
    settings = {**_SETTINGS, "font.family": [*known, *others]}
    # One thread at a time: the settings of matplotlib are those of the whole process.
    with _DRAWING, mpl.rc_context(settings), _rare_letters():
        yield


@contextlib.contextmanager
def _rare_letters() -> Iterator[None]:
    """Say nothing of letters that no installed font has: a box is drawn for them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """Return an empty figure of this size that no window will ever show.

    Raises
    ------
    UserError
        If it is too narrow to be read or wider than a page.
    """
    if not NARROWEST_MM <= width_mm <= WIDEST_MM:
        raise UserError(
            f"The figure's width is {width_mm:g} mm: choose {NARROWEST_MM:g} to {WIDEST_MM:g}, "
            f"in journals {SINGLE_COLUMN_MM:g} (one column) or {DOUBLE_COLUMN_MM:g} (two)."
        )
    figure = Figure(figsize=(width_mm / 25.4, height_mm / 25.4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def map_height_mm(width_mm: float, shape: tuple[int, ...]) -> float:
    """Return the height of a panel with a map as wide as this and the bars below it."""
    return min((width_mm - BESIDE_MAP_MM) * shape[0] / shape[1] + BELOW_MAP_MM, TALLEST_MM)


def rows(figure: Figure | SubFigure, heights: list[float]) -> list[SubFigure]:
    """Divide a figure into parts below each other."""
    parts: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    return list(parts)


def columns(figure: Figure | SubFigure, widths: list[float]) -> list[SubFigure]:
    """Divide a figure into parts side by side."""
    parts: Any = figure.subfigures(1, len(widths), width_ratios=widths)
    return list(parts)


def with_list(
    width_mm: float, panel_mm: float, list_mm: float, share: float
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a panel and a list beside it, below it where there is no room beside.

    Parameters
    ----------
    width_mm : float
        Of the figure.
    panel_mm, list_mm : float
        How high the two are.
    share : float
        Of the width that the panel has beside a list.
    """
    if width_mm < BESIDE_FROM_MM:
        figure = new_figure(width_mm, panel_mm + list_mm)
        return figure, [part.subplots() for part in rows(figure, [panel_mm, list_mm])]
    tallest = max(panel_mm, list_mm)
    figure = new_figure(width_mm, tallest)
    left, right = columns(figure, [share, 1 - share])
    # A short list is no higher than its rows.
    upper, _ = rows(right, [list_mm, max(tallest - list_mm, 1.0)])
    return figure, [left.subplots(), upper.subplots()]


def head(axes: Axes, letter: str, title: str) -> None:
    """Put the panel's letter and what it shows above it."""
    axes.set_title(title)
    axes.annotate(
        letter,
        (0, 1),
        xytext=(-9, 6),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=8,
        fontweight="bold",
        ha="right",
    )


def say_instead(axes: Axes, words: str) -> None:
    """Write words in a panel that has nothing to draw."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=GREY)
    axes.set_axis_off()


def shortened(label: str, longest: int = LONGEST_LABEL) -> str:
    """Return a label that fits into a panel."""
    return label if len(label) <= longest else f"{label[: longest - 1].rstrip()}…"
