"""The sparse VAR fitted to the whole movie, at any penalty."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
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
    nonzero : csc_array, shape (P, n)
        Coefficients that are not zero: few of many. Lag-major rows, row ``(lag - 1) * n + source``,
        column target.
    """

    statistics: Moments
    weights: Tensor
    lags: int
    own: OwnDynamics
    penalty: float
    nonzero: sparse.csc_array

    @property
    def n_series(self) -> int:
        """Number of series n: sources, and targets."""
        return int(self.nonzero.shape[1])

    @cached_property
    def coefficients(self) -> Tensor:
        """All coefficients, (P, n). Not to be written to."""
        return torch.from_numpy(self.nonzero.T.toarray()).T

    @property
    def near(self) -> BoolArray:
        """Sources in each target's own neighbourhood, (n, n): ``Activity.near``."""
        return np.asarray((self.weights[: self.n_series] == 0).cpu().numpy())

    def near_to(self, target: int) -> BoolArray:
        """Return the same for one target and the sources at every lag, (P,)."""
        return np.asarray((self.weights[:, target] == 0).cpu().numpy())

    def at_penalty(self, penalty: float) -> FittedVar:
        """Return the same VAR elsewhere on its solution path."""
        coefficients = fit_var(self.statistics, self.weights, penalty, self.coefficients)
        return self.with_coefficients(coefficients, penalty=float(penalty))

    def with_coefficients(self, coefficients: Tensor, **changes: Any) -> FittedVar:
        """Return the same VAR with other coefficients (P, n), and other changes if any."""
        return replace(self, nonzero=nonzero_of(coefficients), **changes)

    @cached_property
    def distant(self) -> tuple[sparse.csr_array, ...]:
        """The coefficients between different places, at each lag from source to target, (n, n).

        Coefficients inside a target's own neighbourhood are the dynamics of one cell, not one cell
        driving another, and are left out. Not to be written to.
        """
        size, entries = self.n_series, self.nonzero
        row, target = entries.indices, np.repeat(np.arange(size), np.diff(entries.indptr))
        far = self.weights.cpu().numpy()[row, target] != 0
        target, row, values = target[far], row[far], entries.data[far]
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
    return FittedVar(statistics, weights, lags, own, penalty, nonzero_of(coefficients))


def nonzero_of(coefficients: Tensor) -> sparse.csc_array:
    """Return the coefficients (P, n) that are not zero."""
    by_target = np.ascontiguousarray(coefficients.T.cpu().numpy())
    entries = np.flatnonzero(by_target != 0)  # several times as fast as all of scipy's looking
    target, row = (each.astype(np.int32) for each in np.divmod(entries, by_target.shape[1]))
    starts = np.searchsorted(target, np.arange(len(by_target) + 1)).astype(np.int32)
    return sparse.csc_array((by_target.ravel()[entries], row, starts), shape=by_target.shape[::-1])


def default_penalty(statistics: Moments) -> float:
    """Return the penalty of the maps, ``DEFAULT_PENALTY`` times the universal one."""
    return DEFAULT_PENALTY * universal_penalty(statistics.gram.shape[0], statistics.n)
