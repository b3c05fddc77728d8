"""The exact solution path of the whole VAR, kept so that any penalty is there at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from napari_sparsevar.lasso import LassoPath, lasso_paths
from napari_sparsevar.lasso.compiled import compiled, for_ranges
from napari_sparsevar.model.embedded_var import Moments, fit_var, universal_penalty

LEAST_PENALTY = 0.3
"""Where the path ends, in units of ``universal_penalty``: below it nearly all edges are chance."""

NO_EDGES = 1e9
"""A penalty at which only unpenalised coefficients are left."""


class PathEnds(NamedTuple):
    """Smallest penalty at which no penalised coefficient is left, and where the path ends."""

    largest: float
    least: float


@dataclass(frozen=True, eq=False)
class SolutionPath:
    """Every knot of the path of every target, side by side.

    Attributes
    ----------
    n_predictors : int
        P = p lags.
    first_knot : ndarray of int64, shape (p + 1,)
        Target j has the knots ``first_knot[j]`` to ``first_knot[j + 1]`` (exclusive).
    penalties : ndarray of float64, shape (knots,)
        Descending within a target.
    first_entry : ndarray of int64, shape (knots + 1,)
        Likewise the nonzero coefficients of each knot.
    rows : ndarray of int32, shape (entries,)
        Which predictor, ascending within a knot.
    values : ndarray of float64, shape (entries,)
    """

    n_predictors: int
    first_knot: npt.NDArray[np.int64]
    penalties: npt.NDArray[np.float64]
    first_entry: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]

    @classmethod
    def trace(
        cls, statistics: Moments, weights: Tensor, min_penalty: float | None = None
    ) -> SolutionPath:
        """Trace the paths of all targets (Efron et al. 2004), in parallel.

        Parameters
        ----------
        statistics : Moments
        weights : Tensor, shape (P, p)
            0 leaves a coefficient unpenalised.
        min_penalty : float, optional
            Where to end; by default ``LEAST_PENALTY`` in units of the universal penalty.
        """
        size = statistics.gram.shape[0]
        if min_penalty is None:
            min_penalty = LEAST_PENALTY * universal_penalty(size, statistics.n)
        paths = lasso_paths(
            statistics.gram,
            statistics.cross,
            weights=weights,
            min_penalty=min_penalty,
            max_knots=10 * size,
        )
        return cls._packed(paths, size)

    @classmethod
    def _packed(cls, paths: list[LassoPath], size: int) -> SolutionPath:
        n_knots = np.array([len(path.penalties) for path in paths])
        counts = np.concatenate([path.offsets.diff().numpy() for path in paths])
        return cls(
            size,
            _starts(n_knots),
            np.concatenate([path.penalties.numpy() for path in paths]),
            _starts(counts),
            np.concatenate([path.columns.numpy() for path in paths]).astype(np.int32),
            np.concatenate([path.values.numpy() for path in paths]),
        )

    @property
    def n_targets(self) -> int:
        """Number of targets p."""
        return len(self.first_knot) - 1

    @property
    def least(self) -> float:
        """Smallest penalty at which all coefficients are known."""
        return float(self.penalties[self.first_knot[1:] - 1].max())

    @property
    def largest(self) -> float:
        """Smallest penalty at which no penalised coefficient is left."""
        return float(self.penalties[self.first_knot[:-1]].max())

    def at(self, penalty: float) -> Tensor:
        """Return the coefficients (P, p) at a penalty; linear between two knots, so exact.

        Raises
        ------
        ValueError
            If the path ends above the penalty.
        """
        least = self.least
        if penalty < least * (1 - 1e-9):
            raise ValueError(f"The path ends at penalty {least:g}, above {penalty:g}.")
        by_target = np.zeros((self.n_targets, self.n_predictors))
        arrays = (self.first_knot, self.penalties, self.first_entry, self.rows, self.values)

        def work(start: int, stop: int) -> None:
            _interpolate(*arrays, max(penalty, least), by_target, start, stop)

        for_ranges(work, self.n_targets)
        return torch.from_numpy(by_target).T

    def knots(self, target: int) -> tuple[npt.NDArray[np.float64], sparse.csr_array]:
        """Return the knots (m,) of one target and its coefficients there, (m, P)."""
        first, last = self.first_knot[target], self.first_knot[target + 1]
        entries = slice(self.first_entry[first], self.first_entry[last])
        starts = self.first_entry[first : last + 1] - self.first_entry[first]
        shape = (int(last - first), self.n_predictors)
        arrays = (self.values[entries], self.rows[entries], starts)
        return self.penalties[first:last], sparse.csr_array(arrays, shape=shape)


def of_targets(statistics: Moments, targets: Tensor | slice) -> Moments:
    """Return the moments of some targets."""
    return statistics._replace(
        cross=statistics.cross[:, targets], variance=statistics.variance[targets]
    )


def path_ends(statistics: Moments, weights: Tensor) -> PathEnds:
    """Return between which penalties the path of all targets lies, without tracing it.

    Parameters
    ----------
    statistics : Moments
    weights : Tensor, shape (P, p)
    """
    penalised = weights > 0
    free = fit_var(statistics, weights, NO_EDGES)
    left = (statistics.cross - statistics.gram @ free).abs()[penalised] / weights[penalised]
    largest = float(left.max()) if left.numel() else 0.0
    size = statistics.gram.shape[0]
    return PathEnds(largest, LEAST_PENALTY * universal_penalty(size, statistics.n))


def _starts(counts: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


@compiled
def _interpolate(
    first_knot: npt.NDArray[np.int64],
    penalties: npt.NDArray[np.float64],
    first_entry: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    values: npt.NDArray[np.float64],
    penalty: float,
    by_target: npt.NDArray[np.float64],
    start: int,
    stop: int,
) -> None:
    """Write the coefficients of targets ``start`` to ``stop`` into ``by_target`` (p, P)."""
    for target in range(start, stop):
        first, last = first_knot[target], first_knot[target + 1]
        after = first  # the first knot at or below the penalty
        while after < last - 1 and penalties[after] > penalty:
            after += 1
        share = 1.0  # of the knot after; above the first knot nothing changes
        if after > first and penalties[after - 1] > penalties[after]:
            gap = penalties[after - 1] - penalties[after]
            share = (penalties[after - 1] - penalty) / gap
            for entry in range(first_entry[after - 1], first_entry[after]):
                by_target[target, rows[entry]] += (1.0 - share) * values[entry]
        for entry in range(first_entry[after], first_entry[after + 1]):
            by_target[target, rows[entry]] += share * values[entry]
