"""Two windows of a movie compared by the whole program: trained on all frames, then tested.

    python benchmarks/compare_movies.py [--movies 100] [--powered 30] [--frames 1200]
        [--preset fast] [--seed 0] [--rows compare_movies.csv] [--report]

Simulated movies (48 x 48 px, 20 cells, 4 drivers with 3 followers each) whose drivers pass on a
share of their events that changes half-way, from 0.6 to 0.6, 0.3 or 0; or whose cells fire 1.6
times as often (each event smaller), with the same coupling. The network knows no windows. On
movies without a change, the halves and the two quarters of each half are compared. Rejections in
percent at 1 / 5 / 10 %; an edge is right if it leads from within 6 px of a driver to within 6 px of
one of its followers.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import dask.array as da
import numpy as np
import pandas as pd
import torch

import napari_sparsevar as sv
from napari_sparsevar.training.events import Finished

LEVELS = (0.01, 0.05, 0.10)
DRAWS = 999
REACH_PX = 6.0
GAP = 10
COLUMNS = ["case", "frames", "seed", "windows", "p_value", "anything", "edges", "right", "seconds"]


class Change(NamedTuple):
    """What becomes of a movie half-way."""

    name: str
    coupling: float
    event_rate_hz: float
    null: bool


CHANGES = [
    Change("coupling 0.6, 0.6", 0.6, 1.0, True),
    Change("coupling 0.6, events 1.6 times as often", 0.6, 1.6, True),
    Change("coupling 0.6, 0.3", 0.3, 1.0, False),
    Change("coupling 0.6, 0", 0.0, 1.0, False),
]


def make_movie(change: Change, frames: int, seed: int) -> tuple[sv.Movie, sv.Truth]:
    """Return the first half of one movie and the second half of another of the same cells."""

    def half(coupling: float, rate: float) -> tuple[sv.Movie, sv.Truth]:
        return sv.simulate_movie(
            frames,
            (48, 48),
            seed=seed,
            noise=2.0,
            coupling=coupling,
            event_rate_hz=rate,
            n_cells=20,
            n_drivers=4,
            n_followers=3,
        )

    (before, truth), (after, _) = half(0.6, 1.0), half(change.coupling, change.event_rate_hz)
    middle = frames // 2
    data = da.concatenate([before.data[:middle], after.data[middle:]])
    data = data.rechunk((middle, -1, -1))
    return replace(before, data=data, name=change.name), truth


def right_edges(edges: pd.DataFrame, truth: sv.Truth) -> int:
    """Return how many edges lead from a driver to one of its followers."""
    right = 0
    for row in edges.itertuples():
        sources = np.hypot(*(truth.centres - (row.source_y, row.source_x)).T) <= REACH_PX
        targets = np.hypot(*(truth.centres - (row.target_y, row.target_x)).T) <= REACH_PX
        right += bool((truth.coupling[sources][:, targets] > 0).any())
    return right


def measure(change: Change, options: argparse.Namespace, seed: int) -> list[dict[str, object]]:
    """Train on one movie and compare its windows."""
    began = time.perf_counter()
    movie, truth = make_movie(change, options.frames, seed)
    middle = options.frames // 2
    pairs = {"halves": ((0, middle), (middle + GAP, options.frames))}
    if change.null and change.event_rate_hz == 1.0:
        quarter = middle // 2
        pairs["first half"] = ((0, quarter), (quarter, middle))
        pairs["second half"] = (
            (middle + GAP, middle + quarter),
            (middle + quarter, options.frames),
        )
    found = []
    with tempfile.TemporaryDirectory() as folder:
        config = sv.TrainConfig.from_preset(options.preset, seed=seed)
        *_, last = sv.train(movie, config, out=Path(folder) / "run", device="cpu")
        assert isinstance(last, Finished), last
        run = sv.load_run(Path(folder) / "run")
        for name, (a, b) in pairs.items():
            compared = sv.compare_windows(run, a, b, draws=DRAWS, seed=seed)
            changed = compared.dynamics.changed()
            found.append(
                {
                    "case": change.name,
                    "frames": options.frames,
                    "seed": seed,
                    "windows": name,
                    "p_value": compared.p_value,
                    "anything": compared.anything.p_value,
                    "edges": len(changed),
                    "right": right_edges(changed, truth),
                    "seconds": time.perf_counter() - began,
                }
            )
    return found


def run(options: argparse.Namespace) -> None:
    """Do what is not there yet, the cases in turn."""
    path: Path = options.rows
    if not path.exists():
        pd.DataFrame(columns=COLUMNS).to_csv(path, index=False)
    table = pd.read_csv(path)
    done = set(zip(table.case, table.frames, table.seed, strict=True))
    for seed in range(options.seed, options.seed + max(options.movies, options.powered)):
        for index, change in enumerate(CHANGES):
            count = options.movies if index == 0 else options.powered
            if seed >= options.seed + count or (change.name, options.frames, seed) in done:
                continue
            rows = pd.DataFrame(measure(change, options, seed), columns=COLUMNS)
            rows.to_csv(path, mode="a", header=False, index=False)


def report(path: Path) -> None:
    """Print the table."""
    table = pd.read_csv(path)
    print("| case | windows | frames each | movies | dynamics | anything | changed edges | right |")
    print("|---" * 8 + "|")
    for (case, windows), rows in table.groupby(["case", "windows"], sort=False):
        cells = [
            " / ".join(f"{100 * (rows[name] <= level).mean():.0f}" for level in LEVELS)
            for name in ("p_value", "anything")
        ]
        length = rows.frames.iloc[0] // (2 if windows == "halves" else 4)
        edges, right = rows.edges.sum(), rows.right.sum()
        share = f"{100 * right / edges:.0f} %" if edges else ""
        shown = [case, windows, str(length), str(len(rows)), *cells]
        print("| " + " | ".join([*shown, f"{edges / len(rows):.1f}", share]) + " |")
    print(f"\nmedian {table.groupby('seed').seconds.max().median():.0f} s a movie")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movies", type=int, default=100, help="without any change")
    parser.add_argument("--powered", type=int, default=30, help="of each other case")
    parser.add_argument("--frames", type=int, default=1200)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=Path, default=Path("compare_movies.csv"))
    parser.add_argument("--report", action="store_true", help="only print the table")
    options = parser.parse_args()
    print(f"{platform.machine()}, torch {torch.__version__}, {options.preset}, seeds from ", end="")
    print(f"{options.seed}\n")
    if not options.report:
        torch.set_num_threads(1)
        run(options)
    report(options.rows)


if __name__ == "__main__":
    main()
