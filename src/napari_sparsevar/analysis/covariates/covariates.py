"""Covariates, a value a frame, and the columns that their recent past makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.covariates.basis import Kernels
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
    kernels : Kernels
        How their past counts.
    notes : tuple of str
        What a person should know of them, a sentence each.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    kinds: tuple[CovariateKind, ...]
    values: Float32Array
    kernels: Kernels
    notes: tuple[str, ...] = ()

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
        owner, columns = [], []
        for number, kind in enumerate(self.kinds):
            kernels = self.kernels.event if kind == "event" else self.kernels.continuous
            stretches = np.split(self.values[:, number].astype(np.float64), list(starts))
            columns.append(np.concatenate([_smoothed(part, kernels, kind) for part in stretches]))
            owner.append(np.full(kernels.shape[1], number))
        together = np.concatenate(columns, axis=1)
        known = np.asarray(np.isfinite(together).all(axis=1))
        together[~known] = 0.0
        return Design(together, np.concatenate(owner), known, len(self.names))


def _smoothed(values: FloatArray, kernels: FloatArray, kind: CovariateKind) -> FloatArray:
    """Return the columns (t, J) of one covariate in one stretch of time (t,)."""
    longest = len(kernels)
    before = 0.0 if kind == "event" or not len(values) else values[0]
    padded = np.concatenate([np.full(longest - 1, before), values])
    past = np.lib.stride_tricks.sliding_window_view(padded, longest)
    return past @ kernels[::-1]


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
    notes = list(covariates.notes)
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
