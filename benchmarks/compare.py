"""Do the tests of two windows hold their level, and what do they find? On simulated sequences.

    python benchmarks/compare.py [--only nulls calcium power rivals speed] [--latents 16 64 256]
        [--frames 200 400 1000] [--pairs 500] [--seed 0] [--rows compare.csv] [--report]

Every pair of windows is a row of the CSV file, so that the benchmark goes on where it was;
``--report`` prints the tables of what is there. Rejections in percent at 1 / 5 / 10 %; ``refused``:
the test says that the windows hold too few independent blocks.
"""

from __future__ import annotations

import argparse
import math
import platform
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from compare_parts import rivals
from compare_parts.simulated import CALCIUM, NULLS, Case, alternatives, simulate
from napari_sparsevar.comparison.anything import anything_test
from napari_sparsevar.comparison.compare import compare_sequences
from napari_sparsevar.comparison.dynamics import dynamics_test
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.rows import rows_of_sequences
from napari_sparsevar.errors import UserError
from napari_sparsevar.progress import returned

DRAWS = 199
LEVELS = (0.01, 0.05, 0.10)
POWER_PAIRS, RIVAL_PAIRS = 200, 100
COLUMNS = ["part", "case", "p", "frames", "seed", "method", "p_value", "power", "false"]


def ours(case: Case, p: int, frames: int, seed: int) -> list[dict[str, object]]:
    """Return the rows of our two tests; p-value NaN where they refuse."""
    pair = simulate(case, p, frames, seed)
    rows = rows_of_sequences([[pair.a], [pair.b]], 1, "calcium" if case.calcium else "none")
    weights = 1.0 - torch.eye(p, dtype=torch.float64)
    options = ComparisonOptions(DRAWS, 0.05, seed)
    found: list[dict[str, object]] = []
    try:
        test = returned(dynamics_test(rows, "AB", weights, weights > 0, options))
        edges = test.test.changed()
        right = pair.changed[edges["source"], edges["target"]]
        power = right.sum() / case.changed if case.changed else math.nan
        said = {"p_value": test.test.p_value, "power": power, "false": int((~right).sum())}
    except UserError:
        said = {"p_value": math.nan}
    found.append({"method": "dynamics", **said})
    try:
        anything = anything_test(rows, "AB", weights, options)
        found.append({"method": "anything", "p_value": anything.p_value})
    except UserError:
        found.append({"method": "anything", "p_value": math.nan})
    return found


def theirs(case: Case, p: int, frames: int, seed: int) -> list[dict[str, object]]:
    """Return the rows of the rivals."""
    pair = simulate(case, p, frames, seed)
    return [
        {"method": "Chow F", "p_value": rivals.chow(pair.a, pair.b)},
        {"method": "Fisher z, BH", "p_value": rivals.fisher_z(pair.a, pair.b)},
        {"method": "lasso LR", "p_value": rivals.likelihood_ratio(pair.a, pair.b, seed)},
    ]


def work(options: argparse.Namespace) -> list[tuple[str, Case, int, int, int]]:
    """Return what is asked for: part, case, latents, frames, number of pairs."""
    sizes = [(p, frames) for p in options.latents for frames in options.frames]
    found = []
    for part, cases in (("nulls", NULLS), ("calcium", CALCIUM)):
        if part in options.only:
            found += [(part, case, *size, options.pairs) for size in sizes for case in cases]
    if "power" in options.only:
        found += [
            ("power", case, 64, 400, min(options.pairs, POWER_PAIRS)) for case in alternatives()
        ]
    if "rivals" in options.only:
        few = min(options.pairs, RIVAL_PAIRS)
        found += [("rivals", case, 16, 400, few) for case in [*NULLS, *alternatives()]]
    return found


def run(options: argparse.Namespace) -> None:
    """Do what is not there yet."""
    path: Path = options.rows
    done = set()
    if path.exists():
        table = pd.read_csv(path)
        done = set(zip(table.part, table.case, table.p, table.frames, table.seed, strict=True))
    else:
        pd.DataFrame(columns=COLUMNS).to_csv(path, index=False)
    for part, case, p, frames, count in work(options):
        for seed in range(options.seed, options.seed + count):
            if (part, case.name, p, frames, seed) in done:
                continue
            rows = ours(case, p, frames, seed)
            if part == "rivals":
                rows += theirs(case, p, frames, seed)
            common = {"part": part, "case": case.name, "p": p, "frames": frames, "seed": seed}
            table = pd.DataFrame([{**common, **row} for row in rows], columns=COLUMNS)
            table.to_csv(path, mode="a", header=False, index=False)


def rejections(values: pd.Series) -> str:
    """Return rejections in percent at each level, and how many were refused."""
    if values.empty:
        return ""
    known = values.dropna()
    refused = len(values) - len(known)
    said = " / ".join(f"{100 * (known <= level).mean():.1f}" for level in LEVELS)
    if refused == len(values):
        return "refused"
    return said + (f" ({refused} refused)" if refused else "")


def report(path: Path) -> None:
    """Print every table."""
    table = pd.read_csv(path)
    for part in ("nulls", "calcium"):
        chosen = table[table.part == part]
        for method in ("dynamics", "anything"):
            print(f"\n{part}, test '{method}': rejections at 1 / 5 / 10 %\n")
            frames = sorted(chosen.frames.unique())
            print("| case | latents | " + " | ".join(f"{n} frames" for n in frames) + " | pairs |")
            print("|---" * (len(frames) + 3) + "|")
            one = chosen[chosen.method == method]
            for (case, p), rows in one.groupby(["case", "p"], sort=False):
                cells = [rejections(rows[rows.frames == n].p_value) for n in frames]
                pairs = " / ".join(str((rows.frames == n).sum()) for n in frames)
                print(f"| {case} | {p} | " + " | ".join(cells) + f" | {pairs} |")
    for part in ("power", "rivals"):
        chosen = table[table.part == part]
        if len(chosen):
            _report_methods(part, chosen)


def _report_methods(part: str, table: pd.DataFrame) -> None:
    methods = list(table.method.unique())
    print(f"\n{part}: rejections at 1 / 5 / 10 %, p = {table.p.iloc[0]}, ", end="")
    print(f"{table.frames.iloc[0]} frames a window, {table.seed.nunique()} pairs\n")
    print("| case | " + " | ".join(methods) + " | changed edges found | false edges a pair |")
    print("|---" * (len(methods) + 3) + "|")
    for case, rows in table.groupby("case", sort=False):
        cells = [rejections(rows[rows.method == method].p_value) for method in methods]
        mine = rows[rows.method == "dynamics"]
        power = "" if mine.power.isna().all() else f"{100 * mine.power.mean():.0f} %"
        print(f"| {case} | " + " | ".join(cells) + f" | {power} | {mine['false'].mean():.2f} |")


def speed() -> None:
    """Time whole comparisons: dynamics, anything and prediction."""
    print("\n| latents | lags | frames a window | draws | seconds (median of 5) |")
    print("|---" * 5 + "|")
    for p, lags in ((64, 1), (256, 1), (256, 2), (1024, 1)):
        pair = simulate(NULLS[0], p, 500, 0)
        compare_sequences(pair.a, pair.b, lags=lags)
        seconds = []
        for seed in range(5):
            began = time.perf_counter()
            compare_sequences(pair.a, pair.b, lags=lags, seed=seed)
            seconds.append(time.perf_counter() - began)
        print(f"| {p} | {lags} | 500 | 1000 | {np.median(seconds):.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    every = ["nulls", "calcium", "power", "rivals"]
    parser.add_argument("--only", nargs="+", default=every, help="and speed")
    parser.add_argument("--latents", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--frames", type=int, nargs="+", default=[200, 400, 1000])
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=Path, default=Path("compare.csv"))
    parser.add_argument("--report", action="store_true", help="only print the tables")
    options = parser.parse_args()
    print(f"{platform.machine()}, torch {torch.__version__}, seeds from {options.seed}")
    if "speed" in options.only:
        speed()
        return
    if not options.report:
        torch.set_num_threads(1)
        run(options)
    report(options.rows)


if __name__ == "__main__":
    main()
