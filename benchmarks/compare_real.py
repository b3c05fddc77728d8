"""Interleaved halves of a real movie are alike: how uniform the p-values are.

    python benchmarks/compare_real.py MOVIE [--splits 200] [--block 25] [--preset fast] [--seed 0]
        [--rows compare_real.csv] [--picture PICTURE.svg]

Trains once on all frames, cuts them into blocks, gives a random half of the blocks to A and the
others to B, and compares; again and again. Draws the distribution of the p-values.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

import napari_sparsevar as sv
from napari_sparsevar.comparison.anything import anything_test
from napari_sparsevar.comparison.dynamics import dynamics_test
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.rows import rows_of_activity
from napari_sparsevar.comparison.subject import filtered_activity
from napari_sparsevar.progress import returned
from napari_sparsevar.training.events import Finished

DRAWS = 199


def interleaved(n_frames: int, block: int, seed: int) -> tuple[sv.Window, sv.Window]:
    """Give a random half of the blocks to A and the others to B."""
    starts = np.arange(0, n_frames - block + 1, block)
    shuffled = np.random.default_rng(seed).permutation(starts)
    half = len(starts) // 2
    return (
        sv.Window("A", tuple((start, start + block) for start in shuffled[:half])),
        sv.Window("B", tuple((start, start + block) for start in shuffled[half : 2 * half])),
    )


def run(folder: Path, options: argparse.Namespace) -> pd.DataFrame:
    """Compare what is not in the table yet."""
    columns = ["seed", "dynamics", "anything"]
    if not options.rows.exists():
        pd.DataFrame(columns=columns).to_csv(options.rows, index=False)
    done = set(pd.read_csv(options.rows).seed)
    results = sv.load_run(folder).results
    weights = results.fitted.weights
    for seed in range(options.seed, options.seed + options.splits):
        if seed in done:
            continue
        windows = interleaved(len(results.good), options.block, seed)
        rows = rows_of_activity(filtered_activity(results), windows)
        settings = ComparisonOptions(DRAWS, 0.05, seed)
        dynamics = returned(dynamics_test(rows, "AB", weights, weights > 0, settings))
        anything = anything_test(rows, "AB", weights, settings)
        found = pd.DataFrame([[seed, dynamics.test.p_value, anything.p_value]], columns=columns)
        found.to_csv(options.rows, mode="a", header=False, index=False)
    return pd.read_csv(options.rows)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw the cumulative distribution of the p-values and where 95 % of uniform ones would lie."""
    figure = Figure(figsize=(3.4, 3.1), layout="constrained")
    axes = figure.subplots()
    n, at = len(table), np.linspace(0, 1, 200)
    reach = 1.358 / np.sqrt(n)  # Kolmogorov
    axes.fill_between(at, at - reach, at + reach, color="0.88", label="uniform, 95 %")
    axes.plot([0, 1], [0, 1], color="0.5", lw=0.8)
    for name, colour in (("dynamics", "#0072B2"), ("anything", "#D55E00")):
        axes.step(
            [0, *np.sort(table[name]), 1],
            [0, *np.arange(1, n + 1) / n, 1],
            where="post",
            color=colour,
            lw=1.4,
            label=name,
        )
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel="p-value",
        ylabel="share of splits at most that",
        title=f"real movie, {n} splits",
        aspect="equal",
    )
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("movie", type=Path)
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--block", type=int, default=25, help="frames")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=Path, default=Path("compare_real.csv"))
    parser.add_argument("--picture", type=Path, default=Path("compare_real.svg"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        config = sv.TrainConfig.from_preset(options.preset, seed=0)
        *_, last = sv.train(sv.open_movie(options.movie), config, out=out, device="cpu")
        assert isinstance(last, Finished), last
        table = run(out, options)
    draw(table, options.picture)
    print(
        f"{platform.machine()}, {options.preset}, {len(table)} splits, blocks of {options.block}\n"
    )
    print("| test | at 1 / 5 / 10 % | mean p |\n|---|---|---|")
    for name in ("dynamics", "anything"):
        rates = " / ".join(f"{100 * (table[name] <= q).mean():.1f}" for q in (0.01, 0.05, 0.1))
        print(f"| {name} | {rates} | {table[name].mean():.2f} |")


if __name__ == "__main__":
    main()
