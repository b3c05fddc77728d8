"""Time `solve_lasso` beside a loop over scikit-learn's `lars_path_gram`, in one run.

    python benchmarks/lasso.py [--columns 64 128 256 512 1024] [--repeats 7] [--threads N]
    python benchmarks/lasso.py --rivals --columns 2048 4096 [--repeats 3] [--threads N]

Prints a table: medians in milliseconds and ratios to scikit-learn. *Cold* starts from zero, *warm*
from the solution of a slightly different problem, as between two steps of training; *backward* is
the derivative with respect to gram, cross and penalty. With ``free``, each target has 25
unpenalised, strongly correlated neighbours (scikit-learn has no such thing: its column is empty).
With ``half``, targets have hundreds of small coefficients, the rows are half of those that the
start was fitted to, and scikit-learn is left out: stability of a long recording.

``--rivals`` sets celer and skglm (where they are installed) and two solvers of scikit-learn beside
it. They solve some of the targets, one after the other on one core, to a duality gap of 1e-6.
Printed is processor time, ours of all threads and theirs for all targets, divided by the threads.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lars_path_gram
from torch import Tensor

from lasso_parts.rivals import RIVALS, Target, duality_gap, time_rival
from napari_sparsevar.analysis.fit.fitting import DEFAULT_PENALTY
from napari_sparsevar.lasso import lasso_paths, optimality_residual, solve_lasso
from napari_sparsevar.model.embedded_var import universal_penalty

SEED = 0
N_ACTIVE = 10
N_FREE = 25
FEW_TARGETS = 256
RIVAL_TARGETS, RIVAL_PATHS = 16, 4
PATH_TARGETS = 100
"""Targets that rivals solve, those they follow along the path, and those we do."""


class Problem(NamedTuple):
    """gram (P, P), cross and penalty (P, K), and the same a training step away."""

    gram: Tensor
    cross: Tensor
    penalty: Tensor
    nearby_gram: Tensor
    nearby_cross: Tensor


def make_rows(n_columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return columns, targets, and the columns a training step away, (samples, P) each.

    Correlated columns (neighbours 0.8), ten true drivers a target, four samples a column.
    """
    source = torch.Generator().manual_seed(SEED)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=source, dtype=torch.float64)

    n_samples = 4 * n_columns
    smooth = normal(n_samples, n_columns + 4).unfold(1, 5, 1).sum(dim=2) / 5**0.5
    truth = torch.zeros(n_columns, n_columns, dtype=torch.float64)
    for target in range(n_columns):
        drivers = torch.randperm(n_columns, generator=source)[:N_ACTIVE]
        truth[drivers, target] = normal(N_ACTIVE)
    observed = smooth @ truth + normal(n_samples, n_columns)
    return smooth, observed, smooth + 0.01 * normal(*smooth.shape)


def make_problem(rows: tuple[Tensor, Tensor, Tensor], free: bool) -> Problem:
    """Return the problem of ``make_rows`` with about ten penalised coefficients a target."""
    smooth, observed, nearby = rows
    n_samples, n_columns = smooth.shape
    weights = torch.ones(n_columns, n_columns, dtype=torch.float64)
    if free:
        columns = torch.arange(n_columns)
        weights[(columns[:, None] - columns).abs() <= N_FREE // 2] = 0
    gram, cross = smooth.T @ smooth / n_samples, smooth.T @ observed / n_samples
    penalty = _penalty_for(gram, cross, weights)
    return Problem(
        gram,
        cross,
        penalty * weights,
        nearby.T @ nearby / n_samples,
        nearby.T @ observed / n_samples,
    )


def make_half(n_columns: int) -> Problem:
    """Return half of the rows, and all of them as what is nearby: many small coefficients."""
    source = torch.Generator().manual_seed(SEED)
    n_samples = 8 * n_columns
    columns = torch.randn(n_samples, n_columns + 2, generator=source).unfold(1, 3, 1).sum(dim=2)
    columns = columns.double() / 3**0.5
    chosen = torch.rand(n_columns, n_columns, generator=source) < 1 / 4
    truth = 0.03 * chosen * torch.randn(n_columns, n_columns, generator=source).double()
    noise = torch.randn(n_samples, n_columns, generator=source).double()
    observed = columns @ truth + noise
    half = n_samples // 2
    size = universal_penalty(n_columns, half) * DEFAULT_PENALTY
    penalty = torch.full_like(truth, size)
    parts = [
        part.T @ other / len(part)
        for part, other in (
            (columns[:half], columns[:half]),
            (columns[:half], observed[:half]),
            (columns, columns),
            (columns, observed),
        )
    ]
    return Problem(parts[0], parts[1], penalty, parts[2], parts[3])


def _penalty_for(gram: Tensor, cross: Tensor, weights: Tensor) -> float:
    """Bisect for about ten penalised coefficients a target, of the first targets."""
    cross, weights = cross[:, :FEW_TARGETS], weights[:, :FEW_TARGETS]
    low, high = 0.0, float(cross.abs().max())
    for _ in range(12):
        middle = (low + high) / 2
        solution = solve_lasso(gram, cross, middle * weights)
        n_active = ((solution != 0) & (weights > 0)).sum() / weights.shape[1]
        low, high = (middle, high) if n_active > N_ACTIVE else (low, middle)
    return high


def median_time(
    work: Callable[[], object],
    repeats: int,
    device: str,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the median in milliseconds; idle threads of other libraries settle down first."""
    work()
    time.sleep(0.3)
    times = []
    for _ in range(repeats):
        if device == "cuda":
            torch.cuda.synchronize()
        start = clock()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(1e3 * (clock() - start))
    return statistics.median(times)


def time_sklearn(problem: Problem, repeats: int) -> tuple[float, int]:
    """Return milliseconds for all targets, and for how many of them it was measured."""
    gram, cross = problem.gram.numpy(), problem.cross.T.contiguous().numpy()
    n_targets = min(len(cross), FEW_TARGETS)
    penalty = float(problem.penalty.max())
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for target in range(n_targets):
            lars_path_gram(cross[target], gram, n_samples=1, alpha_min=penalty, method="lasso")
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times) * len(cross) / n_targets, n_targets


def time_ours(
    problem: Problem,
    repeats: int,
    device: str,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float, float]:
    """Return milliseconds cold, warm and backward."""
    gram, cross, penalty, *nearby = (tensor.to(device) for tensor in problem)
    cold = median_time(lambda: solve_lasso(gram, cross, penalty), repeats, device, clock)
    start = solve_lasso(*nearby, penalty)
    warm = median_time(
        lambda: solve_lasso(gram, cross, penalty, initial=start), repeats, device, clock
    )
    inputs = [tensor.clone().requires_grad_() for tensor in (gram, cross, penalty)]
    solution = solve_lasso(*inputs)
    incoming = torch.randn_like(solution)
    backward = median_time(
        lambda: torch.autograd.grad(solution, inputs, incoming, retain_graph=True),
        repeats,
        device,
        clock,
    )
    return cold, warm, backward


def report(n_columns: int, kind: str, repeats: int, device: str) -> None:
    problem = (
        make_half(n_columns)
        if kind == "half"
        else make_problem(make_rows(n_columns), kind == "free")
    )
    solution = solve_lasso(*problem[:3])
    n_active = float((solution != 0).sum() / n_columns)
    violation = float(optimality_residual(*problem[:3], solution).max())
    cold, warm, backward = time_ours(problem, repeats, device)
    design = f"{n_columns}, {kind}" if kind else f"{n_columns}"
    row = f"| {design} | {device} | {n_active:.0f} | {violation:.0e} "
    if kind:
        row += "| "
    else:
        reference, n_timed = time_sklearn(problem, max(1, repeats // 3))
        note = f" ({n_timed} of {n_columns} targets)" if n_timed < n_columns else ""
        row += f"| {reference:.0f}{note} "
    row += f"| {cold:.1f} | {warm:.1f} | {backward:.1f} "
    row += "| | " if kind else f"| {reference / cold:.0f} | {reference / warm:.0f} "
    print(f"{row}| {backward / cold:.2f} |", flush=True)


def report_beside(n_columns: int, repeats: int, threads: int) -> None:
    """Print a row for us and one for each rival: processor time a core, for all targets, ms."""
    rows, observed, nearby = make_rows(n_columns)
    problem = make_problem((rows, observed, nearby), free=False)
    del nearby
    gram, cross, penalty = problem[:3]
    size = float(penalty.max())
    ours = [*time_ours(problem, repeats, "cpu", time.process_time)]
    ours.append(
        median_time(
            lambda: lasso_paths(gram, cross[:, :PATH_TARGETS], min_penalty=size),
            repeats,
            "cpu",
            time.process_time,
        )
    )
    ours = " | ".join(f"{took / threads:,.0f}" for took in ours)
    columns, total = np.asfortranarray(rows.numpy()), (len(rows) * gram).numpy()
    targets = [
        Target(columns, observed[:, j].numpy().copy(), gram.numpy(), total, cross[:, j].numpy())
        for j in range(RIVAL_TARGETS)
    ]
    solution = solve_lasso(gram, cross, penalty)
    gap = max(duality_gap(target, size, solution[:, j].numpy()) for j, target in enumerate(targets))
    start = f"| {n_columns:,} |"
    print(f"{start} **ours** | {ours} | {gap:.0e} |")
    starts = solve_lasso(problem.nearby_gram, problem.nearby_cross, penalty)[:, :RIVAL_TARGETS]
    for rival in RIVALS:
        if not rival.installed:
            print(f"{start} {rival.name} | | | | | not installed |")
            continue
        took = time_rival(rival, targets, starts.numpy(), size, RIVAL_PATHS)
        cold, path = took.cold * n_columns / threads, took.path * PATH_TARGETS / threads
        warmed = "" if took.warm is None else f"{took.warm * n_columns / threads:,.0f}"
        print(f"{start} {rival.name} | {cold:,.0f} | {warmed} | | {path:,.0f} | {took.gap:.0e} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, nargs="+", default=[64, 128, 256, 512, 1024])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rivals", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(arguments.threads)
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"{arguments.threads} threads, torch {torch.__version__}, seed {SEED}, ", end="")
    print(f"median of {arguments.repeats}, load {os.getloadavg()[0]:.1f}")
    if arguments.rivals:
        print("\n| columns = targets | program | cold | warm | backward | 100 paths | gap |")
        print("|---:|---|---:|---:|---:|---:|---:|", flush=True)
        for n_columns in arguments.columns:
            report_beside(n_columns, arguments.repeats, arguments.threads)
        return
    if len(devices) > 1:
        print(torch.cuda.get_device_name())
    print("\n| columns = targets | device | active a target | violation | sklearn ms ", end="")
    print("| cold ms | warm ms | backward ms | cold x | warm x | backward / cold |")
    print("|" + " --- |" * 11)
    for device in devices:
        for kind in ("", "free", "half"):
            for n_columns in arguments.columns:
                report(n_columns, kind, arguments.repeats, device)


if __name__ == "__main__":
    main()
