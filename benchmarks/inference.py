"""Do the intervals cover, and do the adjusted p-values hold their level? On simulated VARs.

    python benchmarks/inference.py [--quick] [--only NAME ...] [--latents 16 64 256]
        [--rows 500 1000 3000] [--simulations N] [--seed 0] [--events] [--scenarios NAME ...]

Latents follow ``z_t = phi z_(t-1) + B z_(t-1) + e_t``. Predictors are the standardised ``z_(t-1)``,
targets the standardised ``z_t - phi z_(t-1)``: innovations after each latent's own history, as in
the analysis of a run. The lasso has the universal penalty. Prints two tables in markdown: without
any edge, and with some, where only pairs and places without a true effect count as false.

Family-wise error: the share of simulations, in percent, with any false edge (or place) at 1, 5 and
10 %. FDP: mean share of false ones among edges with ``edge_fdr <= 0.1``. Power: the share of true
edges (driving places) with family-wise p at most 0.05. ``refused``: too few rows for p-values.
Nulls are those the program would choose (``chosen_nulls``); ``--events`` tests as where series are
read as events, else as where they are filtered.
"""

from __future__ import annotations

import argparse
import math
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import lfilter
from torch import Tensor

from napari_sparsevar.analysis.evidence.adjusted_p_values import adjusted_p_values
from napari_sparsevar.analysis.evidence.chosen_nulls import against_each, chosen_nulls
from napari_sparsevar.analysis.evidence.inference import PlaceEffects, interval, place_effects
from napari_sparsevar.errors import UserError
from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.model.embedded_var import RIDGE, universal_penalty
from napari_sparsevar.progress import returned

Array = npt.NDArray[np.float64]
LEVELS = (0.01, 0.05, 0.10)
DRAWS = 99
BURN_IN = 200
SMOOTHING = 1.0
"""Standard deviation, in latents, of what overlapping latents share."""


def gaussian(rng: np.random.Generator, rows: int, p: int) -> Array:
    return rng.standard_normal((rows, p))


def bursty(rng: np.random.Generator, rows: int, p: int) -> Array:
    """Rare events of exponential size (3 % of rows) over a little noise."""
    events = (rng.random((rows, p)) < 0.03) * rng.exponential(1.0, (rows, p))
    return np.asarray(events + 0.05 * rng.standard_normal((rows, p)))


def _bouts(rng: np.random.Generator, rows: int, active: float, quiet: float) -> Array:
    """Return a gain common to all latents: bouts of ten rows, a tenth of the time (rows, 1)."""
    gain = np.where(rng.random(rows // 10 + 1) < 0.1, active, quiet)
    return np.repeat(gain, 10)[:rows, None]


def common_bouts(rng: np.random.Generator, rows: int, p: int) -> Array:
    """All latents are six times as active together now and then, and independent otherwise."""
    return np.asarray(_bouts(rng, rows, 4.0, 0.7) * rng.standard_normal((rows, p)))


def bursty_bouts(rng: np.random.Generator, rows: int, p: int) -> Array:
    """Events that become more frequent in all latents together, around a mean that does not."""
    chance = 0.03 * _bouts(rng, rows, 6.0, 0.5)
    events = (rng.random((rows, p)) < chance) * rng.exponential(1.0, (rows, p)) - chance
    return np.asarray(events + 0.05 * rng.standard_normal((rows, p)))


def overlapping(rng: np.random.Generator, rows: int, p: int) -> Array:
    """Neighbours on a square grid share most of their noise."""
    mixing = np.exp(-(_grid_distances(p)[0] ** 2) / (2 * SMOOTHING**2))
    return rng.standard_normal((rows, p)) @ mixing.T


def _grid_distances(p: int) -> tuple[Array, Array]:
    """Return Euclidean and largest-coordinate distances on a square grid, (p, p)."""
    row, column = np.divmod(np.arange(p), math.isqrt(p))
    dy, dx = abs(row[:, None] - row), abs(column[:, None] - column)
    return np.hypot(dy, dx), np.maximum(dy, dx).astype(np.float64)


@dataclass(frozen=True)
class Scenario:
    """One kind of recording; ``grid`` counts latents within 2 (16 latents: 1) as one cell."""

    name: str
    innovations: Callable[[np.random.Generator, int, int], Array]
    phi: float
    grid: bool = False
    edges: int = 0
    effect: float = 0.0


NULLS = [
    Scenario("Gaussian, white", gaussian, 0.0),
    Scenario("Gaussian, autocorrelation 0.5", gaussian, 0.5),
    Scenario("Gaussian, autocorrelation 0.9", gaussian, 0.9),
    Scenario("bursty, 0.8", bursty, 0.8),
    Scenario("common bouts, 0.5", common_bouts, 0.5),
    Scenario("bursty, common bouts, 0.8", bursty_bouts, 0.8),
    Scenario("overlapping grid, 0.8", overlapping, 0.8, grid=True),
]
PARTIAL = [
    replace(scenario, edges=8, effect=effect)
    for scenario in (NULLS[1], NULLS[3], NULLS[4], NULLS[5], NULLS[6])
    for effect in (0.1, 0.2)
] + [replace(NULLS[1], edges=20, effect=0.2)]


class Simulated(NamedTuple):
    """Predictors (n, p), targets (n, p), near (p, p), true coefficients (p, p), standardised."""

    predictors: Tensor
    targets: Tensor
    near: Tensor
    truth: Tensor


def simulate(scenario: Scenario, p: int, n: int, rng: np.random.Generator) -> Simulated:
    near = np.eye(p, dtype=bool)
    if scenario.grid:
        near = _grid_distances(p)[1] <= (1 if p <= 16 else 2)
    noise = scenario.innovations(rng, n + 1 + BURN_IN, p)
    noise = (noise - noise.mean(axis=0)) / noise.std(axis=0)
    truth = np.zeros((p, p))
    distant = np.argwhere(~near)
    chosen = distant[rng.choice(len(distant), scenario.edges, replace=False)]
    truth[chosen[:, 0], chosen[:, 1]] = scenario.effect * math.sqrt(1 - scenario.phi**2)
    latents = lfilter([1.0], [1.0, -scenario.phi], noise, axis=0)
    if scenario.edges:
        for row in range(1, len(noise)):
            latents[row] = scenario.phi * latents[row - 1] + latents[row - 1] @ truth + noise[row]
    latents = latents[BURN_IN:]
    past, innovation = latents[:-1], latents[1:] - scenario.phi * latents[:-1]
    truth = truth * past.std(axis=0)[:, None] / innovation.std(axis=0)
    past, innovation = _standard(past), _standard(innovation)
    tensors = (torch.from_numpy(array) for array in (past, innovation, near, truth))
    return Simulated(*tensors)


def _standard(series: Array) -> Array:
    return np.asarray((series - series.mean(axis=0)) / series.std(axis=0))


def estimate(data: Simulated) -> PlaceEffects:
    """Fit the lasso at the universal penalty and debias it."""
    n, p = data.predictors.shape
    weights = (~data.near).double()
    gram = data.predictors.T @ data.predictors / n
    gram += RIDGE * torch.eye(p, dtype=gram.dtype)
    cross = data.predictors.T @ data.targets / n
    coefficients = solve_lasso(gram, cross, universal_penalty(p, n) * weights)
    return place_effects(data.predictors, data.targets, coefficients, weights, data.near)


def true_effects(data: Simulated, effects: PlaceEffects) -> Tensor:
    """Return what the estimate aims at: a cell's effect as its latents carry it, (p, p)."""
    shared = effects.source_residual.double().T @ data.predictors / data.predictors.shape[0]
    return (shared * data.near) @ data.truth / shared.diagonal()[:, None]


def measure(scenario: Scenario, p: int, n: int, seed: int, events: bool) -> dict[str, float]:
    """Return what one simulation says; NaN where it says nothing."""
    data = simulate(scenario, p, n, np.random.default_rng([seed, p, n]))
    effects = estimate(data)
    truth = true_effects(data, effects)
    tested = effects.estimate.isfinite()
    cell_drives = data.near.double() @ (data.truth != 0).double() > 0
    null, real = tested & ~cell_drives, tested & (data.truth != 0)
    lower, upper = interval(effects.estimate, effects.standard_error)
    covered = ((lower <= truth) & (truth <= upper)).double()
    row = {"covered0": _mean(covered[null]), "covered1": _mean(covered[real])}
    try:
        nulls = chosen_nulls(effects).each
        adjusted = returned(
            against_each(
                nulls,
                lambda null: adjusted_p_values(
                    null.effects, DRAWS, seed, pairing=null.pairing, rare_events=events
                ),
            )
        )
    except UserError:
        return row
    drives = (data.truth != 0).any(dim=1)
    may_be_false = ~cell_drives.any(dim=1)
    for level in LEVELS:
        row[f"edge{level}"] = float((adjusted.edge[null] <= level).any())
        row[f"place{level}"] = float((adjusted.place[may_be_false] <= level).any())
    found = adjusted.edge_fdr <= 0.1
    row["fdp"] = float((found & null).sum() / max(int(found.sum()), 1))
    row["power"] = _mean((adjusted.edge <= 0.05)[data.truth != 0].double())
    row["place_power"] = _mean((adjusted.place <= 0.05)[drives].double())
    return row


def _mean(values: Tensor) -> float:
    return float(values.mean()) if values.numel() else math.nan


def percent(rows: list[dict[str, float]], name: str) -> str:
    values = np.array([row.get(name, math.nan) for row in rows])
    values = values[np.isfinite(values)]
    return f"{100 * values.mean():.1f}" if len(values) else "-"


def describe(scenario: Scenario, p: int, n: int, rows: list[dict[str, float]]) -> str:
    """Return one row of a table."""
    refused = sum("fdp" not in row for row in rows)
    families = [
        " / ".join(percent(rows, f"{family}{level}") for level in LEVELS)
        for family in ("edge", "place")
    ]
    cells = [scenario.name, str(p), str(n), str(len(rows)), percent(rows, "covered0")]
    if scenario.edges:
        cells[1:1] = [str(scenario.edges), str(scenario.effect)]
        cells += [percent(rows, "covered1")]
    cells += families
    if scenario.edges:
        cells += [percent(rows, name) for name in ("fdp", "power", "place_power")]
    return "| " + " | ".join([*cells, str(refused)]) + " |"


def repetitions(scenario: Scenario, p: int, n: int, quick: bool) -> int:
    """Return how many simulations a size is worth: those with edges say something for each edge."""
    if quick:
        return 20 if p < 256 else 3
    work = p * n
    count = 300 if work <= 32_000 else 150 if work <= 64_000 else 50 if p < 256 else 21
    return count // 3 if scenario.edges else count


def sizes(options: argparse.Namespace) -> list[tuple[int, int]]:
    every = [(16, 500), (16, 3000), (64, 500), (64, 1000), (64, 3000), (256, 1000)]
    return [(p, n) for p, n in every if p in options.latents and n in options.rows]


def table(scenarios: list[Scenario], options: argparse.Namespace) -> None:
    for scenario in scenarios:
        if options.scenarios and scenario.name not in options.scenarios:
            continue
        for p, n in sizes(options):
            if scenario.edges and n == 3000 and p > 16:
                continue  # its power is that of certainty
            count = options.simulations or repetitions(scenario, p, n, options.quick)
            seeds = range(options.seed, options.seed + count)
            rows = [measure(scenario, p, n, seed, options.events) for seed in seeds]
            print(describe(scenario, p, n, rows), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 simulations each")
    parser.add_argument("--only", nargs="+", default=["nulls", "edges"], help="nulls, edges")
    parser.add_argument("--latents", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--rows", type=int, nargs="+", default=[500, 1000, 3000])
    parser.add_argument("--simulations", type=int, help="of each kind; by default 300 to 7")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--events", action="store_true", help="test as where events are read")
    parser.add_argument("--scenarios", nargs="+", help="by name; by default all")
    options = parser.parse_args()
    torch.set_num_threads(1)
    began = time.perf_counter()
    print(f"{platform.machine()}, torch {torch.__version__}, seeds from {options.seed}, ", end="")
    print(f"{DRAWS} draws; all figures in percent\n")
    if "nulls" in options.only:
        print(
            "| no edges | latents | rows | simulations | coverage | edges FWE 1 / 5 / 10 ", end=""
        )
        print("| places FWE 1 / 5 / 10 | refused |\n" + "|---" * 8 + "|")
        table(NULLS, options)
        print()
    if "edges" in options.only:
        print("| with edges | edges | effect | latents | rows | simulations ", end="")
        print("| coverage of 0 | coverage of effects | edges FWE 1 / 5 / 10 ", end="")
        print("| places FWE 1 / 5 / 10 | FDP | power, edges | power, places ", end="")
        print("| refused |\n" + "|---" * 14 + "|")
        table(PARTIAL, options)
    print(f"\n{time.perf_counter() - began:.0f} s on one core")


if __name__ == "__main__":
    main()
