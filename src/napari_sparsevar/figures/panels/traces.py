"""The panel of the activity of places over time, one row each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from napari_sparsevar.figures.colours import INK, PALETTE
from napari_sparsevar.figures.panels.activity import binned

FloatArray = npt.NDArray[np.float64]

MOST_POINTS = 1500
"""Points of a line; of more frames means are drawn."""

ROW_MM, AROUND_ROWS_MM = 6.0, 16.0

_APART = 4.5
"""Standard deviations between the zero lines of two rows."""
_BAR = 5.0
"""Length of the bar beside the rows, in standard deviations."""


def traces_height_mm(n_rows: int) -> float:
    """Return how high the traces of so many places are printed."""
    return AROUND_ROWS_MM + ROW_MM * max(n_rows, 2)


def draw_traces(axes: Axes, activity: FloatArray, names: Sequence[str], fps: float | None) -> None:
    """Draw activity (n, T) in standard deviations, the first place on top.

    Parameters
    ----------
    axes : Axes
    activity : ndarray, shape (n, T)
        NaN in frames that were not used.
    names : sequence of str
    fps : float or None
        Frames per second; frames are counted where it is not known.
    """
    per_unit = fps or 1.0
    levels = -_APART * np.arange(len(names))
    for level, trace in zip(levels, activity, strict=True):
        frames, values = binned(trace, MOST_POINTS)
        axes.plot(frames / per_unit, values + level, color=PALETTE[0], linewidth=0.5)
    axes.set_yticks(levels, list(names))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    last = activity.shape[1] / per_unit
    axes.set_xlim(0, last)
    axes.set_xlabel("time (s)" if fps else "frame")
    _deviation_bar(axes, float(levels[0]))


def _deviation_bar(axes: Axes, level: float) -> None:
    """Draw how high some standard deviations are, right of the first row."""
    place = axes.get_yaxis_transform()
    axes.plot(
        [1.01, 1.01],
        [level, level + _BAR],
        transform=place,
        color=INK,
        linewidth=1,
        solid_capstyle="butt",
        clip_on=False,
    )
    axes.annotate(
        f"{_BAR:g} s.d.",
        (1.01, level + _BAR / 2),
        xycoords=place,
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
    )
