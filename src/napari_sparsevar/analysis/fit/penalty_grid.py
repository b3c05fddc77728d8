"""A sparse VAR at one penalty after the other: all targets where it matters, then some of them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.fit.solution_path import NO_EDGES, of_targets
from napari_sparsevar.model.embedded_var import Moments, fit_var

FloatArray = npt.NDArray[np.float64]

SURE = 0.6
"""In units of ``universal_penalty``: down to it every target is looked at, and below it as long as
a choice is open. Edges are few there, and solutions cheap."""

SPACED = 256
"""Targets that say how a curve goes on below, where edges are many and solutions dear."""

Targets: TypeAlias = Tensor | slice

Measure = Callable[[Tensor, Targets], FloatArray]
"""From coefficients (P, k) of some targets to what is summed over them, (sums,)."""


def spaced_targets(n_targets: int) -> Tensor:
    """Return the numbers of at most ``SPACED`` targets, evenly spread over all of them."""
    return torch.linspace(0, n_targets - 1, min(SPACED, n_targets)).round().long()


class Descent:
    """The VAR of some rows on its way down the penalties: each solution starts from the last.

    Parameters
    ----------
    statistics : Moments
    weights : Tensor, shape (P, k)
    measure : Measure
    scale : float
        Of its penalties.
    targets : Targets
        Those k.
    """

    def __init__(
        self,
        statistics: Moments,
        weights: Tensor,
        measure: Measure,
        scale: float = 1.0,
        targets: Targets = slice(None),
    ) -> None:
        self._statistics, self._weights, self._targets = statistics, weights, targets
        self._measure, self._scale = measure, scale
        self._coefficients = fit_var(statistics, weights, NO_EDGES)

    def to(self, penalty: float) -> FloatArray:
        """Go to a penalty and return the sums there."""
        self._coefficients = fit_var(
            self._statistics, self._weights, penalty * self._scale, self._coefficients
        )
        return self.sums()

    def sums(self) -> FloatArray:
        """Return the sums where it is; at first without any edge."""
        return self._measure(self._coefficients, self._targets)

    def of(self, targets: Tensor) -> Descent:
        """Return the same of some targets, where this one is."""
        part = of_targets(self._statistics, targets), self._weights[:, targets]
        found = Descent(*part, self._measure, self._scale, targets)
        found._coefficients = self._coefficients[:, targets]
        return found


def descended(
    descents: list[Descent],
    n_targets: int,
    penalties: FloatArray,
    sure: float,
    settled: Callable[[FloatArray], bool],
) -> Generator[float, None, FloatArray]:
    """Take VARs down the penalties together; yield the fraction done.

    Sums are exact down to the first penalty below ``sure`` at which they are settled. From there on
    they change as those of ``spaced_targets`` do: an estimate, unless these are all.

    Parameters
    ----------
    descents : list of Descent
        At least one.
    n_targets : int
        Of each.
    penalties : ndarray, shape (m,)
        Descending.
    sure : float
    settled : callable
        Says of the sums down to a penalty, (descents, penalties, sums), whether all are needed
        below.

    Returns
    -------
    ndarray, shape (descents, m, sums)
    """
    steps, last = len(descents) * len(penalties), len(penalties) - 1
    found = np.empty((len(descents), len(penalties), len(descents[0].sums())))
    for index, penalty in enumerate(penalties):
        for number, descent in enumerate(descents):
            found[number, index] = descent.to(float(penalty))
            yield (index * len(descents) + number + 1) / steps
        if penalty < sure and settled(found[:, : index + 1]):
            last = index
            break
    chosen = spaced_targets(n_targets)
    for number, descent in enumerate(descents):
        few = descent.of(chosen)
        before = few.sums()
        for index in range(last + 1, len(penalties)):
            added = few.to(float(penalties[index])) - before
            found[number, index] = found[number, last] + n_targets / len(chosen) * added
            done = (last + 1) * len(descents) + number * (len(penalties) - last - 1) + index - last
            yield done / steps
    return found
