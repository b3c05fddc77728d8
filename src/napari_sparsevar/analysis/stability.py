"""Stability: would another stretch of the same recording name the same drivers."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from napari_sparsevar.analysis.contribution import (
    Responses,
    contribution_map,
)
from napari_sparsevar.analysis.drivers import Drivers, standing_out
from napari_sparsevar.analysis.fitting import FittedVar
from napari_sparsevar.model.embedded_var import RIDGE, Moments, fit_var, lagged_pairs
from napari_sparsevar.model.grid import LatentGrid

N_BLOCKS = 10
N_SUBSAMPLES = 20


def block_moments(latents: Tensor, good: Tensor, fitted: FittedVar) -> list[Moments]:
    """Return the moments of consecutive blocks of time, without ridge.

    Parameters
    ----------
    latents : Tensor, shape (T, p)
    good : Tensor of bool, shape (T,)
    """
    standard = (latents.double() - fitted.mean) / fitted.deviation
    blocks = []
    for piece, usable in zip(standard.chunk(N_BLOCKS), good.chunk(N_BLOCKS), strict=True):
        pairs = lagged_pairs(piece[None], usable[None], fitted.lags)
        blocks.append(
            Moments(
                pairs.past.T @ pairs.past,
                pairs.past.T @ pairs.following,
                pairs.following.square().sum(dim=0),
                pairs.past.shape[0],
            )
        )
    return blocks


def pool(blocks: list[Moments]) -> Moments:
    """Add up blocks of ``block_moments`` to the moments of all their frames."""
    n = max(sum(block.n for block in blocks), 1)
    gram = torch.stack([block.gram for block in blocks]).sum(dim=0) / n
    gram += RIDGE * torch.eye(gram.shape[0], dtype=gram.dtype, device=gram.device)
    cross = torch.stack([block.cross for block in blocks]).sum(dim=0) / n
    variance = torch.stack([block.variance for block in blocks]).sum(dim=0) / n
    return Moments(gram, cross, variance, n)


def driver_stability(
    drivers: Drivers,
    fitted: FittedVar,
    responses: Responses,
    grid: LatentGrid,
    latents: Tensor,
    good: Tensor,
    seed: int = 0,
) -> Generator[float, None, pd.DataFrame]:
    """Return the drivers' table with ``stability`` filled in; yield the fraction done.

    The VAR is refitted on random halves of the blocks of time (stability selection, Meinshausen &
    Buehlmann 2010, with blocks because frames are not independent). A driver is found again when
    the peak of the new map inside it stands out by the rule that found it.
    """
    table = drivers.table.copy()
    blocks = block_moments(latents, good, fitted)
    rng = np.random.default_rng(seed)
    found = np.zeros(len(table))
    for draw in range(N_SUBSAMPLES):
        chosen = rng.choice(len(blocks), size=len(blocks) // 2, replace=False)
        statistics = pool([blocks[int(index)] for index in chosen])
        coefficients = fit_var(statistics, fitted.weights, fitted.penalty, fitted.coefficients)
        refitted = replace(fitted, statistics=statistics, coefficients=coefficients)
        image = contribution_map(refitted, responses, grid)
        threshold = standing_out(image)
        inside = [image[drivers.labels == label].max(initial=0.0) for label in table["label"]]
        found += np.asarray(inside) > threshold
        yield (draw + 1) / N_SUBSAMPLES
    table["stability"] = found / N_SUBSAMPLES
    return table
