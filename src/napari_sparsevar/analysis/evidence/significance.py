"""Which drivers and edges can be trusted: effects with intervals, adjusted p-values."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor

from napari_sparsevar.analysis.evidence.inference import place_effects
from napari_sparsevar.analysis.evidence.shifted_null import adjusted_p_values
from napari_sparsevar.analysis.fit.fitting import FittedVar, Regression
from napari_sparsevar.analysis.fit.streaming import chosen_rows, n_rows
from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.analysis.maps.drivers import Drivers, keep_drivers
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.grid import LatentGrid

LEVEL = 0.05
"""Chance that the list of drivers of a movie without any holds one."""

_DRAWS, _FEWER_DRAWS, _MANY = 199, 99, 512
"""Draws of the null distribution; fewer for many latents, whose draws cost more."""

_MOST_ROWS, _MOST_NUMBERS, _STRETCHES = 16384, 2**23, 16
"""A longer recording is tested on this many frames, fewer where predictors are many, in stretches
spread over it: more would not fit into memory, and there is power enough."""


@dataclass(frozen=True, eq=False)
class Significance:
    """What the tests say, the same at every penalty; NaN where nothing could be tested.

    Attributes
    ----------
    estimate, standard_error : Tensor, shape (P, p), float32
        Debiased effect of every place on every distant target.
    edge_p : Tensor, shape (P, p), float32
        Family-wise adjusted p-values of the edges.
    place_p : Tensor, shape (p,), float32
        Family-wise adjusted p-values of "this place drives none".
    note : str
        Why nothing was tested; empty if it was.
    """

    estimate: Tensor
    standard_error: Tensor
    edge_p: Tensor
    place_p: Tensor
    note: str = ""


def significance(found: Regression, fitted: FittedVar) -> Generator[float, None, Significance]:
    """Test every place and edge; yield the fraction done."""
    near = fitted.weights[: fitted.n_latents] == 0
    rows = rows_to_test(n_rows(found.pairs), fitted.weights.shape[0])
    pairs = chosen_rows(found.pairs, rows)
    past, following = pairs.past.double(), pairs.following.double()
    effects = place_effects(past, following, fitted.coefficients, fitted.weights, near)
    del pairs, past, following  # the draws need their residuals alone
    trim_heap()
    yield 0.3
    edge_p = torch.full_like(effects.estimate, torch.nan)
    place_p, note = edge_p[0], ""
    try:
        drawing = adjusted_p_values(effects, draws=_DRAWS if len(near) <= _MANY else _FEWER_DRAWS)
        while True:
            try:
                yield 0.3 + 0.7 * next(drawing)
            except StopIteration as finished:
                edge_p, place_p = finished.value.edge, finished.value.place
                break
    except UserError as error:
        note = f"No p-values: {error}"
    return Significance(
        estimate=effects.estimate.float(),
        standard_error=effects.standard_error.float(),
        edge_p=edge_p.float(),
        place_p=place_p.float(),
        note=note,
    )


def rows_to_test(total: int, predictors: int) -> Tensor:
    """Return the rows the tests look at: all, or stretches spread evenly over a long recording."""
    most = min(_MOST_ROWS, _MOST_NUMBERS // predictors)
    if total <= most:
        return torch.arange(total)
    length = most // _STRETCHES
    starts = torch.linspace(0, total - length, _STRETCHES).long()
    return (starts[:, None] + torch.arange(length)).flatten()


def cautions(drivers: Drivers, found: Significance) -> tuple[str, ...]:
    """Say what a person must know before believing the list of drivers, one sentence each."""
    if found.note:
        return (f"{found.note} The drivers listed are not tested against chance.",)
    if drivers.table.empty:
        return (
            f"No place drives others more than chance would (family-wise {LEVEL:.0%}), so no "
            "drivers are listed: the contribution map shows where to look, a longer recording "
            "may tell.",
        )
    return ()


def surviving_drivers(drivers: Drivers, found: Significance, grid: LatentGrid) -> Drivers:
    """Give drivers their p-values and keep those that survive at ``LEVEL``.

    A driver's p-value is the smallest of the latents in its region (of the nearest one if there is
    none); it is adjusted for all latents already. Without any test all are kept.
    """
    p_values = found.place_p.numpy()
    each = place_p_values(p_values, drivers.labels, drivers.table["label"].to_numpy(int), grid)
    table = drivers.table.assign(p_adjusted=each)
    tested = replace(drivers, table=table)
    if not np.isfinite(p_values).any():
        return tested
    return keep_drivers(tested, table["p_adjusted"].to_numpy() <= LEVEL)


def place_p_values(
    p_values: npt.NDArray[np.float32],
    regions: npt.NDArray[np.integer],
    labels: npt.NDArray[np.integer],
    grid: LatentGrid,
) -> npt.NDArray[np.float64]:
    """Return the smallest p-value of the latents in each region, else of the nearest latent.

    Parameters
    ----------
    p_values : ndarray, shape (p,)
        Of every place, adjusted for all of them; NaN where nothing could be tested.
    regions : ndarray of int, shape (Y, X)
    labels : ndarray of int, shape (regions,)
        Which to look at.
    grid : LatentGrid

    Returns
    -------
    ndarray, shape (regions,)
        1 where nothing could be tested.
    """
    centres = grid.centres()
    row, column = np.minimum(centres.round().astype(int), np.subtract(grid.shape, 1)).T
    # Centres beyond the field of view belong to no region.
    inside = (centres.round() < grid.shape).all(axis=1)
    at = np.where(inside, regions[row, column], 0)
    found = np.ones(len(labels))
    areas = ndimage.find_objects(regions)
    for index, label in enumerate(labels):
        chosen = np.flatnonzero(at == label)
        if not chosen.size:
            area = areas[label - 1]
            corner = [part.start for part in area]
            middle = np.argwhere(regions[area] == label).mean(axis=0) + corner
            away = np.hypot(*(centres - middle).T)
            chosen = np.flatnonzero(away == away.min())
        known = p_values[chosen][np.isfinite(p_values[chosen])]
        found[index] = known.min() if known.size else 1.0
    return found
