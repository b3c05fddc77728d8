"""The list of drivers after the test against chance: which survive, and how far to trust it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.analysis.maps.drivers import Drivers, keep_drivers
from napari_sparsevar.model.grid import LatentGrid

MOST_CANDIDATES = 20
"""The surest of those that are not beyond chance; drivers are listed however many they are."""


class ToldApart(NamedTuple):
    """Places that stand out of the map, by what the test says of them.

    Attributes
    ----------
    drivers : Drivers
        Tested, and beyond chance at ``LEVEL``.
    candidates : Drivers
        The surest ``MOST_CANDIDATES`` of all others: not tested (p-value NaN), or not beyond
        chance. Their labels go on after those of the drivers.
    """

    drivers: Drivers
    candidates: Drivers


def told_apart(standing_out: Drivers, found: Significance, grid: LatentGrid) -> ToldApart:
    """Give places that stand out their p-values and tell drivers from candidates, surest first.

    A p-value is the smallest of the latents in the region (of the nearest one if there is none); it
    is adjusted for all latents already. Places as sure as each other come in the order of their
    strength.
    """
    labels = standing_out.table["label"].to_numpy(int)
    p_values = place_p_values(found.place_p.numpy(), standing_out.labels, labels, grid)
    if not found.tested:
        p_values = np.full(len(labels), np.nan)
    table = standing_out.table.assign(p_adjusted=p_values)
    table = table.sort_values("p_adjusted", kind="stable", ignore_index=True)
    places = replace(standing_out, table=table)
    beyond = table["p_adjusted"].to_numpy() <= LEVEL
    drivers = keep_drivers(places, beyond)
    others = ~beyond & (np.cumsum(~beyond) <= MOST_CANDIDATES)
    return ToldApart(drivers, keep_drivers(places, others, first=len(drivers.table) + 1))


def place_p_values(
    p_values: npt.NDArray[np.float32],
    regions: npt.NDArray[np.integer],
    labels: npt.NDArray[np.integer],
    grid: LatentGrid,
) -> npt.NDArray[np.float64]:
    """Return the smallest p-value of the latents in each region, else of the nearest latent.

    Where the nearest is further than the spacing, nothing there was active enough to be analysed.

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
            chosen = np.flatnonzero((away == away.min()) & (away <= grid.stride))
        known = p_values[chosen][np.isfinite(p_values[chosen])]
        found[index] = known.min() if known.size else 1.0
    return found
