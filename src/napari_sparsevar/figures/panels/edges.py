"""The panel of the edges whose change is most surprising."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from napari_sparsevar.figures.colours import GREY, INK


def draw_edges(axes: Axes, edges: pd.DataFrame, level: float) -> None:
    """Draw the change of each edge with its simultaneous interval, the first on top.

    Parameters
    ----------
    axes : Axes
    edges : DataFrame
        Numbered by its index; filled where ``p_adjusted`` is at most the level.
    level : float
    """
    rows = np.arange(len(edges))
    changed = (edges["p_adjusted"] <= level).to_numpy()
    for row, is_changed, edge in zip(rows, changed, edges.itertuples(), strict=True):
        colour = INK if is_changed else GREY
        axes.plot([edge.low, edge.high], [row, row], color=colour, linewidth=0.9, zorder=2)
        face = colour if is_changed else "white"
        axes.plot(
            edge.change, row, "o", markersize=3.5, color=colour, markerfacecolor=face, zorder=3
        )
    axes.axvline(0, color=GREY, linewidth=0.6, zorder=1)
    axes.set_ylim(len(edges) - 0.4, -0.6)
    axes.set_yticks(rows, [str(number) for number in edges.index])
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("edge")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("change of the coefficient")
    axes.spines["left"].set_visible(False)
