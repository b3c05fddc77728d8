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
method that lists fewer than K pairs is judged by those. Localised: share of movies in which the
map's peak lies inside a driver. Seconds: wall clock from the movie to map and edges."""


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
            f"{_mean(of_method, lambda row: row.seconds):.1f}",
            str(len(of_method)),
        ]
        lines.append([label, *figures])
    names = ["AUROC", "average precision", "edge precision", "edge recall", "localised"]
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
    labels = unique(row.label for row in rows)
    for ours in labels:
        if not ours.startswith(OURS):
            continue
        for rival in labels:
            gains = paired_gains(rows, ours, rival) if rival != ours else np.zeros(0)
            if len(gains) == 0:
                continue
            error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.nan
            counts = f"{(gains > 0).sum()} / {(gains < 0).sum()} / {(gains == 0).sum()}"
            lines.append([f"{ours} - {rival}", f"{gains.mean():+.3f}", f"{error:.3f}", counts])
    columns = ["difference", "mean", "standard error", "better / worse / same"]
    return table(columns, lines) if lines else ""


def paired_gains(rows: Sequence[Row], ours: str, rival: str) -> np.ndarray:
    """Return the difference in driver AUROC for every movie that both have seen."""
    first = {(row.case, row.seed): row.auroc for row in rows if row.label == ours}
    second = {(row.case, row.seed): row.auroc for row in rows if row.label == rival}
    # Two equal fractions may differ in the last digit.
    return np.round([first[movie] - second[movie] for movie in first if movie in second], 9)


def table(names: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are figures."""
    rule = ["---", *["---:"] * (len(names) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [names, rule, *lines])


def unique(values: object) -> list[str]:
    """Return each value once, in the order they come."""
    return list(dict.fromkeys(values))  # type: ignore[call-overload]


def _mean(rows: Sequence[Row], figure: Callable[[Row], float]) -> float:
    return float(np.mean([figure(row) for row in rows]))
