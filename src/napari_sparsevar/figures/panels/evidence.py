"""The panels of the evidence: the null distribution, and the edges that changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import DynamicsTest
from napari_sparsevar.figures.colours import GREY, INK, LIGHT_GREY, OBSERVED


def draw_null(axes: Axes, test: DynamicsTest, adjusted: float | None = None) -> None:
    """Draw the null distribution of the test of dynamics and the observed value.

    Parameters
    ----------
    axes : Axes
    test : DynamicsTest
    adjusted : float, optional
        Its p-value adjusted for several pairs.
    """
    more = "" if adjusted is None else f"\nadjusted {p_value_text(adjusted)}"
    axes.hist(test.null, bins="auto", color=LIGHT_GREY, edgecolor="white", linewidth=0.3)
    axes.axvline(test.statistic, color=OBSERVED, linewidth=1.2)
    axes.margins(x=0.08)
    low, high = axes.get_xlim()
    right = test.statistic > (low + high) / 2
    axes.annotate(
        f"observed\np = {p_value_text(test.p_value)}{more}",
        (test.statistic, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(-3 if right else 3, -1),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        color=OBSERVED,
    )
    axes.set_xlabel("largest difference (s.d. of its null)", color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_ylabel("draws")
    # Room above the bars for the words.
    axes.set_ylim(0, axes.get_ylim()[1] * (1.5 if more else 1.3))


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
