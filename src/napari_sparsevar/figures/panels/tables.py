"""Panels that are small tables of numbers on a coloured ground."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.figures.colours import INK, SEQUENTIAL
from napari_sparsevar.figures.style import shortened

FloatArray = npt.NDArray[np.float64]

_SMALLEST_P = 1e-4
_MOST_NUMBERED = 8
"""Windows in a matrix that has room for numbers."""
_LONGEST_LABEL = 9
_LETTERS_AN_INCH = 1.6
"""Of the figure's width, that fit below a column of two."""
_LETTERS_IN_A_ROW = 20


def draw_prediction(axes: Axes, explained: FloatArray, labels: tuple[str, str]) -> None:
    """Draw what share of the variance each window's model explains in each window, (2, 2)."""
    colours = np.clip(np.nan_to_num(explained), 0, None)
    _draw(axes, explained, colours / max(float(colours.max()), 1e-12) * 0.75, _three_decimals)
    figure = axes.get_figure(root=True)
    assert figure is not None
    longest = round(_LETTERS_AN_INCH * figure.get_figwidth())
    names = [shortened(label, longest) for label in labels]
    axes.set_xticks([0, 1], names)
    axes.set_yticks([0, 1], names, rotation=90, va="center")
    axes.set_xlabel("frames of")
    axes.set_ylabel("model of")


def draw_matrix(axes: Axes, p_values: pd.DataFrame) -> None:
    """Draw adjusted p-values, windows by windows: the darker, the smaller."""
    values = p_values.to_numpy(float)
    with np.errstate(invalid="ignore"):
        colours = np.log10(np.maximum(values, _SMALLEST_P)) / np.log10(_SMALLEST_P)
    _draw(axes, values, colours, p_value_text)
    places, labels = (
        list(range(len(p_values))),
        [shortened(str(label), _LONGEST_LABEL) for label in p_values],
    )
    long = max(map(len, labels)) * len(labels) > _LETTERS_IN_A_ROW
    axes.set_xticks(places, labels, rotation=90 if long else 0)
    axes.set_yticks(places, labels)


def _draw(
    axes: Axes, values: FloatArray, colours: FloatArray, write: Callable[[float], str]
) -> None:
    """Write values (rows, columns) on the ground of ``colours`` between 0 and 1."""
    axes.pcolormesh(
        np.arange(values.shape[1] + 1) - 0.5,
        np.arange(values.shape[0] + 1) - 0.5,
        np.ma.masked_invalid(np.where(np.isnan(values), np.nan, colours)),
        cmap=SEQUENTIAL,
        vmin=0,
        vmax=1,
        edgecolors="white",
        linewidth=1,
    )
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value) and len(values) <= _MOST_NUMBERED:
            dark = colours[row, column] > 0.55
            axes.text(
                column,
                row,
                write(float(value)),
                ha="center",
                va="center",
                color="white" if dark else INK,
                fontsize=_font_size(len(values)),
            )
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _three_decimals(value: float) -> str:
    """Write a number with the minus sign of print."""
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def _font_size(rows: int) -> float:
    return 7.0 if rows <= 3 else 6.0 if rows == 4 else 5.0
