"""The figure of compared windows."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.layout import Panels, lay_out
from napari_sparsevar.figures.panels.activity import mean_activity
from napari_sparsevar.figures.panels.difference import difference_bar, draw_difference, draw_places
from napari_sparsevar.figures.panels.edges import draw_edges
from napari_sparsevar.figures.panels.null import draw_null
from napari_sparsevar.figures.panels.tables import draw_matrix, draw_prediction
from napari_sparsevar.figures.panels.timeline import draw_timeline
from napari_sparsevar.figures.style import DOUBLE_COLUMN_MM, figure_style, head, shortened
from napari_sparsevar.run.run import Run

TOP_EDGES = 10
"""Edges in the list and arrows on the map, at most."""

_LONGEST_NAMES, _LONGEST_LINE = 14, 30
"""Letters of two labels that fit beside other words, and on a line of their own."""


def comparison_figure(
    run: Run,
    found: ComparisonSet,
    pair: Comparison | None = None,
    *,
    width_mm: float = DOUBLE_COLUMN_MM,
) -> Figure:
    """Draw compared windows: when, whether, where, which edges and how well they predict.

    Parameters
    ----------
    run : Run
    found : ComparisonSet
        Compared in this run.
    pair : Comparison, optional
        Whose numbers are shown; by default those of ``clearest_pair``.
    width_mm : float
        The map stands beside the other panels if there is room for both, else above them.

    Raises
    ------
    UserError
        If the width cannot be printed.
    """
    shown = pair or clearest_pair(found)
    with figure_style():
        several = len(found.windows) > 2
        figure, panels = lay_out(width_mm, run.contribution_map.shape, several=several)
        _draw(panels, run, found, shown)
    return figure


def clearest_pair(found: ComparisonSet) -> Comparison:
    """Return the pair with the smallest p-value, of several the one with the largest statistic."""
    return min(found.pairs, key=lambda pair: (pair.p_value, -pair.statistic))


def choose_pair(found: ComparisonSet, name: str) -> Comparison:
    """Return the pair called ``A-B`` or ``B-A``.

    Raises
    ------
    UserError
        If these two were not compared.
    """
    names = {f"{pair.a.label}-{pair.b.label}": pair for pair in found.pairs}
    reverse = {f"{pair.b.label}-{pair.a.label}": pair for pair in found.pairs}
    chosen = names.get(name) or reverse.get(name)
    if chosen is None:
        raise UserError(
            f"The comparison {found.name} has no pair '{name}': choose one of {', '.join(names)}."
        )
    return chosen


def adjusted_p(found: ComparisonSet, pair: Comparison) -> float:
    """Return the pair's p-value adjusted for all pairs; its own where it is none of them."""
    together = zip(found.pairs, found.adjusted, strict=True)
    return next((value for one, value in together if one is pair), pair.p_value)


def top_edges(pair: Comparison) -> pd.DataFrame:
    """Return the most surprising edges of a pair, numbered from 1."""
    top = pair.edges.head(TOP_EDGES)
    return top.set_index(pd.RangeIndex(1, len(top) + 1))


def _draw(panels: Panels, run: Run, found: ComparisonSet, pair: Comparison) -> None:
    labels = pair.a.label, pair.b.label
    named = f" ({', '.join(labels)})"
    named = named if panels.matrix and len(named) <= _LONGEST_NAMES else ""
    top = top_edges(pair)
    activity = mean_activity(run.results.latents, run.results.good)
    draw_timeline(panels.timeline, found.windows, activity, run.fps)
    head(panels.timeline, "a", "")
    adjusted = adjusted_p(found, pair)
    unsure = " (not significant)" if adjusted > pair.level else ""
    _draw_difference(panels.difference, run, pair, top)
    head(panels.difference, "b", f"Where influence differs{named}{unsure}")
    draw_null(panels.null, pair.dynamics, adjusted if len(found.pairs) > 1 else None)
    head(panels.null, "c", f"Same dynamics?{named}")
    draw_prediction(panels.prediction, pair.prediction.pixels, labels)
    head(panels.prediction, "d", "Explained in pixels")
    draw_edges(panels.edges, top, pair.level)
    head(panels.edges, "e", "Most surprising edges")
    if panels.matrix:
        draw_matrix(panels.matrix, found.matrix())
        head(panels.matrix, "f", "Adjusted p")


def _draw_difference(axes: Axes, run: Run, pair: Comparison, top: pd.DataFrame) -> None:
    if pair.difference is None:
        axes.text(0.5, 0.5, "no map", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    changed = top[top["p_adjusted"] <= pair.level]
    draw_difference(axes, pair.difference, run.contribution_map, changed, run.pixel_size_um)
    draw_places(axes, pair.dynamics.changed_places(pair.level))
    named = f"{shortened(pair.b.label)} minus {shortened(pair.a.label)}"
    if len(named) > _LONGEST_LINE:
        named = named.replace(" minus ", "\nminus ")
    difference_bar(axes, pair.difference, f"change of influence (excess z),\n{named}")
