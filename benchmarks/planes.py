"""Several planes in one run: drivers found across planes, and what the order of planes does.

Two tables. *Order* fits traces of simulated cells, each taken in the turns of its plane, and counts
the edges that are claimed: true ones, the reverse of true ones, and others, by which plane is read
first. It does not know of planes: what it finds is why a run of planes does not ask who leads where
the target is read first. *Runs* trains on simulated planes and counts drivers;
*nothing* does so where nobody drives anybody.

    python benchmarks/planes.py order --seeds 10
    python benchmarks/planes.py runs --seeds 4
    python benchmarks/planes.py nothing --seeds 12
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import napari_sparsevar as sv
from napari_sparsevar.movie.simulation.planes import SimulatedPlanes, simulate_planes

CELL_PX = 6.0
N_PLANES = 3


def order_rows(seed: int, delay: float) -> list[tuple[str, str, bool]]:
    """Return of each pair of cells: which is read first, what it is, whether it is claimed."""
    made = simulate_planes(
        4000, (40, 48), seed=seed, delay=delay, cells_per_plane=8, n_drivers=4, n_followers=3
    )
    plane = made.truth.cells["plane"].astype(int)
    traces = np.stack([made.truth.traces[k - 1 :: N_PLANES, c] for c, k in enumerate(plane)], 1)
    noise = 0.3 * traces.std() * np.random.default_rng(seed).standard_normal(traces.shape)
    fit = sv.fit_traces(traces + noise, fps=made.volumes_per_second, seed=seed)
    claimed = np.nan_to_num(np.asarray(fit.matrix("p_adjusted")), nan=1.0) <= 0.05
    drives = made.truth.coupling > 0
    siblings = (drives.T.astype(int) @ drives.astype(int)) > 0
    rows = []
    for source, target in np.argwhere(~np.eye(len(plane), dtype=bool)):
        later = plane[target] - plane[source]
        turn = "one plane" if later == 0 else "target later" if later > 0 else "target earlier"
        what = (
            "true"
            if drives[source, target]
            else "reverse"
            if drives[target, source]
            else "same driver"
            if siblings[source, target]
            else "nothing"
        )
        rows.append((what, turn, bool(claimed[source, target])))
    return rows


def order(seeds: int) -> None:
    """Print how many pairs are claimed."""
    for delay in (1.0, 2 / 3, 1 / 3):
        rows = [row for seed in range(seeds) for row in order_rows(seed, delay)]
        table = pd.DataFrame(rows, columns=["pair", "order", "claimed"])
        counted = table.groupby(["pair", "order"])["claimed"].agg(["sum", "count"])
        print(f"\na driver acts {delay:.2f} volumes later ({seeds} recordings)")
        print(counted.unstack("order").to_string(), flush=True)


def run_row(seed: int, folder: Path, delay: float, coupling: float) -> dict[str, float]:
    """Train on simulated planes and count what was found."""
    made = simulate_planes(seed=seed, delay=delay, coupling=coupling)
    movie = sv.open_movie(made.frames, fps=made.volumes_per_second, axes="TZYX", planes="all")
    began = time.perf_counter()
    for _ in sv.train(movie, sv.TrainConfig.from_preset("fast", seed=seed), out=folder / "run"):
        pass
    found = scores(sv.load_run(folder / "run"), made)
    return {"seed": seed, **found, "seconds": round(time.perf_counter() - began)}


def scores(run: sv.Run, made: SimulatedPlanes) -> dict[str, float]:
    """Count drivers: found in their plane, listed where none is, and edges by their order."""
    truth, drivers, edges = made.truth, run.drivers, run.edges
    plane, centres = truth.cells["plane"], truth.centres
    true = truth.drivers if truth.coupling.any() else truth.drivers[:0]
    right = 0
    for driver in true:
        there = drivers[drivers["plane"] == plane[driver]]
        away = np.hypot(there["y"] - centres[driver, 0], there["x"] - centres[driver, 1])
        right += int((away < CELL_PX).any())
    own, beside, wrong = 0, 0, 0
    for row in drivers.itertuples():
        away = np.hypot(*(centres[true] - (row.y, row.x)).T) if len(true) else np.array([np.inf])
        near = away < CELL_PX
        depth = np.abs(plane[true] - row.plane)[near] if near.any() else np.array([np.inf])
        own, beside, wrong = (
            own + int(depth.min() == 0),
            beside + int(depth.min() == 1),
            wrong + int(depth.min() > 1),
        )
    followed = truth.coupling > 0
    across = sum((plane[followed[driver]] != plane[driver]).sum() for driver in true)
    sure = edges[(edges["p_adjusted"] <= 0.05) & (edges["source_plane"] != edges["target_plane"])]
    sources, targets = (_cells_at(sure, end, truth) for end in ("source", "target"))
    real = (sources.astype(float) @ followed * targets).any(axis=1)
    return {
        "drivers": len(true),
        "found": right,
        "seen beside": beside,
        "wrong": wrong,
        "followers in other planes": int(across),
        "edges across planes": len(sure),
        "of which true": int(real.sum()),
    }


def _cells_at(edges: pd.DataFrame, end: str, truth: sv.Truth) -> np.ndarray:
    """Return which cells are seen at an end of each edge, (edges, cells): there or from beside."""
    away = np.hypot(
        edges[f"{end}_y"].to_numpy()[:, None] - truth.centres[:, 0],
        edges[f"{end}_x"].to_numpy()[:, None] - truth.centres[:, 1],
    )
    deep = np.abs(edges[f"{end}_plane"].to_numpy()[:, None] - truth.cells["plane"])
    return (away < CELL_PX) & (deep <= 1)


def runs(seeds: int) -> None:
    """Print what runs find."""
    _print_runs(seeds, ((0.5, 1.0), (0.5, 1 / 3)))


def nothing(seeds: int) -> None:
    """Print what runs find where nobody drives anybody."""
    _print_runs(seeds, ((0.0, 1.0),))


def _print_runs(seeds: int, cases: tuple[tuple[float, float], ...]) -> None:
    for coupling, delay in cases:
        rows = []
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                rows.append(run_row(seed, Path(folder), delay, coupling))
        print(f"\ncoupling {coupling:g}, a driver acts {delay:.2f} volumes later")
        print(pd.DataFrame(rows).to_string(index=False), flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["order", "runs", "nothing"])
    parser.add_argument("--seeds", type=int, default=6)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    print(f"{platform.processor() or platform.machine()}, one thread; {N_PLANES} planes")
    {"order": order, "runs": runs, "nothing": nothing}[chosen.what](chosen.seeds)


if __name__ == "__main__":
    main()
