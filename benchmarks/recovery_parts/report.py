"""Tables from the rows of a benchmark, in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from recovery_parts.rows import Row
from recovery_parts.scores import MATCH_RADII

OURS = "end_to_end"

EXPLANATION = f"""\
AUROC and average precision: telling drivers from other neurons by the mean of the map over each
footprint. Edges: precision and recall of the K strongest pairs of neurons, K being the number of
true edges; an end of an edge belongs to the nearest neuron within {MATCH_RADII} cell radii (none:
false), several edges of a pair count once with the strongest, edges within a neuron not at all; a
method that lists fewer than K pairs is judged by those. Listed: drivers beyond chance (p <= 0.05)
that are drivers, and that are none; nan for methods without a test. Localised: share of movies in
which the map's peak lies inside a driver. Seconds: wall clock from the movie to map and edges.
Painting a region: a cell is painted, and all others are scored by the mean of the region's map over
each footprint; outgoing: AUROC of a driver's followers, mean over drivers; incoming: AUROC of a
follower's drivers, mean over followers."""


def driver_auroc(row: Row) -> float:
    """Return the figure methods are judged by first."""
    return row.auroc


_REGION_FIGURES: dict[str, Callable[[Row], float]] = {
    "outgoing, driver painted": lambda row: row.outgoing_auroc,
    "incoming, follower painted": lambda row: row.incoming_auroc,
}


def report(rows: Sequence[Row]) -> str:
    """Return everything there is to say: header, tables a case, paired differences.

    Parameters
    ----------
    rows : sequence of Row
    """
    if not rows:
        return "There are no results yet."
    parts = [header(rows), EXPLANATION]
    for case in unique(row.case for row in rows):
        here = [row for row in rows if row.case == case]
        parts += [f"## {case}", means_table(here), "Driver AUROC by seed:", seeds_table(here)]
        differences = differences_table(here)
        if differences:
            parts += [f"Driver AUROC of {OURS} less that of others, same movies:", differences]
        regions = regions_table(here)
        if regions:
            parts += ["Painting a region, AUROC of its partners:", regions]
    return "\n\n".join(parts)


def header(rows: Sequence[Row]) -> str:
    """Return machines, versions and seeds the rows were made with."""
    lines = [
        *(f"- machine: {name}" for name in unique(row.machine for row in rows)),
        *(f"- versions: {name}" for name in unique(row.versions for row in rows)),
        f"- seeds: {', '.join(str(seed) for seed in sorted({row.seed for row in rows}))}",
    ]
    return "\n".join(["# Recovery of known drivers", "", *lines])


def means_table(rows: Sequence[Row]) -> str:
    """Return one line a method: means over seeds."""
    lines = []
    for label in unique(row.label for row in rows):
        of_method = [row for row in rows if row.label == label]
        figures = [
            f"{_mean(of_method, lambda row: row.auroc):.3f}",
            f"{_mean(of_method, lambda row: row.average_precision):.3f}",
            f"{_mean(of_method, lambda row: row.edge_precision):.2f}",
            f"{_mean(of_method, lambda row: row.edge_recall):.2f}",
            f"{_mean(of_method, lambda row: row.localised):.2f}",
            f"{_mean(of_method, lambda row: row.listed_right):.1f}",
            f"{_mean(of_method, lambda row: row.listed_wrong):.1f}",
            f"{_mean(of_method, lambda row: row.seconds):.1f}",
            str(len(of_method)),
        ]
        lines.append([label, *figures])
    names = ["AUROC", "average precision", "edge precision", "edge recall", "localised"]
    names += ["listed right", "listed wrong"]
    return table(["method", *names, "seconds", "movies"], lines)


def seeds_table(rows: Sequence[Row]) -> str:
    """Return driver AUROC, one line a method and one column a seed."""
    seeds = sorted({row.seed for row in rows})
    lines = []
    for label in unique(row.label for row in rows):
        found = {row.seed: f"{row.auroc:.2f}" for row in rows if row.label == label}
        lines.append([label, *(found.get(seed, "") for seed in seeds)])
    return table(["method", *(str(seed) for seed in seeds)], lines)


def differences_table(rows: Sequence[Row]) -> str:
    """Return paired differences between ours and each rival; empty where ours is missing.

    The standard error is that of the mean over seeds, from their scatter.
    """
    lines = []
    for ours, rival in _pairs(unique(row.label for row in rows)):
        gains = paired_gains(rows, ours, rival)
        if len(gains) == 0:
            continue
        figures = [f"{gains.mean():+.3f}", f"{_standard_error(gains):.3f}"]
        counts = f"{(gains > 0).sum()} / {(gains < 0).sum()} / {(gains == 0).sum()}"
        lines.append([f"{ours} - {rival}", *figures, counts])
    columns = ["difference", "mean", "standard error", "better / worse / same"]
    return table(columns, lines) if lines else ""


def regions_table(rows: Sequence[Row]) -> str:
    """Return means a method, then ours less others' with its standard error, same movies.

    Empty where no method has maps of a region.
    """
    # Both figures are there or neither.
    painted = [row for row in rows if np.isfinite([row.outgoing_auroc, row.incoming_auroc]).all()]
    labels = unique(row.label for row in painted)
    lines = []
    for label in labels:
        of_method = [row for row in painted if row.label == label]
        means = [f"{_mean(of_method, figure):.3f}" for figure in _REGION_FIGURES.values()]
        lines.append([label, *means, str(len(of_method))])
    for ours, rival in _pairs(labels):
        gains = [paired_gains(painted, ours, rival, figure) for figure in _REGION_FIGURES.values()]
        if len(gains[0]):
            said = [f"{each.mean():+.3f} ± {_standard_error(each):.3f}" for each in gains]
            lines.append([f"{ours} - {rival}", *said, str(len(gains[0]))])
    return table(["method", *_REGION_FIGURES, "movies"], lines) if lines else ""


def paired_gains(
    rows: Sequence[Row], ours: str, rival: str, figure: Callable[[Row], float] = driver_auroc
) -> np.ndarray:
    """Return the difference in a figure for every movie that both have seen."""
    first = {(row.case, row.seed): figure(row) for row in rows if row.label == ours}
    second = {(row.case, row.seed): figure(row) for row in rows if row.label == rival}
    # Two equal fractions may differ in the last digit.
    return np.round([first[movie] - second[movie] for movie in first if movie in second], 9)


def table(names: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are figures."""
    rule = ["---", *["---:"] * (len(names) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [names, rule, *lines])


def unique(values: object) -> list[str]:
    """Return each value once, in the order they come."""
    return list(dict.fromkeys(values))  # type: ignore[call-overload]


def _pairs(labels: Sequence[str]) -> list[tuple[str, str]]:
    """Return ours with each other method, by their labels."""
    ours = [label for label in labels if label.startswith(OURS)]
    return [(first, rival) for first in ours for rival in labels if rival != first]


def _standard_error(gains: np.ndarray) -> float:
    """Return that of the mean, from the scatter over movies; NaN for a single one."""
    return float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else np.nan


def _mean(rows: Sequence[Row], figure: Callable[[Row], float]) -> float:
    return float(np.mean([figure(row) for row in rows]))
