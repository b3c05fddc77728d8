"""A contribution map in units of what chance reaches in it."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.analysis.evidence.chance import relaxed
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.analysis.fit.fitting import FittedVar, default_penalty
from napari_sparsevar.analysis.maps.contribution import chance_map, in_pixels
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection

FAINT, UNSURE = 0.5, 0.999
"""What the map shows at most where the test is not sure, in units of chance, and from where on it
comes nearer and nearer to that."""

AS_SURE = 2.0
"""By how much the test of a place may change the unit of the map there."""

LEADERLESS = 0.5
"""Share of a pixel from which it is of places that are not sure to lead: the unit there is such
that the map is as sure as the test, whatever that takes."""


def chance_of(
    image: FloatImage, projection: Projection, found: Significance, ranked: bool = True
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
    """
    reach = found.chance.double().numpy()
    if not found.tested:
        return np.full(image.shape, np.nan, np.float32)
    usual = chance_map(np.nan_to_num(reach, nan=float(np.nanmax(reach))), projection)
    sure = in_pixels(found.sureness().double().numpy(), projection)
    if not ranked:
        shown = image / np.maximum(usual, 1e-12)
        faint = np.where(shown < FAINT, shown, UNSURE - (UNSURE - FAINT) * np.exp(FAINT - shown))
        sure = np.where(sure >= 1.0, np.maximum(shown, 1.0), faint)
    as_sure = np.divide(image, sure, out=usual.copy(), where=(sure > 0) & (image > 0))
    leaderless = in_pixels(found.leaderless.double().numpy(), projection) > LEADERLESS
    most = np.where(leaderless, np.inf, usual * AS_SURE)
    chance: FloatImage = np.clip(as_sure, usual / AS_SURE, most)
    driving = projection.grid.pixels_of(found.place_p.numpy() <= LEVEL) & (image > 0)
    return np.where(driving, np.minimum(chance, image), chance)


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
