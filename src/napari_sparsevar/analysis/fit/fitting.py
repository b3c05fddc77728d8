"""The sparse VAR fitted to the whole movie, at any penalty."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.activity import BoolArray
from napari_sparsevar.analysis.fit.own_dynamics import OwnDynamics
from napari_sparsevar.model.embedded_var import Moments, fit_var, universal_penalty

DEFAULT_PENALTY = 0.4
"""Penalty of the maps in units of ``universal_penalty``: many edges that are too weak to be certain
of one by one make a map together. ``significance`` says which places can be trusted."""


class Edges(NamedTuple):
    """Coefficients that are not zero, one entry each.

    Attributes
    ----------
    lag : ndarray of int
        From 0: ``lag + 1`` frames.
    source, target : ndarray of int
    coefficient : ndarray of float64
    """

    lag: npt.NDArray[np.intp]
    source: npt.NDArray[np.intp]
    target: npt.NDArray[np.intp]
    coefficient: npt.NDArray[np.float64]

    def take(self, chosen: npt.NDArray[np.intp]) -> Edges:
        """Return some of them."""
        return Edges(
            self.lag[chosen], self.source[chosen], self.target[chosen], self.coefficient[chosen]
        )


@dataclass(frozen=True, eq=False)
class FittedVar:
    """A sparse VAR on the innovations of n series and the moments it was fitted to.

    Attributes
    ----------
    statistics : Moments
        Of drives and innovations, each of variance 1, float64.
    weights : Tensor, shape (P, n)
        Penalty weights; 0 marks a target's own neighbourhood.
    lags : int
    own : OwnDynamics
        What was taken out of the series before.
    penalty : float
    coefficients : Tensor, shape (P, n)
        Lag-major rows: row ``(lag - 1) * n + source``, column target.
    """

    statistics: Moments
    weights: Tensor
    lags: int
    own: OwnDynamics
    penalty: float
    coefficients: Tensor

    @property
    def n_series(self) -> int:
        """Number of series n: sources, and targets."""
        return int(self.coefficients.shape[1])

    @property
    def near(self) -> BoolArray:
        """Sources in each target's own neighbourhood, (n, n): ``Activity.near``."""
        return np.asarray((self.weights[: self.n_series] == 0).cpu().numpy())

    def at_penalty(self, penalty: float) -> FittedVar:
        """Return the same VAR elsewhere on its solution path."""
        coefficients = fit_var(self.statistics, self.weights, penalty, self.coefficients)
        return replace(self, penalty=float(penalty), coefficients=coefficients)

    @cached_property
    def distant(self) -> tuple[sparse.csr_array, ...]:
        """The coefficients between different places, at each lag from source to target, (n, n).

        Coefficients inside a target's own neighbourhood are the dynamics of one cell, not one cell
        driving another, and are left out. Not to be written to.
        """
        size = self.n_series
        by_target = np.ascontiguousarray(self.coefficients.T.cpu().numpy())
        entries = np.flatnonzero(by_target != 0)  # several times as fast as all of scipy's looking
        places = np.divmod(entries, by_target.shape[1])
        target, row = (each.astype(np.int32) for each in places)
        far = self.weights.cpu().numpy()[row, target] != 0
        target, row, values = target[far], row[far], by_target.ravel()[entries[far]]
        lagged = []
        for lag in range(self.lags):
            own = row // size == lag
            edges = (values[own], (row[own] % size, target[own]))
            lagged.append(sparse.csr_array(sparse.coo_array(edges, shape=(size, size))))
        return tuple(lagged)

    @property
    def n_edges(self) -> int:
        """How many coefficients between different places are not zero."""
        return int(sum(lagged.nnz for lagged in self.distant))

    def distant_edges(self) -> Edges:
        """Return the same as a list, in the order of lag, source and target."""
        parts = [lagged.tocoo() for lagged in self.distant]
        lag = np.repeat(np.arange(len(parts)), [part.nnz for part in parts])
        source, target = (np.concatenate([part.coords[end] for part in parts]) for end in (0, 1))
        return Edges(lag, source, target, np.concatenate([part.data for part in parts]))


def fit_whole(
    own: OwnDynamics,
    statistics: Moments,
    weights: Tensor,
    lags: int,
    penalty: float = DEFAULT_PENALTY,
) -> FittedVar:
    """Fit the VAR to all frames.

    Parameters
    ----------
    own : OwnDynamics
        How the series became the rows.
    statistics : Moments
        Of the rows.
    weights : Tensor, shape (P, n)
        Penalty weights; 0 marks a target's own neighbourhood.
    lags : int
    penalty : float
        In units of ``universal_penalty``.
    """
    penalty *= universal_penalty(statistics.gram.shape[0], statistics.n)
    coefficients = fit_var(statistics, weights, penalty)
    return FittedVar(statistics, weights, lags, own, penalty, coefficients)


def default_penalty(statistics: Moments) -> float:
    """Return the penalty of the maps, ``DEFAULT_PENALTY`` times the universal one."""
    return DEFAULT_PENALTY * universal_penalty(statistics.gram.shape[0], statistics.n)
