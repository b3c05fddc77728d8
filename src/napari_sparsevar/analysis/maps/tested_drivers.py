"""The list of drivers after the test against chance: which survive, and how far to trust it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.analysis.maps.drivers import Drivers, keep_drivers
from napari_sparsevar.model.grid import LatentGrid

LEVEL = 0.05
"""Chance that the list of drivers of a movie without any holds one."""


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
    row, column = centres.round().astype(int).T
    at = regions[row, column]
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
