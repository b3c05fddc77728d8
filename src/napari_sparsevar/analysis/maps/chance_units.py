"""A contribution map in units of what chance reaches in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.evidence.chance import relaxed
from napari_sparsevar.analysis.evidence.found_cells import FoundCells
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.analysis.fit.fitting import FittedVar, default_penalty
from napari_sparsevar.analysis.maps.contribution import chance_map, in_pixels
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection

FloatArray = npt.NDArray[np.float64]
BoolImage = npt.NDArray[np.bool_]

FAINT, UNSURE = 0.5, 0.999
"""What the map shows at most where the test is not sure, in units of chance, and from where on it
comes nearer and nearer to that."""

AS_SURE = 2.0
"""By how much the test of a place may change the unit of the map there."""

MORE_BY_CELLS, SURE_OF_A_CELL = 3.0, 0.1
"""By how much a cell that drives others may change the unit of the map there, and from which drive
on by that much, in deviations of a cell for one of it."""

LEADERLESS = 0.5
"""Share of a pixel from which it is of places that are not sure to lead: the unit there is such
that the map is as sure as the test, whatever that takes."""


def chance_of(
    image: FloatImage,
    projection: Projection,
    found: Significance,
    ranked: bool = True,
    cells: FoundCells | None = None,
) -> FloatImage:
    """Return what chance reaches in a ``contribution_map``; NaN where nothing could be tested.

    The map is of the lasso, the test of debiased scores, and now and then they differ: where many
    places share what they foretell, the lasso gives it to some of them. Within a factor of two the
    unit is such that the map is as sure of a place as the test; around a place that drives others
    beyond chance, whatever that takes.

    Parameters
    ----------
    image : ndarray of float32, shape (Y, X)
    projection : Projection
    found : Significance
    ranked : bool
        Whether the map ranks places as the test does, which tells more where activity is filtered.
        Else it only follows the test in what is beyond chance: of events the amounts tell more.
    cells : FoundCells, optional
        What is known of cells: see ``_as_cells_say``.
    """
    reach = found.chance.double().numpy()
    if not found.tested:
        return np.full(image.shape, np.nan, np.float32)
    usual = chance_map(np.nan_to_num(reach, nan=float(np.nanmax(reach))), projection)
    sure = in_pixels(found.sureness().double().numpy(), projection)
    if not ranked:
        shown = image / np.maximum(usual, 1e-12)
        sure = np.where(sure >= 1.0, np.maximum(shown, 1.0), _unsure(shown))
    as_sure = np.divide(image, sure, out=usual.copy(), where=(sure > 0) & (image > 0))
    leaderless = in_pixels(found.leaderless.double().numpy(), projection) > LEADERLESS
    most = np.where(leaderless, np.inf, usual * AS_SURE)
    chance: FloatImage = np.clip(as_sure, usual / AS_SURE, most)
    driving = projection.grid.pixels_of(found.place_p.numpy() <= LEVEL) & (image > 0)
    chance = np.where(driving, np.minimum(chance, image), chance)
    return chance if cells is None else _as_cells_say(image, chance, driving, cells)


def _unsure(shown: FloatArray) -> FloatArray:
    """Return values that stay below 1, in the same order."""
    return np.where(shown < FAINT, shown, UNSURE - (UNSURE - FAINT) * np.exp(FAINT - shown))


def _as_cells_say(
    image: FloatImage, chance: FloatImage, driving: BoolImage, cells: FoundCells
) -> FloatImage:
    """Return the unit where the lasso of found cells says how much each drives.

    Both have their own errors: places mix cells that touch, and not every cell is found. What both
    say is shown by up to three times more. Where no test is sure the map stays below 1 all the
    same, or where it was.
    """
    known = replace(cells, drives=np.minimum(cells.drives / SURE_OF_A_CELL, 1.0))
    told = known.drive_of_pixels(image.shape)
    shown = np.divide(image, chance, out=np.zeros(image.shape), where=chance > 0)
    more = shown * (1.0 + (MORE_BY_CELLS - 1.0) * told)
    wanted = np.where(driving, more, np.maximum(shown, _unsure(more)))
    lifted = (told > 0.0) & (wanted > shown)
    return np.divide(image, wanted, out=chance.copy(), where=lifted).astype(np.float32)


def in_units_of_chance(image: FloatImage, fitted: FittedVar, chance: FloatImage) -> FloatImage:
    """Return a ``contribution_map`` in units of what chance reaches at each pixel.

    Where nothing could be tested nobody knows: it is then in units of its strongest pixel.
    """
    if not np.isfinite(chance).any():
        return image / max(float(image.max(initial=0.0)), 1e-12)
    root = fitted.statistics.n**0.5
    more = relaxed(fitted.penalty * root, default_penalty(fitted.statistics) * root)
    units: FloatImage = np.divide(
        image, more * chance, out=np.zeros_like(image), where=chance > 0, casting="same_kind"
    )
    return units
