"""Drivers among cells that nobody drew, beside those of the map and of true footprints.

    python benchmarks/detected.py [--cases optics tidy ...] [--frames 3000] [--seeds 13-20]
    python benchmarks/detected.py --cases field --ways detected footprints --seeds 13-15
    python benchmarks/detected.py --ways detected footprints --frames 12000 --neuropil 0.7

The movies are those of `places.py`, and *field*: 512 x 512 pixels, 400 cells of 11, 20 drivers.
*Map* is the untrained network's, a cell being as strong as the mean of the map over it; *detected*
are the cells of `detect_cells`, *footprints* the true ones, both read from the pixels and fitted by
`fit_traces`. A true cell that was not found, or a detected one that none is near (within the radius
of `places.py`), ranks last or is wrong. Prints a table in markdown, means over movies; *found* is
the share of true cells with one near them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

import napari_sparsevar as sv
from napari_sparsevar.cells.preparing import Preparation
from napari_sparsevar.training.events import Failed
from places import CASES, RADIUS_PX, movie_of, seeds_of
from recovery_parts.cell_fits import true_cells
from recovery_parts.network import VARIANTS
from recovery_parts.scores import neuron_scores

Array = npt.NDArray[np.float64]

WAYS = ("map", "detected", "footprints")


class Row(NamedTuple):
    """What one way made of one movie."""

    way: str
    auroc: float
    precision: float
    right: int
    wrong: int
    found: float
    seconds: float


def main() -> None:
    """Print the table."""
    options = _options()
    print(
        "| movies | way | driver AUROC | average precision | drivers listed right | wrong ", end=""
    )
    print("| movies with a wrong one | found | s |\n|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for case in options.cases:
        rows = [
            row
            for seed in options.seeds
            for row in rows_of(case, options.frames, seed, options.ways, options.neuropil)
        ]
        for way, group in pd.DataFrame(rows).groupby("way", sort=False):
            mean, wrong = group.drop(columns="way").mean(), int((group["wrong"] > 0).sum())
            print(
                f"| {case} | {way} | {mean['auroc']:.2f} | {mean['precision']:.2f} "
                f"| {mean['right']:.1f} | {mean['wrong']:.1f} | {wrong} of {len(group)} "
                f"| {mean['found']:.2f} | {mean['seconds']:.0f} |",
                flush=True,
            )


def rows_of(
    case: str, n_frames: int, seed: int, ways: Sequence[str], neuropil: float | None
) -> Iterator[Row]:
    """Read and fit a movie in some ways."""
    movie, truth = movie_of(case, n_frames, seed)
    driving = truth.drivers[truth.coupling[truth.drivers].any(axis=1)]
    radius = RADIUS_PX[case.split(",")[0]]
    if "map" in ways:
        yield _of_map(movie, truth, driving, radius, seed)
    if "detected" in ways:
        began = time.perf_counter()
        cells = sv.detect_cells(movie)
        yield _of_cells("detected", cells, truth, driving, radius, began, neuropil)
    if "footprints" not in ways:
        return
    began = time.perf_counter()
    cells = true_cells(movie, truth)
    yield _of_cells("footprints", cells, truth, driving, radius, began, neuropil)


def _of_cells(
    way: str,
    cells: sv.Cells,
    truth: sv.Truth,
    driving: npt.NDArray[np.int64],
    radius: float,
    began: float,
    neuropil: float | None,
) -> Row:
    fit = sv.fit_traces(cells, lags=1, preparation=Preparation(neuropil=neuropil))
    seconds = time.perf_counter() - began
    drivers = fit.drivers.set_index("name").reindex(fit.names)
    places = cells.centres[[cells.names.index(name) for name in fit.names]]
    away = np.linalg.norm(truth.centres[:, None] - places[None], axis=-1)
    near = away.min(axis=1) <= radius
    strength = drivers["strength"].fillna(0.0).to_numpy()[away.argmin(axis=1)]
    scores = np.where(near, strength, strength.min(initial=0.0) - 1.0)
    listed = places[(drivers["p_adjusted"] <= 0.05).to_numpy()]
    return _row(way, scores, listed, truth, driving, radius, float(near.mean()), seconds)


def _of_map(
    movie: sv.Movie, truth: sv.Truth, driving: npt.NDArray[np.int64], radius: float, seed: int
) -> Row:
    began = time.perf_counter()
    config = sv.TrainConfig.from_preset("fast", seed=seed, **VARIANTS["untrained"])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        asked = {"device": "cpu", "threads": 1, "until": "drivers", "register": None}
        for event in sv.train(movie, config, out=out, **asked):
            if isinstance(event, Failed):
                raise RuntimeError(event.message)
        results = sv.load_run(out).results
    scores = neuron_scores(results.contribution, truth.footprints)
    listed = results.drivers.table[["y", "x"]].to_numpy()
    seconds = time.perf_counter() - began
    return _row("map", scores, listed, truth, driving, radius, float("nan"), seconds)


def _row(
    way: str,
    scores: Array,
    listed: Array,
    truth: sv.Truth,
    driving: npt.NDArray[np.int64],
    radius: float,
    found: float,
    seconds: float,
) -> Row:
    drives = np.isin(np.arange(len(truth.centres)), driving)
    auroc = precision = float("nan")
    if drives.any():
        auroc = float(roc_auc_score(drives, scores))
        precision = float(average_precision_score(drives, scores))
    # A listed place is that of the true cell next to it, if one is near.
    away = np.linalg.norm(truth.centres[:, None] - listed[None], axis=-1)
    nearest = away.argmin(axis=0) if len(listed) else np.empty(0, int)
    right = drives[nearest] & (away.min(axis=0, initial=np.inf) <= radius)
    n_right = len(np.unique(nearest[right]))
    return Row(way, auroc, precision, n_right, int((~right).sum()), found, seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--cases", nargs="+", choices=(*CASES, "field"), default=CASES)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument(
        "--neuropil", type=float, help="how much of it is taken off; estimated by default"
    )
    parser.add_argument("--seeds", type=seeds_of, default=range(13, 21), help="for example 13-20")
    return parser.parse_args()


if __name__ == "__main__":
    main()
