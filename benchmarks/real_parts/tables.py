"""The tables of `benchmarks/real_movie.py`, in Markdown, and their rows as CSV."""

from __future__ import annotations

import csv
import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from real_parts.controls import Control, Suspect
from real_parts.measures import Relative, share_interval
from real_parts.prediction import Scored
from real_parts.reproducibility import Agreement
from recovery_parts.report import table
from recovery_parts.rows import processor, revision

PREDICTION = """\
## One-step prediction of held-out time

Standardised frames less their background, on stretches of time that trained nothing; each pixel's
mean and noise scale come from the whole movie, and the network's weights are the best of its
validations on the same stretches. Step: the one whose weights were kept, 0 being the network as it
starts. Error: squared, over that of predicting nothing. Gain: over the first model's own place
only, same frames. Standard errors over stretches. Explained: share of the lag-1 autocovariance of
the same frames, which is what a signal slower than a frame leaves beside noise."""

REPRODUCIBILITY = """\
## The same map from the first and from the second half

Correlations over pixels. Steps: those whose weights were kept, 0 being the network as it starts.
Chance: standard deviation when one map is rolled over the other.
Partial: given mean image, noise scale and activity map of both halves (Spearman's on ranks).
Chance alone: the same network with every frame's past paired with what followed 100 frames later,
so that nothing but the shape of the maps can repeat."""

CONTROLS = """\
## Movies in which nothing drives anything

Tiles of 16 px, each moved in time by its own amount; or only what stands out of the background is
moved, which leaves no seams; or simulated without coupling. Counts are of adjusted p-values at
0.05. Movies: how many have any, with the exact 95 % interval of the share in percent."""


def header(preset: str, seed: int) -> str:
    """Return machine, versions, seed."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "scipy"))
    return "\n".join(
        [
            "# A real movie",
            "",
            f"- machine: {processor()}, 1 thread",
            f"- versions: {revision()}, Python {platform.python_version()}, {versions}",
            f"- preset {preset}, seed {seed}",
        ]
    )


def prediction_table(rows: Sequence[Scored]) -> str:
    """Return one line a prediction."""
    best = max(row.explained for row in rows)
    lines = [
        [
            row.name,
            _with_error(row.error, 4),
            _with_error(row.gain, 4),
            f"{100 * row.explained:.1f} %",
            f"{100 * row.explained / best:.0f} %",
        ]
        for row in rows
    ]
    return table(["prediction", "error", "gain", "explained", "of the best"], lines)


def _with_error(number: Relative, digits: int) -> str:
    return f"{number.value:.{digits}f} ± {number.error:.{digits}f}"


def agreement_table(rows: Sequence[Agreement]) -> str:
    """Return one line a method."""
    lines = [[row.name, *(f"{value:.2f}" for value in row[1:])] for row in rows]
    names = ["Pearson", "Spearman", "chance", "with mean image", "with activity"]
    return table(["map", *names, "partial", "partial Spearman"], lines)


def control_table(rows: Sequence[Control]) -> str:
    """Return one line a kind of movie and network."""
    lines = []
    for key in dict.fromkeys((row.movie, row.kind, row.variant) for row in rows):
        here = [row for row in rows if (row.movie, row.kind, row.variant) == key]
        known = [row for row in here if np.isfinite(row.smallest_place)]
        counts = [_mean(here, name) for name in ("candidates", "drivers", "places", "edges")]
        shares = [
            _share(sum(getattr(row, name) > 0 for row in known), len(known))
            for name in ("drivers", "places", "edges", "listed_edges")
        ]
        lines.append([", ".join(key), str(len(here)), *counts, *shares, _mean(here, "seconds")])
    counted = ["stand out", "drivers", "places", "edges"]
    shared = [f"movies with {name}" for name in ("drivers", "places", "edges", "listed edges")]
    return table(["movie", "movies", *counted, *shared, "seconds"], lines)


def _mean(rows: Sequence[Control], name: str) -> str:
    return f"{np.mean([getattr(row, name) for row in rows]):.1f}"


def _share(hits: int, n: int) -> str:
    low, high = share_interval(hits, n)
    return f"{hits} of {n} ({100 * low:.0f}-{100 * high:.0f})" if n else "not tested"


def suspect_table(rows: Sequence[Suspect]) -> str:
    """Return where the pairs lie that are behind what was found in controls."""
    counts = Counter(
        (row.movie, row.kind, row.what, row.relation or "no tiles", row.z > 0, row.lag)
        for row in rows
    )
    lines = []
    for (movie, kind, what, relation, positive, lag), count in sorted(counts.items()):
        key = (movie, kind, what, relation or "no tiles", positive, lag)
        here = [
            row.distance
            for row in rows
            if (row.movie, row.kind, row.what, row.relation or "no tiles", row.z > 0, row.lag)
            == key
        ]
        sign = "positive" if positive else "negative"
        distance = f"{np.median(here):.0f} ({min(here):.0f}-{max(here):.0f})"
        lines.append([f"{movie}, {kind}", what, relation, sign, str(lag), str(count), distance])
    names = ["behind", "tiles", "sign", "lag", "pairs", "distance, px: median (range)"]
    return table(["movie", *names], lines) if lines else "Nothing was found in any control."


def append(path: Path, rows: Sequence[Any]) -> None:
    """Add rows (named tuples of one kind) to a CSV file, with a header where it is new."""
    if not rows:
        return
    new = not path.is_file()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(rows[0]._fields)
        writer.writerows(rows)
