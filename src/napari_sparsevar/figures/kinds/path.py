"""The figure of the solution path: what speaks for a penalty, and how influences grow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from napari_sparsevar.analysis.fit.criterion import (
    cross_validation_minimum,
    ebic_minimum,
    one_standard_error_choice,
)
from napari_sparsevar.analysis.fit.solution_path import SolutionPath
from napari_sparsevar.analysis.maps.edges import strongest_edges
from napari_sparsevar.analysis.maps.path_curves import PathCurve, edge_curves
from napari_sparsevar.figures.captions import (
    data_words,
    paragraphs,
    position_words,
    settings_paragraph,
    unit_of,
)
from napari_sparsevar.figures.colours import GREY, OBSERVED, PALETTE, window_colour
from napari_sparsevar.figures.options import Drawn, FigureOptions
from napari_sparsevar.figures.panels.field import edges_words
from napari_sparsevar.figures.panels.map import number_text
from napari_sparsevar.figures.style import (
    BESIDE_FROM_MM,
    columns,
    figure_style,
    head,
    new_figure,
    rows,
    say_instead,
)
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.run import Run

CHOICES: tuple[tuple[str, str, Callable[[pd.DataFrame], float]], ...] = (
    ("smallest error", "v", cross_validation_minimum),
    ("sparsest within 1 SE", "^", one_standard_error_choice),
    ("extended BIC", "D", ebic_minimum),
)
"""What it is called, its mark, and the function that finds its penalty."""

N_CURVES = 12
"""Influences whose growth is drawn."""

_PANEL_MM = 52.0


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Draw the criterion along the solution path, the edges left, and how the strongest grow.

    The path is traced anew, which takes seconds for many latents.
    """
    fitted = run.results.fitted
    path = SolutionPath.trace(fitted.statistics, fitted.weights)
    edges = strongest_edges(fitted, run.results.projection, N_CURVES)
    with figure_style():
        if options.width_mm >= BESIDE_FROM_MM:
            figure = new_figure(options.width_mm, _PANEL_MM)
            parts = columns(figure, [1, 1, 1])
        else:
            figure = new_figure(options.width_mm, 3 * _PANEL_MM)
            parts = rows(figure, [1, 1, 1])
        criterion, count, growth = (part.subplots() for part in parts)
        draw_criterion(criterion, run)
        head(criterion, "a", "Held-out error")
        draw_edge_count(count, run)
        head(count, "b", "Edges")
        draw_curves(growth, edge_curves(run.results, path, edges), run)
        head(growth, "c", "Strongest influences")
    return Drawn(figure, _caption(run, edges))


def chosen_penalties(criterion: pd.DataFrame) -> dict[str, float]:
    """Return the penalty of each of ``CHOICES``; NaN where a criterion knows none."""
    if criterion.empty:
        return {name: math.nan for name, _, _ in CHOICES}
    return {name: find(criterion) for name, _, find in CHOICES}


def draw_criterion(axes: Axes, run: Run) -> None:
    """Draw the error in held-out time with its standard error, and what criteria choose."""
    table = run.results.criterion
    known = table[np.isfinite(table["cv_error"])]
    if known.empty:
        say_instead(axes, "too short to hold out time")
        return
    penalties, errors = (known[name].to_numpy(float) for name in ("penalty", "cv_error"))
    spread = np.nan_to_num(known["cv_se"].to_numpy(float))
    axes.errorbar(
        penalties,
        errors,
        yerr=spread,
        color=PALETTE[0],
        linewidth=1,
        elinewidth=0.6,
        marker="o",
        markersize=2,
    )
    found = chosen_penalties(known)
    for name, mark, _ in CHOICES:
        if math.isfinite(found[name]):
            height = np.interp(math.log(found[name]), np.log(penalties[::-1]), errors[::-1])
            axes.plot(
                [found[name]], [height], mark, color=OBSERVED, markersize=4.5, label=name, zorder=4
            )
    _mark_penalty(axes, run)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.35 * (high - low))  # room for the words
    axes.legend(
        frameon=False,
        loc="upper left",
        fontsize=6,
        handlelength=1,
        labelspacing=0.25,
        borderpad=0.1,
    )
    axes.set_ylabel("share of variance left")
    axes.yaxis.set_major_locator(MaxNLocator(5))
    _penalty_axis(axes, penalties)


def draw_edge_count(axes: Axes, run: Run) -> None:
    """Draw how many edges between different places are left at each penalty."""
    table = run.results.criterion
    axes.plot(
        table["penalty"],
        table["edges"],
        "o-",
        color=PALETTE[0],
        linewidth=1,
        markersize=2,
    )
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel("edges")
    _mark_penalty(axes, run)
    _penalty_axis(axes, table["penalty"].to_numpy(float))


def draw_curves(axes: Axes, curves: Sequence[PathCurve], run: Run) -> None:
    """Draw influences along the path: straight between knots, on an axis that bends the lines."""
    for index, curve in enumerate(curves):
        # The axis is logarithmic, so that a straight line needs points between its ends.
        fine = np.geomspace(curve.penalties[-1], curve.penalties[0], 200)
        at = np.union1d(fine, curve.penalties)
        values = np.interp(at, curve.penalties[::-1], curve.values[::-1])
        axes.plot(at, values, color=window_colour(index), linewidth=0.9)
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    axes.set_ylabel("influence (noise = 1)")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    _mark_penalty(axes, run)
    _penalty_axis(axes, run.results.criterion["penalty"].to_numpy(float))


def _mark_penalty(axes: Axes, run: Run) -> None:
    axes.axvline(run.penalty, color=GREY, linewidth=0.6, linestyle=(0, (3, 2)), zorder=0)


def _penalty_axis(axes: Axes, penalties: np.ndarray) -> None:
    """Count penalties on a logarithmic axis, the largest (and sparsest) on the left."""
    axes.set_xscale("log")
    axes.set_xlim(1.06 * penalties.max(), penalties.min() / 1.06)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("penalty (sparse to dense)")


def _caption(run: Run, edges: pd.DataFrame) -> str:
    return paragraphs(
        f"Solution path of the sparse VAR of {data_words(run)}.",
        f"(a) {criterion_words(run)}",
        f"(b) Edges between different places at each penalty. {edges_words(run)}",
        f"(c) {curves_words(run, edges)}",
        settings_paragraph(run),
    )


def criterion_words(run: Run) -> str:
    """Return what the criterion shows and which penalties it speaks for."""
    found = chosen_penalties(run.results.criterion)
    chosen = "; ".join(
        f"{name}, {value:.3g}" for name, value in found.items() if not math.isnan(value)
    )
    return (
        "Share of the variance a target's own place leaves that is still left in held-out "
        "stretches of time (blocked cross-validation, with its standard error), against the "
        f"penalty. Marks: {chosen or 'none, the movie is too short'}. Dashed: the penalty of this "
        f"figure, {run.penalty:.3g}; criteria say what predicts, not what drives."
    )


def curves_words(run: Run, edges: pd.DataFrame) -> str:
    """Return which influences are drawn along the path."""
    each = "; ".join(
        f"{position_words(run, edge.source_y, edge.source_x)} to "
        f"{position_words(run, edge.target_y, edge.target_x)}, lag {edge.lag}, "
        f"{number_text(edge.effect)}"
        for edge in edges.itertuples()
    )
    return (
        f"How the {len(edges)} strongest influences at the penalty of this figure grow as the "
        "penalty falls (the exact path, linear between its knots; change of the frame in units of "
        f"the noise of a pixel). From where to where, in {unit_of(run)}: {each or 'none'}."
    )
