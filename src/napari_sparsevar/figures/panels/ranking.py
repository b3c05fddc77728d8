"""A ranked list: a bar each, and columns of words beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.ticker import MaxNLocator

from napari_sparsevar.figures.colours import FAINT, GREY, INK, PALETTE
from napari_sparsevar.figures.style import say_instead

COLUMN_POINTS = 33.0
ROW_MM = 3.6
AROUND_ROWS_MM = 17.0
"""Title, heads of columns and the axis."""


def ranking_height_mm(n_rows: int) -> float:
    """Return how high a list of so many rows is printed."""
    return AROUND_ROWS_MM + ROW_MM * max(n_rows, 3)


def draw_ranking(
    axes: Axes,
    names: Sequence[str],
    values: npt.NDArray[np.floating],
    columns: Mapping[str, Sequence[str]],
    label: str,
    *,
    colours: Sequence[str] | None = None,
    faint: Sequence[bool] | None = None,
    empty: str = "none",
) -> None:
    """Draw bars, the first on top, with words to the right of them.

    Parameters
    ----------
    axes : Axes
    names : sequence of str
    values : ndarray, shape (n,)
    columns : mapping of str to sequence of str
        Heads of columns, and what stands in them for each row.
    label : str
        Of the values.
    colours : sequence of str, optional
        One a row.
    faint : sequence of bool, optional
        Rows that must not stand out.
    empty : str
        What to say where there is no row.
    """
    if not len(names):
        say_instead(axes, empty)
        return
    rows = np.arange(len(names))
    pale = np.zeros(len(names), bool) if faint is None else np.asarray(faint, bool)
    axes.barh(
        rows,
        values,
        height=0.62,
        color=[
            to_rgba(colour, FAINT if is_pale else 1.0)
            for colour, is_pale in zip(colours or [PALETTE[0]] * len(names), pale, strict=True)
        ],
    )
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(rows, list(names))
    axes.tick_params(axis="y", length=0)
    for name, is_pale in zip(axes.get_yticklabels(), pale, strict=True):
        name.set_color(GREY if is_pale else INK)
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(2))
    axes.set_xlabel(label)
    for number, (head, words) in enumerate(columns.items()):
        right = (number + 1) * COLUMN_POINTS
        aside: dict[str, Any] = {"textcoords": "offset points", "ha": "right"}
        axes.annotate(
            head, (1, 1), xycoords="axes fraction", xytext=(right, 3), color=GREY, **aside
        )
        for row, word, is_pale in zip(rows, words, pale, strict=True):
            axes.annotate(
                word,
                (1, row),
                xycoords=axes.get_yaxis_transform(),
                xytext=(right, 0),
                va="center",
                color=GREY if is_pale else INK,
                **aside,
            )
