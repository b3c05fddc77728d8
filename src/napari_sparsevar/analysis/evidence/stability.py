"""Stability: would another stretch of the same recording find the same."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.fit.lagged_rows import pool
from napari_sparsevar.model.embedded_var import Moments, fit_var

N_BLOCKS = 10
N_SUBSAMPLES = 20


class Stability(NamedTuple):
    """Share of the subsamples in which something was found again, from 0 to 1.

    Attributes
    ----------
    edges : Tensor, shape (P, n)
        Of each coefficient.
    others : ndarray, shape (m,)
        Of whatever else was looked for.
    """

    edges: Tensor
    others: npt.NDArray[np.float64]


def selection_stability(
    fitted: FittedVar,
    blocks: list[Moments],
    found_again: Callable[[FittedVar], npt.NDArray[np.bool_]] | None = None,
    seed: int = 0,
) -> Generator[float, None, Stability]:
    """Refit the VAR to random halves of the blocks of time; yield the fraction done.

    Stability selection (Meinshausen & Buehlmann 2010), with blocks because frames are not
    independent; the penalty grows as chance correlations do in half the time. An edge is found
    again when its coefficient is not zero.

    Parameters
    ----------
    fitted : FittedVar
    blocks : list of Moments
        From ``block_moments``.
    found_again : callable, optional
        What else to look for: says of m things, given a refit, which are found again.
    seed : int
    """
    rng = np.random.default_rng(seed)
    selected = torch.zeros_like(fitted.coefficients)
    others: list[npt.NDArray[np.bool_]] = []
    for draw in range(N_SUBSAMPLES):
        chosen = rng.choice(len(blocks), size=len(blocks) // 2, replace=False)
        statistics = pool([blocks[int(index)] for index in chosen])
        penalty = fitted.penalty * (fitted.statistics.n / statistics.n) ** 0.5
        coefficients = fit_var(statistics, fitted.weights, penalty, fitted.coefficients)
        selected += coefficients != 0
        if found_again is not None:
            refit = replace(fitted, statistics=statistics, coefficients=coefficients)
            others.append(found_again(refit))
        yield (draw + 1) / N_SUBSAMPLES
    return Stability(selected / N_SUBSAMPLES, np.mean(others, axis=0) if others else np.zeros(0))
