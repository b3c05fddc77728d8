"""Which places are listed as drivers where cells drive others, and where none does.

    python benchmarks/places.py [--cases optics ...] [--frames 3000] [--seeds 13-18] [--halves]

Simulated movies with known drivers, and the same without coupling, are read by the network as it
starts; the analysis goes as far as its drivers. *Tidy* is ``simulate_movie`` (64 x 64 pixels, 36
cells, medium noise), *optics* its regime of that name, *all* has common input besides
(``docs/simulate.md``); both are held still first, as a training does by itself, and *moving* are
the same as they were recorded; three of six drivers of *half silence* silence their followers
(little noise). A listed place is right where a true driver lies within its radius; *leaderless* are
places of the test that have to do with others beyond chance and are not sure to lead; *silencing*
are drivers listed that do silence, with a strength below 0. *Edges* are pairs of cells between
which an edge is beyond chance, an end being that of the nearest cell within the radius: wrong where
there is no such pair. *Largest* is the largest of the map, in units of chance (median). *Halves* is
how the maps of two halves of the recording correlate (mean, least and most of the movies). Prints a
table in markdown.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import napari_sparsevar as sv
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.training.events import Failed
from recovery_parts.network import VARIANTS

CASES = (
    *("tidy", "tidy, uncoupled", "half silence"),
    *("optics", "optics, uncoupled", "all", "all, uncoupled"),
    *("moving optics", "moving optics, uncoupled", "moving all", "moving all, uncoupled"),
)
RADIUS_PX = {"tidy": 6.0, "half silence": 6.0, "optics": 9.0, "all": 9.0, "field": 6.0}
RADIUS_PX |= {f"moving {kind}": RADIUS_PX[kind] for kind in ("optics", "all")}


class Listed(NamedTuple):
    """Of one movie: drivers found, wrong places, places without a leader, signs, and the rest."""

    right: int
    wrong: int
    leaderless: int
    silencing: int
    wrong_sign: int
    edges: int
    wrong_edges: int
    largest: float
    halves: float


def main() -> None:
    options = _options()
    print(
        "| movies | frames | drivers right | wrong | movies with a wrong one | leaderless ", end=""
    )
    print("| silencing | movies with a wrong sign | edges right | wrong ", end="")
    print("| movies with a wrong one | largest | halves |")
    print("|---" + 12 * "|---:" + "|")
    for case in options.cases:
        until: Stage = "stability" if options.halves else "drivers"
        table = pd.DataFrame([listed(case, options.frames, seed, until) for seed in options.seeds])
        mean, some = table.mean(), (table > 0).sum()
        halves = table["halves"]
        told = f"{halves.mean():.2f} ({halves.min():.2f} to {halves.max():.2f})"
        told = told if options.halves else ""
        print(
            f"| {case} | {options.frames:,} | {mean['right']:.1f} | {mean['wrong']:.1f} "
            f"| {some['wrong']} of {len(table)} | {mean['leaderless']:.1f} "
            f"| {mean['silencing']:.1f} | {some['wrong_sign']} of {len(table)} "
            f"| {mean['edges']:.1f} | {mean['wrong_edges']:.1f} "
            f"| {some['wrong_edges']} of {len(table)} | {table['largest'].median():.2f} "
            f"| {told} |",
            flush=True,
        )


def listed(case: str, n_frames: int, seed: int, until: Stage = "drivers") -> Listed:
    """Return what the analysis of a movie lists."""
    movie, truth = movie_of(case, n_frames, seed)
    config = sv.TrainConfig.from_preset("fast", seed=seed, **VARIANTS["untrained"])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        asked = {"device": "cpu", "threads": 1, "until": until, "register": None}
        for event in sv.train(movie, config, out=out, **asked):
            if isinstance(event, Failed):
                raise RuntimeError(f"{case} {seed}: {event}")
        run = sv.load_run(out)
        results, sure = run.results, run.edges[run.edges["p_adjusted"] <= LEVEL]
    driving = truth.drivers[truth.coupling[truth.drivers].any(axis=1)]
    places = results.drivers.table[["y", "x"]].to_numpy()
    away = np.linalg.norm(places[:, None] - truth.centres[driving][None], axis=-1)
    radius = RADIUS_PX[case.split(",")[0]]
    near = away <= radius
    ends = [cells_at(sure[[f"{end}_y", f"{end}_x"]], truth, radius) for end in ("source", "target")]
    pairs = set(zip(*ends, strict=True))
    right = sum(min(pair) >= 0 and truth.coupling[pair] != 0 for pair in pairs)
    leaderless = int(results.significance.leaderless.sum())
    truly, told = (truth.coupling[driving] < 0).any(axis=1), results.drivers.table["strength"] < 0
    alike = truly[None] == told.to_numpy()[:, None]
    return Listed(
        int(near.any(axis=0).sum()),
        int((~near.any(axis=1)).sum()),
        leaderless,
        int((near & alike).any(axis=0)[truly].sum()),
        int((near.any(axis=1) & ~(near & alike).any(axis=1)).sum()),
        int(right),
        len(pairs) - int(right),
        float(run.contribution_map.max()),
        float(results.stability.agreement.mean()) if until == "stability" else float("nan"),
    )


def cells_at(places: pd.DataFrame, truth: sv.Truth, radius: float) -> list[int]:
    """Return which cell lies at each place (y, x), -1 where none does."""
    away = np.linalg.norm(places.to_numpy()[:, None] - truth.centres[None], axis=-1)
    return np.where(away.min(axis=1) <= radius, away.argmin(axis=1), -1).tolist()


def movie_of(case: str, n_frames: int, seed: int) -> tuple[sv.Movie, sv.Truth]:
    """Return a movie and its truth."""
    kind, _, uncoupled = case.partition(", ")
    if kind == "field":
        field = {"n_cells": 400, "n_drivers": 20, "cell_radius_px": 5.5}
        return sv.simulate_movie(n_frames, (512, 512), seed=seed, **field)
    if kind == "half silence":
        wiring = {"inhibitory": 0.5, "lags": (1, 1), "chains": 0, "mutual": 0}
        nuisances = sv.Nuisances(wiring=wiring)
        return sv.simulate_movie(n_frames, regime="easy", nuisances=nuisances, seed=seed)
    regime = "medium_noise" if kind == "tidy" else kind.removeprefix("moving ")
    movie, truth = sv.simulate_movie(
        n_frames, regime=regime, coupling=0.0 if uncoupled else None, seed=seed
    )
    return (sv.register(movie) if kind in ("optics", "all") else movie), truth


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--halves", action="store_true", help="also compare halves, which is slow")
    parser.add_argument("--seeds", type=seeds_of, default=range(13, 19), help="for example 13-18")
    return parser.parse_args()


def seeds_of(text: str) -> range:
    """Return the seeds from the first to the last."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    main()
