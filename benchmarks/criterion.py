"""Compare the choices of the criterion with those of the exact path of all targets.

    python benchmarks/criterion.py [--only NAME ...] [--seeds 1 2] [--steps 20] [--run FOLDER]

Every simulated movie (64 x 64 pixels, 484 latents, one thread) is trained for a few steps. *Exact*
traces every knot of every target, for the whole recording and for each fold, as the exact
derivative does; *table* is ``criterion_table``. Prints a table in markdown: the choices of the
exact path in units of the universal penalty, the logarithm of the ratio of those of the table to
them, and the seconds of processor time of both. ``--run`` takes a finished run instead.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

import napari_sparsevar as sv
from napari_sparsevar.analysis.evidence.stability import N_BLOCKS
from napari_sparsevar.analysis.fit.criterion import (
    criterion_table,
    cross_validation_minimum,
    ebic_minimum,
    extended_bic,
    one_standard_error_choice,
    residual_variance,
    tried_penalties,
)
from napari_sparsevar.analysis.fit.cross_validation import folds, held_out_error, mean_and_error
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments
from napari_sparsevar.analysis.fit.solution_path import SolutionPath, of_targets, path_ends
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.model.embedded_var import Moments, universal_penalty
from napari_sparsevar.progress import returned
from napari_sparsevar.run.run import load_run
from napari_sparsevar.training.events import Finished

SETTINGS: dict[str, Any] = {
    "shape": (64, 64),
    "n_frames": 2000,
    "cell_radius_px": 2.5,
    "n_cells": 30,
    "n_drivers": 4,
}

CASES: dict[str, dict[str, Any]] = {
    "easy": {"regime": "easy"},
    "medium_noise": {"regime": "medium_noise"},
    "strong_noise": {"regime": "strong_noise"},
    "weak_coupling": {"regime": "weak_coupling"},
    "uncoupled": {"regime": "medium_noise", "coupling": 0.0},
}

CHOICES = {
    "one standard error": one_standard_error_choice,
    "least error": cross_validation_minimum,
    "least EBIC": ebic_minimum,
}


def main() -> None:
    options = _options()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for name, results in _movies(options):
        rows.append({"movie": name, **_compared(results)})
        print(_line(rows[-1].values()) if len(rows) > 1 else _head(rows[0]), flush=True)


def _head(row: dict[str, Any]) -> str:
    return "\n".join([_line(row), _line(["---"] * len(row)), _line(row.values())])


def _line(cells: Iterable[Any]) -> str:
    words = (f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in cells)
    return f"| {' | '.join(words)} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--steps", type=int, default=20, help="of training")
    parser.add_argument("--run", type=Path, help="a finished run instead of simulated movies")
    return parser.parse_args()


def _movies(options: argparse.Namespace) -> Iterator[tuple[str, Results]]:
    if options.run:
        yield options.run.name, load_run(options.run).results
        return
    for name in options.only:
        for seed in options.seeds:
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "run"
                _train(CASES[name], seed, options.steps, out)
                yield f"{name} {seed}", load_run(out).results


def _train(case: dict[str, Any], seed: int, steps: int, out: Path) -> None:
    movie, _ = sv.simulate_movie(seed=seed, **{**SETTINGS, **case})
    model = sv.ModelConfig(cell_diameter=10.0)
    config = sv.TrainConfig.from_preset("fast", seed=seed, steps=steps, model=model)
    *_, last = sv.train(movie, config, out=out, threads=1)
    assert isinstance(last, Finished), last


def _compared(results: Results) -> dict[str, float]:
    """Return choices before, logarithms of ratios, and seconds of both."""
    config = results.activity.config
    rows = StreamedRows.of(results.activity, config.lags, config.dynamics)
    blocks, fitted = block_moments(rows, N_BLOCKS), results.fitted
    start = time.process_time()
    exact = exact_table(fitted, blocks)
    middle = time.process_time()
    table = returned(criterion_table(fitted, blocks))
    end = time.process_time()
    unit = universal_penalty(len(fitted.weights), fitted.statistics.n)
    found: dict[str, float] = {}
    for name, choice in CHOICES.items():
        found[name] = choice(exact) / unit
        found[f"log ratio, {name}"] = math.log(choice(table) / choice(exact))
    edges = (table["edges"] / exact["edges"].clip(lower=1) - 1).abs()[exact["edges"] > 100].max()
    off = (table["cv_error"] - exact["cv_error"]).abs().max()
    return {
        **found,
        "largest relative error of edges": edges,
        "largest error of the curve": off,
        "exact, s": middle - start,
        "table, s": end - middle,
    }


def exact_table(fitted: FittedVar, blocks: list[Moments]) -> pd.DataFrame:
    """Return what ``criterion_table`` does, from every knot of every target."""
    statistics, weights = fitted.statistics, fitted.weights
    unit = universal_penalty(len(weights), statistics.n)
    penalties = tried_penalties(path_ends(statistics, weights), fitted.penalty, unit)
    edges, ebic = np.zeros((2, len(penalties)))
    for targets in _groups(weights.shape[1]):
        part, own = of_targets(statistics, targets), weights[:, targets]
        path = SolutionPath.trace(part, own, float(penalties.min()))
        for index, penalty in enumerate(penalties):
            active = path.at(float(penalty))
            free = solve_on_active_sets(part.gram, own, active, part.cross)
            count = (active != 0).sum(dim=0).double()
            edges[index] += int(((active != 0) & (own > 0)).sum())
            left = residual_variance(part, free)
            ebic[index] += extended_bic(left, count, statistics.n, len(weights))
    scores = np.array(
        [_fold_scores(fold, weights, penalties, statistics.n) for fold in folds(blocks)]
    )
    error, spread = mean_and_error(scores.reshape(-1, len(penalties)))
    columns = {"penalty": penalties, "edges": edges, "ebic": ebic}
    return pd.DataFrame({**columns, "cv_error": error, "cv_se": spread})


def _fold_scores(fold: Any, weights: torch.Tensor, penalties: Any, n: int) -> Any:
    tried = np.append(np.inf, penalties * math.sqrt(n / fold.fitted.n))
    errors = np.zeros(len(tried))
    for targets in _groups(weights.shape[1]):
        fitted, held_out = (of_targets(moments, targets) for moments in fold)
        path = SolutionPath.trace(fitted, weights[:, targets], float(tried.min()))
        errors += [float(held_out_error(held_out, path.at(one)).sum()) for one in tried]
    return errors[1:] / errors[0]


def _groups(n_targets: int) -> tuple[torch.Tensor, ...]:
    """Return the targets, so many at a time that their paths fit into memory."""
    return torch.arange(n_targets).split(64)


if __name__ == "__main__":
    main()
