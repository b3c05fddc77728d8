"""Pixels of a movie or latents of its run: which is the better witness of what cells did.

Simulated movies with known footprints and drivers. Cells are the true footprints; each row reads
what they did in another way and fits it alike. Pairs of cells that drive each other and drivers are
told from the others by AUROC and average precision (of the score of an edge, of the place in the
list of drivers), and counted where p_adjusted <= 0.05: right / wrong.

    python benchmarks/run_cells.py [--cases NAME ...] [--seeds 1 2] [--variants untrained fast]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.metrics import average_precision_score, roc_auc_score

import napari_sparsevar as sv
from napari_sparsevar.progress import returned
from napari_sparsevar.run.cells import cells_in, fitting_both_ways, reading_cells
from napari_sparsevar.training.events import Failed
from recovery_parts.cases import make_trial
from recovery_parts.network import VARIANTS

CASES = ("optics", "all", "strong_noise", "extreme_noise", "extreme_coupling", "short", "dense")


class Score(NamedTuple):
    """How well one way finds what is there."""

    edges: float
    edge_precision: float
    right: float
    wrong: float
    drivers: float


def score(fit: sv.CellFit, truth: sv.Truth) -> Score:
    """Return the figures of one fit."""
    asked, there = np.isfinite(fit.matrix("p_adjusted")), truth.coupling != 0
    strength, sure = fit.matrix("score"), fit.matrix("p_adjusted") <= 0.05
    place = {name: -rank for rank, name in enumerate(fit.drivers["name"])}
    ranked = [place[name] for name in fit.names]
    return Score(
        roc_auc_score(there[asked], strength[asked]),
        average_precision_score(there[asked], strength[asked]),
        float((sure & there & asked).sum()),
        float((sure & ~there & asked).sum()),
        roc_auc_score(truth.is_driver, ranked),
    )


def scores(case: str, seed: int, variants: list[str]) -> Iterator[tuple[str, Score]]:
    """Yield the figures of each way to read the cells of one movie."""
    trial = make_trial(case, seed)
    movie, truth = trial.movie, trial.truth
    flat = sparse.csr_array(truth.footprints.reshape(len(truth.footprints), -1))
    names = [str(number) for number in range(flat.shape[0])]
    given = sv.Cells(names, flat, movie.shape)
    yield (
        "true traces",
        score(sv.fit_traces(replace(given, traces={"raw": truth.traces}), lags=1), truth),
    )
    for variant in variants:
        settings = VARIANTS.get(variant, {})
        config = sv.TrainConfig.from_preset("fast", seed=seed, **settings)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "run"
            for event in sv.train(movie, config, out=out, device="cpu", threads=1, until="map"):
                if isinstance(event, Failed):
                    raise SystemExit(event.message)
            run = sv.load_run(out)
            read = returned(reading_cells(run, cells_in(run, given), movie))
            fit = returned(fitting_both_ways(run, read))
        assert fit.beside is not None
        if variant == variants[0]:
            yield "pixels", score(fit, truth)
        yield f"latents, {variant}", score(fit.beside, truth)


def main() -> None:
    """Print a table a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--variants", nargs="+", default=["untrained", "fast"])
    options = parser.parse_args()
    print("| movies | read from | edges, AUROC | average precision | right / wrong | drivers |")
    print("|---|---|---:|---:|---:|---:|")
    for case in options.cases:
        found: dict[str, list[Score]] = defaultdict(list)
        for seed in options.seeds:
            for way, figures in scores(case, seed, options.variants):
                found[way].append(figures)
        for way, each in found.items():
            mean = Score(*np.mean(each, axis=0))
            print(
                f"| {case}, {len(each)} | {way} | {mean.edges:.3f} | {mean.edge_precision:.2f} | "
                f"{mean.right:.1f} / {mean.wrong:.1f} | {mean.drivers:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
