"""The figure of compared windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import Comparison, ComparisonSet, Interval
from napari_sparsevar.comparison.store import load_comparisons, software_of, warn
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.captions import (
    data_words,
    lags_words,
    length_unit,
    paragraphs,
    seed_of,
    software_words,
)
from napari_sparsevar.figures.options import DOUBLE_COLUMN_MM, Drawn, FigureOptions
from napari_sparsevar.figures.panels.colour_maps import symmetric_limits
from napari_sparsevar.figures.panels.difference import (
    CONTEXT_LEVEL,
    difference_bar,
    draw_difference,
    draw_places,
)
from napari_sparsevar.figures.panels.evidence import draw_edges, draw_null
from napari_sparsevar.figures.panels.tables import draw_matrix, draw_prediction
from napari_sparsevar.figures.panels.timeline import draw_timeline
from napari_sparsevar.figures.panels.traces import mean_activity
from napari_sparsevar.figures.style import (
    BESIDE_FROM_MM,
    TALLEST_MM,
    columns,
    figure_style,
    head,
    new_figure,
    rows,
    shortened,
)
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.run import Run

_TIMELINE_MM, _PANEL_MM, _EDGES_MM = 28.0, 38.0, 45.0
_BELOW_DIFFERENCE_MM = 22.0
_MAP_SHARE = 0.46

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
        Whose numbers are shown; by default the pair with the smallest p-value.
    width_mm : float
        The map stands beside the other panels if there is room for both, else above them.

    Raises
    ------
    UserError
        If the width cannot be printed.
    """
    shown = pair or found.clearest()
    with figure_style():
        several = len(found.windows) > 2
        figure, panels = _lay_out(width_mm, run.results.contribution.shape, several=several)
        _draw(panels, run, found, shown)
    return figure


def top_edges(pair: Comparison) -> pd.DataFrame:
    """Return the most surprising edges of a pair, numbered from 1."""
    top = pair.edges.head(TOP_EDGES)
    return top.set_index(pd.RangeIndex(1, len(top) + 1))


class Panels(NamedTuple):
    """Where everything goes; no matrix for a single pair."""

    timeline: Axes
    difference: Axes
    null: Axes
    prediction: Axes
    edges: Axes
    matrix: Axes | None


def _lay_out(width_mm: float, shape: tuple[int, ...], *, several: bool) -> tuple[Figure, Panels]:
    """Return an empty figure whose height suits a field of view of ``shape`` (Y, X).

    Raises
    ------
    UserError
        If the width cannot be printed.
    """
    beside = width_mm >= BESIDE_FROM_MM
    map_mm = (_MAP_SHARE if beside else 1.0) * width_mm * shape[0] / shape[1]
    map_mm = min(map_mm + _BELOW_DIFFERENCE_MM, TALLEST_MM)
    if beside:
        body_mm = max(map_mm, _PANEL_MM + _EDGES_MM)
        figure = new_figure(width_mm, _TIMELINE_MM + body_mm)
        top, body = rows(figure, [_TIMELINE_MM, body_mm])
        left, right = columns(body, [_MAP_SHARE, 1 - _MAP_SHARE])
    else:
        heights = [_TIMELINE_MM, map_mm, _PANEL_MM + _EDGES_MM]
        figure = new_figure(width_mm, sum(heights))
        top, left, right = rows(figure, heights)
    return figure, Panels(top.subplots(), left.subplots(), *_others(right, several))


def _others(figure: SubFigure, several: bool) -> tuple[Axes, Axes, Axes, Axes | None]:
    above, below = rows(figure, [_PANEL_MM, _EDGES_MM])
    left, right = columns(above, [1.2, 1.0])
    if not several:
        return left.subplots(), right.subplots(), below.subplots(), None
    first, second = columns(below, [1.0, 1.0])
    return left.subplots(), right.subplots(), first.subplots(), second.subplots()


def _draw(panels: Panels, run: Run, found: ComparisonSet, pair: Comparison) -> None:
    labels = pair.a.label, pair.b.label
    named = f" ({', '.join(labels)})"
    named = named if panels.matrix and len(named) <= _LONGEST_NAMES else ""
    top = top_edges(pair)
    activity = mean_activity(run.results.latents, run.results.good)
    draw_timeline(panels.timeline, found.windows, activity, run.fps)
    head(panels.timeline, "a", "")
    adjusted = found.adjusted_p(pair)
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
    draw_difference(axes, pair.difference, run.results.contribution, changed, run.pixel_size_um)
    draw_places(axes, pair.dynamics.changed_places(pair.level))
    named = f"{shortened(pair.b.label)} minus {shortened(pair.a.label)}"
    if len(named) > _LONGEST_LINE:
        named = named.replace(" minus ", "\nminus ")
    difference_bar(axes, pair.difference, f"change of influence (excess z),\n{named}")


def choose_comparison(
    run_path: Path, name: str | None, tell: Callable[[str], None] = warn
) -> ComparisonSet:
    """Return the comparison of this name, or the latest.

    Raises
    ------
    UserError
        If there is none that can be opened.
    """
    kept = {found.name: found for found in load_comparisons(run_path, tell)}
    if not kept:
        raise UserError(
            f"The run {run_path} keeps no comparison to draw: use 'sparsevar compare' first."
        )
    if name is None:
        return list(kept.values())[-1]
    if name not in kept:
        raise UserError(
            f"The run {run_path} keeps no comparison '{name}': choose one of {', '.join(kept)}."
        )
    return kept[name]


def comparison_caption(
    run: Run, found: ComparisonSet, pair: Comparison, versions: Mapping[str, str]
) -> str:
    """Return the text that goes below the figure, a paragraph a panel.

    Parameters
    ----------
    run : Run
    found : ComparisonSet
    pair : Comparison
        Whose numbers the figure shows.
    versions : mapping of str to str
        Of the software that compared.
    """
    return paragraphs(
        _title(run, pair),
        _timeline(found),
        _map(run, pair),
        _null(pair, found),
        _prediction(pair),
        _edges(run, pair),
        _matrix(found) if len(found.windows) > 2 else "",
        _settings(run, found, pair, versions),
    )


def _title(run: Run, pair: Comparison) -> str:
    return f"Dynamics in windows {pair.a.label} and {pair.b.label} of {data_words(run)}."


def _timeline(found: ComparisonSet) -> str:
    windows = "; ".join(f"{window}, {window.n_frames} frames" for window in found.windows)
    return (
        f"(a) Windows in frames, stop exclusive: {windows}. Grey: mean absolute deviation of the "
        "latents from their mean, in standard deviations."
    )


def _map(run: Run, pair: Comparison) -> str:
    if pair.difference is None:
        return "(b) No map: these sequences have no places."
    limit = symmetric_limits(pair.difference)[1]
    return (
        f"(b) Where influence on other places differs, {pair.b.label} minus {pair.a.label}: how "
        "far the studentised differences of a place's edges reach beyond 2, all together, less "
        "what the largest of all places reaches by chance half of the time (colour limits "
        f"-{limit:.3g} to {limit:.3g}; white: no more than that). A map is no test: the p-values "
        f"are in (c) and (e). Grey outlines: contribution of at least {CONTEXT_LEVEL:g} of its "
        "largest in the whole movie. Arrows: changed edges among those in (e), from source "
        "(numbered as there) to target; "
        f"solid where the coefficient is larger in {pair.b.label}, dashed where it is smaller. "
        f"{_rings(pair)} Scale bar in {length_unit(run)}."
    )


def _rings(pair: Comparison) -> str:
    changed, b = pair.dynamics.changed_places(pair.level), pair.b.label
    more = int((changed["balance"] > 0).sum())
    return (
        f"Rings: changed places, all edges of each together (adjusted p at most {pair.level:g}), "
        f"{len(changed)} of {len(pair.dynamics.places)}: {more} drive others more in {b} (red), "
        f"{len(changed) - more} less (blue)."
    )


def _null(pair: Comparison, found: ComparisonSet) -> str:
    test, anything = pair.dynamics, pair.anything
    several = f", adjusted for {len(found.pairs)} pairs p = {_p(found.adjusted_p(pair))}"
    together = several if len(found.pairs) > 1 else ""
    return (
        "(c) Score test that one sparse VAR fits both windows: largest studentised difference "
        "(of an edge or of all edges of a place) in s.d. of its null, "
        f"{test.statistic:.3f}, p = {_p(test.p_value)}{together} (grey: {len(test.null)} draws of "
        f"the block-multiplier bootstrap, blocks of {test.block_length} frames, {test.blocks[0]} "
        f"in {pair.a.label} and {test.blocks[1]} in {pair.b.label}). Test whether anything "
        f"changed, activity or dynamics (permuted blocks of {anything.block_length} frames, "
        f"{len(anything.null)} draws): p = {_p(anything.p_value)}, most in the {anything.what}."
    )


def _prediction(pair: Comparison) -> str:
    a, b = pair.a.label, pair.b.label
    losses = pair.prediction.loss_pixels
    return (
        "(d) Share of the variance left by each latent's own past that the model of one window "
        "explains in held-out frames of either, in pixels. "
        f"{a}'s model explains {b} worse than held-out frames of {a} by {_interval(losses[0])}, "
        f"{b}'s model explains {a} worse than held-out frames of {b} by {_interval(losses[1])}."
    )


def _edges(run: Run, pair: Comparison) -> str:
    changed = pair.dynamics.changed(pair.level)
    numbered = "; ".join(_edge(edge) for edge in top_edges(pair).itertuples())
    return (
        f"(e) Change of the coefficients ({pair.b.label} minus {pair.a.label}, standard deviations "
        "of the target for one of the source) of the most surprising edges with 95 % intervals "
        f"that hold for all edges at once; filled: adjusted p at most {pair.level:g}. "
        f"{len(changed)} of {pair.dynamics.tested_edges} edges changed; the largest evidence is "
        f"for {_interval(pair.effect)}. Edges (places in pixels): {numbered}."
    )


def _edge(edge: Any) -> str:
    ends = [_end(edge, end) for end in ("source", "target")]
    return f"{edge.Index}, {ends[0]} to {ends[1]}, lag {edge.lag}, p = {_p(edge.p_adjusted)}"


def _end(edge: Any, end: str) -> str:
    if not hasattr(edge, f"{end}_y"):
        return f"latent {getattr(edge, end)}"
    return f"y {getattr(edge, f'{end}_y'):.0f} x {getattr(edge, f'{end}_x'):.0f}"


def _matrix(found: ComparisonSet) -> str:
    compared = f"each against {found.baseline}" if found.baseline else "all pairs"
    values = "; ".join(
        f"{pair.a.label}-{pair.b.label} {_p(p_value)}"
        for pair, p_value in zip(found.pairs, found.adjusted, strict=True)
    )
    return f"(f) P-values of the test in (c), {compared}, adjusted together (Holm): {values}."


def _settings(run: Run, found: ComparisonSet, pair: Comparison, versions: Mapping[str, str]) -> str:
    return (
        f"Settings: {pair.draws} draws, level {pair.level:g}, seed {pair.seed}; VAR with "
        f"{lags_words(run)}; network trained with seed {seed_of(run)} on all frames, without "
        "knowing the windows. "
        f"Compared {found.created} (comparison {found.name or 'not kept'}) with "
        f"{software_words(versions.items())}; "
        f"trained {run.record.created} with {software_words(run.record.versions.items())}."
    )


def _p(p_value: float) -> str:
    return p_value_text(p_value, digits=3)


def _interval(interval: Interval) -> str:
    value, low, high = interval
    return f"{value:.3g} (95 % interval {low:.3g} to {high:.3g})"


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Return the figure and its caption."""
    found = choose_comparison(run.path, options.comparison, tell)
    shown = found.pair_called(options.pair) if options.pair else found.clearest()
    figure = comparison_figure(run, found, shown, width_mm=options.width_mm)
    versions = software_of(run.path, found.name)
    return Drawn(figure, comparison_caption(run, found, shown, versions))
