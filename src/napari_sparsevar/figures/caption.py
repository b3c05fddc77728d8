"""The caption of a figure of compared windows: data, windows, settings, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import Comparison, ComparisonSet, Interval
from napari_sparsevar.figures.captions import (
    data_words,
    lags_words,
    length_unit,
    paragraphs,
    seed_of,
    software_words,
)
from napari_sparsevar.figures.kinds.comparison import adjusted_p, top_edges
from napari_sparsevar.figures.panels.colour_maps import symmetric_limits
from napari_sparsevar.figures.panels.difference import CONTEXT_LEVEL
from napari_sparsevar.run.run import Run


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
    several = f", adjusted for {len(found.pairs)} pairs p = {_p(adjusted_p(found, pair))}"
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
