"""Covariates, a value a frame, and the columns that their recent past makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError

Float32Array = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
CovariateKind = Literal["event", "continuous"]

MOST_LOST = 0.5
"""Share of the frames that may be left out because a covariate is not known."""


class Design(NamedTuple):
    """What every frame may owe to covariates.

    Attributes
    ----------
    columns : ndarray of float64, shape (T, K)
        0 where it is not known.
    owner : ndarray of int, shape (K,)
        Which of the c covariates each column is of.
    known : ndarray of bool, shape (T,)
        Frames in which every column is known.
    n_covariates : int
        Number of covariates c.
    """

    columns: FloatArray
    owner: npt.NDArray[np.intp]
    known: BoolArray
    n_covariates: int


@dataclass(frozen=True, eq=False)
class Covariates:
    """Things that were recorded beside the activity.

    Attributes
    ----------
    names, units : tuple of str
        Of the c covariates; the unit is empty where nothing says it.
    kinds : tuple of {"event", "continuous"}
        An event happens in a frame or does not, or so many times.
    values : ndarray of float32, shape (T, c)
        Mean over each frame, or how often it happened there; NaN where it is not known.
    kernels : ndarray of float64, shape (L, J)
        How much the value of each of the last L frames counts, the present first: see
        ``raised_cosines``.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    kinds: tuple[CovariateKind, ...]
    values: Float32Array
    kernels: FloatArray

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Names with their units: ``speed (cm/s)``."""
        pairs = zip(self.names, self.units, strict=True)
        return tuple(f"{name} ({unit})" if unit else name for name, unit in pairs)

    def design(self, starts: Sequence[int] = ()) -> Design:
        """Return the columns that are partialled out: each covariate through each kernel.

        Before the first frame, and before each at which time jumps, a continuous covariate is taken
        to have been what it is there, and no event to have happened: a trial would lose its first
        seconds otherwise.

        Parameters
        ----------
        starts : sequence of int
            Frames at which time jumps, ascending, without 0.
        """
        parts = [
            _smoothed(part, self.kernels, self.kinds)
            for part in np.split(self.values.astype(np.float64), list(starts))
        ]
        columns = np.concatenate(parts)
        known = np.asarray(np.isfinite(columns).all(axis=1))
        columns[~known] = 0.0
        owner = np.repeat(np.arange(len(self.names)), self.kernels.shape[1])
        return Design(columns, owner, known, len(self.names))


def _smoothed(
    values: FloatArray, kernels: FloatArray, kinds: Sequence[CovariateKind]
) -> FloatArray:
    """Return the columns (t, c J) of one stretch of time (t, c), by covariate."""
    longest, n_kernels = kernels.shape
    before = np.where(np.asarray(kinds) == "event", 0.0, values[0]) if len(values) else values
    padded = np.concatenate([np.broadcast_to(before, (longest - 1, values.shape[1])), values])
    found = np.zeros((len(values), values.shape[1], n_kernels))
    for lag in range(longest):
        first = longest - 1 - lag
        found += padded[first : first + len(values), :, None] * kernels[lag]
    return found.reshape(len(values), -1)


def known_frames(
    covariates: Covariates, good: BoolArray, starts: Sequence[int]
) -> tuple[BoolArray, tuple[str, ...]]:
    """Return which good frames can be used beside covariates, and what there is to say.

    A frame whose covariates, or their past as far as it counts, are not known is left out.

    Raises
    ------
    UserError
        If that is more than half of them.
    """
    kept = good & covariates.design(starts).known
    lost, n_good = int(good.sum() - kept.sum()), int(good.sum())
    unknown = np.asarray(~np.isfinite(covariates.values[good]))
    where = np.flatnonzero(unknown.sum(axis=0))
    gaps = ", ".join(covariates.labels[i] for i in where) or "a covariate"
    if lost > MOST_LOST * n_good:
        raise UserError(
            f"Of {n_good} frames {lost} would be left out, because {gaps} is not known there or "
            "shortly before: fill short gaps, or leave it out."
        )
    notes = []
    if lost:
        notes.append(
            f"{lost} of {n_good} frames are left out, because {gaps} is not known there or "
            "shortly before."
        )
    still = [
        label
        for label, values in zip(covariates.labels, covariates.values[kept].T, strict=True)
        if len(values) and np.ptp(values) == 0.0
    ]
    if still:
        notes.append(f"{', '.join(still)} never changes, and explains nothing.")
    return kept, tuple(notes)
