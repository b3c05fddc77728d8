"""The exact solution path of the whole VAR, kept so that any penalty is there at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.heap import trim_heap
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
        packed = cls._packed(paths, size)
        del paths
        trim_heap()  # several times as much, and the path stays as long as somebody looks at it
        return packed

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
        return torch.from_numpy(self.nonzero(penalty).T.toarray()).T

    def nonzero(self, penalty: float) -> sparse.csc_array:
        """Return the same, only those that are not zero."""
        least = self.least
        if penalty < least * (1 - 1e-9):
            raise ValueError(f"The path ends at penalty {least:g}, above {penalty:g}.")
        knots = (self.first_knot, self.penalties, max(penalty, least))
        after, share = np.empty(self.n_targets, np.int64), np.empty(self.n_targets)
        _knot_after(*knots, after, share)
        before = np.where(share < 1.0, after - 1, after)
        entries = (self.first_entry, self.rows, self.values)
        # As many as both knots have, more than there are: those of both are the same.
        room = _starts(self.first_entry[after + 1] - self.first_entry[before])
        rows, values = np.empty(room[-1], np.int32), np.empty(room[-1])
        counts = np.empty(self.n_targets, np.int64)

        def work(start: int, stop: int) -> None:
            found = np.zeros(self.n_predictors)
            _between(*entries, before, after, share, found, room, rows, values, counts, start, stop)

        for_ranges(work, self.n_targets)
        taken = np.arange(room[-1]) - np.repeat(room[:-1], np.diff(room)) < np.repeat(
            counts, np.diff(room)
        )
        shape = (self.n_predictors, self.n_targets)
        return sparse.csc_array((values[taken], rows[taken], _starts(counts)), shape=shape)

    def knots(self, target: int) -> tuple[npt.NDArray[np.float64], sparse.csr_array]:
        """Return the knots (m,) of one target and its coefficients there, (m, P)."""
        first, last = self.first_knot[target], self.first_knot[target + 1]
        entries = slice(self.first_entry[first], self.first_entry[last])
        starts = self.first_entry[first : last + 1] - self.first_entry[first]
        shape = (int(last - first), self.n_predictors)
        arrays = (self.values[entries], self.rows[entries], starts)
        return self.penalties[first:last], sparse.csr_array(arrays, shape=shape)

    def course(
        self, target: int, rows: npt.NDArray[np.integer]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the knots (m,) of one target and some of its coefficients there, (m, rows)."""
        first, last = self.first_knot[target], self.first_knot[target + 1]
        wanted = np.full(self.n_predictors, -1)
        wanted[rows] = np.arange(len(rows))
        found = np.zeros((last - first, len(rows)))
        _look_up(self.first_entry[first : last + 1], self.rows, self.values, wanted, found)
        return self.penalties[first:last], found


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
def _knot_after(
    first_knot: npt.NDArray[np.int64],
    penalties: npt.NDArray[np.float64],
    penalty: float,
    after: npt.NDArray[np.int64],
    share: npt.NDArray[np.float64],
) -> None:
    """Find the first knot of each target at or below the penalty, and its share in what is there.

    The rest is of the knot before; above the first knot nothing changes.
    """
    for target in range(after.size):
        knot, last = first_knot[target], first_knot[target + 1]
        while knot < last - 1 and penalties[knot] > penalty:
            knot += 1
        after[target], share[target] = knot, 1.0
        if knot > first_knot[target] and penalties[knot - 1] > penalties[knot]:
            share[target] = (penalties[knot - 1] - penalty) / (
                penalties[knot - 1] - penalties[knot]
            )


@compiled
def _look_up(
    first_entry: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    values: npt.NDArray[np.float64],
    wanted: npt.NDArray[np.int64],
    found: npt.NDArray[np.float64],
) -> None:
    """Write the values of some rows at each knot; ``wanted`` says where, -1 for none."""
    for knot in range(len(found)):
        for entry in range(first_entry[knot], first_entry[knot + 1]):
            if wanted[rows[entry]] >= 0:
                found[knot, wanted[rows[entry]]] = values[entry]


@compiled
def _between(
    first_entry: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    values: npt.NDArray[np.float64],
    before: npt.NDArray[np.int64],
    after: npt.NDArray[np.int64],
    share: npt.NDArray[np.float64],
    found: npt.NDArray[np.float64],
    room: npt.NDArray[np.int64],
    found_rows: npt.NDArray[np.int32],
    found_values: npt.NDArray[np.float64],
    counts: npt.NDArray[np.int64],
    start: int,
    stop: int,
) -> None:
    """Write what targets ``start`` to ``stop`` have between two knots, from ``room`` on."""
    for target in range(start, stop):
        for entry in range(first_entry[after[target]], first_entry[after[target] + 1]):
            found[rows[entry]] = share[target] * values[entry]
        if before[target] < after[target]:
            for entry in range(first_entry[before[target]], first_entry[after[target]]):
                found[rows[entry]] += (1.0 - share[target]) * values[entry]
        filled = room[target]
        for row in range(found.size):
            if found[row] != 0.0:
                found_rows[filled], found_values[filled] = row, found[row]
                found[row] = 0.0
                filled += 1
        counts[target] = filled - room[target]
