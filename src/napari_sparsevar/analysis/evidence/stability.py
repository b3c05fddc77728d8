"""Stability: would another stretch of the same recording name the same drivers."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.fit.fitting import FittedVar, pool
from napari_sparsevar.analysis.maps.contribution import contribution_map
from napari_sparsevar.analysis.maps.drivers import Drivers, standing_out
from napari_sparsevar.analysis.maps.projection import Projection
from napari_sparsevar.model.embedded_var import Moments, fit_var

N_BLOCKS = 10
N_SUBSAMPLES = 20


class Stability(NamedTuple):
    """Share of the subsamples in which something was found again, from 0 to 1.

    Attributes
    ----------
    drivers : ndarray, shape (drivers,)
        In the order of the drivers' table.
    edges : Tensor, shape (P, p)
        Of each coefficient.
    """

    drivers: npt.NDArray[np.float64]
    edges: Tensor


def selection_stability(
    drivers: Drivers,
    fitted: FittedVar,
    projection: Projection,
    blocks: list[Moments],
    seed: int = 0,
) -> Generator[float, None, Stability]:
    """Refit the VAR to random halves of the blocks of time; yield the fraction done.

    Stability selection (Meinshausen & Buehlmann 2010), with blocks because frames are not
    independent; the penalty grows as chance correlations do in half the time. An edge is found
    again when its coefficient is not zero, a driver when the peak of the new map inside it stands
    out by the rule that found it.

    Parameters
    ----------
    drivers : Drivers
    fitted : FittedVar
    projection : Projection
    blocks : list of Moments
        From ``block_moments``.
    seed : int
    """
    rng = np.random.default_rng(seed)
    labels = drivers.table["label"].to_numpy()
    found = np.zeros(len(labels))
    selected = torch.zeros_like(fitted.coefficients)
    for draw in range(N_SUBSAMPLES):
        chosen = rng.choice(len(blocks), size=len(blocks) // 2, replace=False)
        statistics = pool([blocks[int(index)] for index in chosen])
        penalty = fitted.penalty * (fitted.statistics.n / statistics.n) ** 0.5
        coefficients = fit_var(statistics, fitted.weights, penalty, fitted.coefficients)
        selected += coefficients != 0
        refitted = replace(fitted, statistics=statistics, coefficients=coefficients)
        image = contribution_map(refitted, projection)
        inside = [image[drivers.labels == label].max(initial=0.0) for label in labels]
        found += np.asarray(inside) > standing_out(image)
        yield (draw + 1) / N_SUBSAMPLES
    return Stability(found / N_SUBSAMPLES, selected / N_SUBSAMPLES)
