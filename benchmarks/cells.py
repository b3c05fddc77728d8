"""Who drives whom among cells: known anatomy, simulated networks and rivals, time and memory.

    python benchmarks/cells.py --recordings zebrafish_motoneurons.npz
    python benchmarks/cells.py --networks [--seeds 1 2 3] [--cases ...] [--methods ...]
    python benchmarks/cells.py --growth 100x20000 500x20000

Motoneurons of the zebrafish spinal cord (Chen et al. 2023, eLife 12:e81279): influence stays on one
side, W_IC -> 1, and runs from head to tail, W_RC -> 1. Networks are
spiking neurons with bursts (``cell_parts/cases.py``); every method is a row of ``--rows``, so that
the run goes on where it was. Each size of the growth is fitted in a process of its own, on
simulated calcium without coupling.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import napari_sparsevar as sv
from cell_parts.cases import CASES
from cell_parts.networks import NOT_INSTALLED, PYTHON, medians, methods, rows, warm_up

LAGS = 3
MATRICES = ("coefficient", "estimate")


def wanted_shares(weight: np.ndarray, centres: np.ndarray, n_left: int) -> tuple[float, float]:
    """Return W_IC and W_RC of weights (n, n), rows drive columns; only those above 0 count."""
    weight = np.maximum(weight, 0.0)
    np.fill_diagonal(weight, 0.0)
    left = np.arange(len(weight)) < n_left
    same, apart = left[:, None] == left, ~np.eye(len(weight), dtype=bool)
    within, across = weight[same & apart].mean(), weight[~same].mean()
    down = centres[None, :, 1] > centres[:, None, 1]
    return within / (within + across), weight[same & down].sum() / weight[same].sum()


def motoneurons(path: Path) -> pd.DataFrame:
    """Return both shares of every recording in a file, by matrix."""
    rows = []
    with np.load(path, allow_pickle=False) as data:
        names = sorted(key.removesuffix("_dff") for key in data if key.endswith("_dff"))
        for name in names:
            traces, centres = data[f"{name}_dff"].T, data[f"{name}_centre_px"]
            start = time.perf_counter()
            fit = sv.fit_traces(traces, float(data["fps"]), LAGS, positions=centres)
            seconds = time.perf_counter() - start
            for kind in MATRICES:
                shares = wanted_shares(fit.matrix(kind), centres, int(data[f"{name}_n_left"]))
                rows.append((name, kind, traces.shape[1], *shares, seconds))
    table = pd.DataFrame(rows, columns=["recording", "matrix", "cells", "W_IC", "W_RC", "s"])
    means = table.groupby("matrix", sort=False)[["W_IC", "W_RC", "s"]].mean().reset_index()
    return pd.concat([table, means.assign(recording="mean")], ignore_index=True)


def simulated(n_cells: int, n_frames: int, seed: int = 0) -> np.ndarray:
    """Return calcium of cells that do not drive each other, with noise, (T, n)."""
    rng = np.random.default_rng(seed)
    calcium, traces = np.zeros(n_cells), np.empty((n_frames, n_cells), np.float32)
    for t in range(n_frames):
        calcium = 0.95 * calcium + (rng.random(n_cells) < 0.01) * rng.uniform(0.25, 0.75, n_cells)
        traces[t] = calcium + 0.15 * rng.standard_normal(n_cells)
    return traces


def fit_one(size: str) -> None:
    """Fit one size and print what it took."""
    n_cells, n_frames = map(int, size.split("x"))
    traces = simulated(n_cells, n_frames)
    start = time.perf_counter()
    fit = sv.fit_traces(traces)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    n_edges = int((fit.edges["p_adjusted"] <= 0.05).sum())
    tables = time.perf_counter() - start
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    found = (n_cells, n_frames, seconds, tables, gigabytes, n_edges)
    names = ("cells", "frames", "fit s", "tables s", "peak GB", "edges")
    print(json.dumps(dict(zip(names, found, strict=True))))


def growth(sizes: list[str]) -> pd.DataFrame:
    """Return what each size takes."""
    rows = []
    for size in sizes:
        command = [sys.executable, __file__, "--one", size]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    return pd.DataFrame(rows)


def networks(given: argparse.Namespace) -> pd.DataFrame:
    """Return what each method finds, medians over seeds; rows that are there are not made again."""
    torch.set_num_threads(1)
    warm_up()
    if not given.tigramite.is_file():
        print(NOT_INSTALLED.format(python=given.tigramite))
    every = methods(given.tigramite)
    chosen = {name: every[name] for name in given.methods or every}
    kept = pd.read_csv(given.rows).to_dict("records") if given.rows.is_file() else []
    done = {(row["case"], row["seed"], row["frames"], row["method"]) for row in kept}
    for seed in given.seeds:
        for case in given.cases:
            missing = {
                name: method
                for name, method in chosen.items()
                if (case, seed, given.frames, name) not in done
            }
            for row in rows(case, seed, given.frames, missing):
                kept.append(row)
                pd.DataFrame(kept).to_csv(given.rows, index=False)
    table = pd.DataFrame(kept)
    asked = table["seed"].isin(given.seeds) & table["case"].isin(given.cases)
    return medians(table[asked & (table["frames"] == given.frames)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recordings", type=Path, help="motoneurons, .npz")
    parser.add_argument("--growth", nargs="*", default=[], metavar="CELLSxFRAMES")
    parser.add_argument("--networks", action="store_true", help="simulated networks and rivals")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--methods", nargs="+", help="default: all")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--frames", type=int, default=36_000)
    parser.add_argument("--rows", type=Path, default=Path("networks.csv"))
    parser.add_argument("--tigramite", type=Path, default=PYTHON, metavar="PYTHON")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        fit_one(given.one)
    if given.recordings:
        print(motoneurons(given.recordings).to_string(index=False, float_format="%.3f"))
    if given.networks:
        print(networks(given).to_string(index=False, float_format="%.3f"))
    if given.growth:
        print(growth(given.growth).to_string(index=False, float_format="%.2f"))


if __name__ == "__main__":
    main()
