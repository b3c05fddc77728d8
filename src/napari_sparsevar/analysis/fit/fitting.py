"""The sparse VAR fitted to the whole movie, at any penalty."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.fit.streaming import (
    Pairs,
    StreamedPairs,
    n_rows,
    row_pieces,
    streamed_pairs,
)
from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.model.embedded_var import (
    RIDGE,
    LaggedPairs,
    Moments,
    fit_var,
    universal_penalty,
)
from napari_sparsevar.model.temporal import CalciumDynamics

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
        Latents.
    coefficient : ndarray of float64
    """

    lag: npt.NDArray[np.intp]
    source: npt.NDArray[np.intp]
    target: npt.NDArray[np.intp]
    coefficient: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FittedVar:
    """A sparse VAR on the innovations of latents and the moments it was fitted to.

    Attributes
    ----------
    statistics : Moments
        Of drives and innovations, each of variance 1, float64.
    weights : Tensor, shape (P, p)
        Penalty weights; 0 marks a target's own neighbourhood.
    lags : int
    mean, deviation : Tensor, shape (p,)
        Standardisation of the latents.
    scale : Tensor, shape (p,)
        Standard deviation of the innovations of standardised latents.
    drive_scale : Tensor, shape (p,)
        Standard deviation of their drives.
    signal : Tensor, shape (p,)
        Share of each latent's variance that is slow activity and not noise.
    dynamics : CalciumDynamics
        Decay and noise that were taken out.
    penalty : float
    coefficients : Tensor, shape (P, p)
        Lag-major rows: row ``(lag - 1) * p + source``, column target.
    """

    statistics: Moments
    weights: Tensor
    lags: int
    mean: Tensor
    deviation: Tensor
    scale: Tensor
    drive_scale: Tensor
    signal: Tensor
    dynamics: CalciumDynamics
    penalty: float
    coefficients: Tensor

    @property
    def n_latents(self) -> int:
        """Number of latents p."""
        return int(self.coefficients.shape[1])

    def at_penalty(self, penalty: float) -> FittedVar:
        """Return the same VAR elsewhere on its solution path."""
        coefficients = fit_var(self.statistics, self.weights, penalty, self.coefficients)
        return replace(self, penalty=float(penalty), coefficients=coefficients)

    @cached_property
    def distant(self) -> tuple[sparse.csr_array, ...]:
        """The coefficients between different places, at each lag from source to target, (p, p).

        Coefficients inside a target's own neighbourhood are the dynamics of one cell, not one cell
        driving another, and are left out. Not to be written to.
        """
        size = self.n_latents
        by_target = sparse.coo_array(self.coefficients.T.cpu().numpy())
        target, row = by_target.coords
        far = self.weights.cpu().numpy()[row, target] != 0
        target, row, values = target[far], row[far], by_target.data[far]
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


class Regression(NamedTuple):
    """The rows the VAR is fitted to, and how they came from the latents.

    Attributes
    ----------
    pairs : LaggedPairs or StreamedPairs
        Drives (n, P) and innovations (n, p) in the order of time, float32.
    mean, deviation, scale, drive_scale, signal : Tensor, shape (p,)
        As in ``FittedVar``, float64.
    dynamics : CalciumDynamics
    """

    pairs: Pairs
    mean: Tensor
    deviation: Tensor
    scale: Tensor
    drive_scale: Tensor
    signal: Tensor
    dynamics: CalciumDynamics


def regression(latents: Tensor, good: Tensor, lags: int, kind: Dynamics) -> Regression:
    """Take the own dynamics out of latents (T, p) and pair what is left with its past, in memory.

    Parameters
    ----------
    latents : Tensor, shape (T, p)
    good : Tensor of bool, shape (T,)
    lags : int
    kind : Dynamics
    """
    found = streamed_regression(latents.numpy(), good.numpy(), lags, kind)
    past, following = zip(*row_pieces(found.pairs), strict=True)
    return found._replace(pairs=LaggedPairs(torch.cat(past), torch.cat(following)))


def streamed_regression(
    latents: npt.NDArray[np.float32], good: npt.NDArray[np.bool_], lags: int, kind: Dynamics
) -> Regression:
    """Do the same without any rows in memory: they are made from the latents when needed.

    Parameters
    ----------
    latents : ndarray of float32, shape (T, p)
        In memory or a mapped file.
    good : ndarray of bool, shape (T,)
    lags : int
    kind : Dynamics
    """
    pairs: StreamedPairs = streamed_pairs(latents, good, lags, kind)
    return Regression(
        pairs,
        pairs.standard.mean.double(),
        pairs.standard.deviation.double(),
        pairs.scale.double(),
        pairs.drive_scale.double(),
        pairs.signal,
        pairs.dynamics,
    )


def block_moments(pairs: Pairs, n_blocks: int) -> list[Moments]:
    """Return sums of products over consecutive blocks of time, float64, without ridge."""
    ends = np.cumsum([len(rows) for rows in np.array_split(np.arange(n_rows(pairs)), n_blocks)])
    blocks: list[Moments | None] = [None] * n_blocks
    first = 0
    for piece in row_pieces(pairs):
        inside = np.clip(ends - first, 0, len(piece.past))
        for index, stop in enumerate(inside.tolist()):
            start = int(inside[index - 1]) if index else 0
            if stop > start or blocks[index] is None:
                x, y = piece.past[start:stop].double(), piece.following[start:stop].double()
                blocks[index] = _added(blocks[index], x, y)
        first += len(piece.past)
    return [block for block in blocks if block is not None]


def _added(block: Moments | None, x: Tensor, y: Tensor) -> Moments:
    """Add rows to a block, in place."""
    if block is None:
        return Moments(x.T @ x, x.T @ y, y.square().sum(dim=0), len(x))
    block.gram.addmm_(x.T, x)
    block.cross.addmm_(x.T, y)
    block.variance.add_(y.square().sum(dim=0))
    return block._replace(n=block.n + len(x))


def pool(blocks: list[Moments], ridge: float = RIDGE) -> Moments:
    """Add up blocks of ``block_moments`` to the moments of all their frames."""
    n = max(sum(block.n for block in blocks), 1)
    gram, cross = blocks[0].gram.clone(), blocks[0].cross.clone()
    for block in blocks[1:]:  # one after the other: a stack would hold them all twice
        gram += block.gram
        cross += block.cross
    gram /= n
    cross /= n
    gram.diagonal().add_(ridge)
    variance = torch.stack([block.variance for block in blocks]).sum(dim=0) / n
    return Moments(gram, cross, variance, n)


def fit_whole(found: Regression, statistics: Moments, weights: Tensor, lags: int) -> FittedVar:
    """Fit the VAR to all frames, at the default penalty.

    Parameters
    ----------
    found : Regression
    statistics : Moments
        Of its pairs.
    weights : Tensor, shape (P, p)
    lags : int
    """
    penalty = DEFAULT_PENALTY * universal_penalty(statistics.gram.shape[0], statistics.n)
    return FittedVar(
        statistics,
        weights,
        lags,
        found.mean,
        found.deviation,
        found.scale,
        found.drive_scale,
        found.signal,
        found.dynamics,
        penalty,
        fit_var(statistics, weights, penalty),
    )
