"""Other programs that solve the same lasso, a target at a time, to the same duality gap."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import lars_path_gram, lasso_path
from threadpoolctl import threadpool_limits

FloatArray = npt.NDArray[np.float64]

GAP = 1e-6
"""Duality gap as a share of y'y / 2n at which a solution is good enough."""

_VIOLATION = 1e-5
"""skglm stops by violation: this share of the penalty leaves about that gap."""

Solve = Callable[["Target", FloatArray, "FloatArray | None"], FloatArray]
"""From a target, penalties (m,) and coefficients to start from to coefficients (P, m)."""


class Target(NamedTuple):
    """rows (n, P) column by column, observed (n,), gram and total = n gram (P, P), cross (P,)."""

    rows: FloatArray
    observed: FloatArray
    gram: FloatArray
    total: FloatArray
    cross: FloatArray


def duality_gap(target: Target, penalty: float, found: FloatArray) -> float:
    """Return the duality gap of coefficients (P,), as a share of y'y / 2n."""
    power = float(target.observed @ target.observed) / len(target.observed)
    explained = float(found @ target.cross)
    pull = target.gram @ found
    left = power - 2 * explained + float(found @ pull)
    inside = min(1.0, penalty / float(abs(target.cross - pull).max()))
    primal = left / 2 + penalty * float(abs(found).sum())
    dual = inside * (power - explained) - inside**2 * left / 2
    return (primal - dual) / (power / 2)


def _lars(target: Target, penalties: FloatArray, start: FloatArray | None) -> FloatArray:
    path: FloatArray = lars_path_gram(
        target.cross, target.gram, n_samples=1, alpha_min=penalties[-1], method="lasso"
    )[2]
    return path[:, -1:]


def _descent(target: Target, penalties: FloatArray, start: FloatArray | None) -> FloatArray:
    found: FloatArray = lasso_path(
        target.rows,
        target.observed,
        alphas=penalties,
        precompute=target.total,
        Xy=target.cross * len(target.rows),
        coef_init=start,
        tol=GAP / 2,
        max_iter=100_000,
        check_input=False,
    )[1]
    return found


def _celer(target: Target, penalties: FloatArray, start: FloatArray | None) -> FloatArray:
    from celer import celer_path

    found: FloatArray = celer_path(
        target.rows,
        target.observed,
        "lasso",
        alphas=penalties,
        coef_init=None if start is None else start.copy(),
        tol=GAP / 2,
        max_iter=1000,
    )[1]
    return found


def _skglm(target: Target, penalties: FloatArray, start: FloatArray | None) -> FloatArray:
    from skglm.solvers import AndersonCD

    solver = AndersonCD(tol=_VIOLATION * penalties[-1], fit_intercept=False, max_iter=1000)
    fit, size = _skglm_parts()
    columns, found = [], start
    for penalty in penalties:
        pulled = None if found is None else target.gram @ found
        found = None if found is None else found.copy()
        size.alpha = float(penalty)
        found = solver._solve(target.gram, -target.cross, fit, size, found, pulled)[0]
        columns.append(found)
    return np.stack(columns, axis=1)


@cache
def _skglm_parts() -> tuple[Any, Any]:
    """Return what it minimises, compiled."""
    from skglm.datafits import QuadraticHessian
    from skglm.penalties import L1
    from skglm.utils.jit_compilation import compiled_clone

    return compiled_clone(QuadraticHessian()), compiled_clone(L1(1.0))


class Rival(NamedTuple):
    """A program, whether it starts from given coefficients, and whether it is installed."""

    name: str
    solve: Solve
    starts: bool = True
    package: str = "sklearn"

    @property
    def installed(self) -> bool:
        """Whether it can be timed here."""
        return find_spec(self.package) is not None


RIVALS = (
    Rival("scikit-learn, LARS", _lars, starts=False),
    Rival("scikit-learn, coordinate descent", _descent),
    Rival("celer", _celer, package="celer"),
    Rival("skglm", _skglm, package="skglm"),
)


class Times(NamedTuple):
    """Milliseconds a target on one core, and the largest duality gap that was left."""

    cold: float
    warm: float | None
    path: float
    gap: float


def time_rival(
    rival: Rival, targets: list[Target], starts: FloatArray, penalty: float, n_path: int
) -> Times:
    """Return how long a rival takes for targets that start at ``starts`` (P, targets).

    The path goes through 100 penalties down to ``penalty`` and is timed on ``n_path`` targets.
    """
    at = np.array([penalty])
    with threadpool_limits(1):
        rival.solve(targets[0], at, None)  # compiled by now
        cold, found = _clocked(lambda j: rival.solve(targets[j], at, None), len(targets))
        warm = None
        if rival.starts:
            warm, again = _clocked(
                lambda j: rival.solve(targets[j], at, starts[:, j]), len(targets)
            )
            found += again
        gap = max(
            duality_gap(target, penalty, each[:, 0])
            for target, each in zip(targets + targets, found, strict=False)
        )

        def follow(j: int) -> FloatArray:
            largest = float(abs(targets[j].cross).max())
            return rival.solve(targets[j], np.geomspace(largest, penalty, 100), None)

        path, _ = _clocked(follow, n_path)
    return Times(cold, warm, path, gap)


def _clocked(work: Callable[[int], FloatArray], count: int) -> tuple[float, list[Any]]:
    """Return the mean processor time of one call in milliseconds, and what the calls returned."""
    found, began = [], time.process_time()
    for index in range(count):
        found.append(work(index))
    return 1000 * (time.process_time() - began) / count, found
