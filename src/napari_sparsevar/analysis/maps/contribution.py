"""Which places drive the activity that follows: from coefficients of latents to a map of pixels."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.maps.drive import drive
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection, to_image
from napari_sparsevar.analysis.maps.smoothing import smoothed


def contribution_map(fitted: FittedVar, projection: Projection) -> FloatImage:
    r"""Return every pixel's share in driving what happens next, (Y, X), the largest being 1.

    .. math:: m(u) = \sqrt{\rho(u) \max(P(u) - \bar N(u), 0)}

    with P the mean square of what the pixel drives positively (``drive``), and :math:`\rho` the
    share of its activity that is no noise. Chance has no sign: what many edges too weak to be real
    add up to is as large among negative ones, so that their mean square, smoothed over a latent, is
    taken for the chance level :math:`\bar N`. Real negative influences count against a place;
    with the background removed most are echoes of that removal, and ``influence`` shows both signs.

    All zero where no edge between different places was found.
    """
    grid = projection.grid
    found = drive(fitted.distant, projection.amplitude, projection.sources_by_pixel)
    chance = np.maximum(smoothed(to_image(found.negative, grid), grid.stride), 0.0)
    beyond = np.maximum(to_image(found.positive, grid) - chance, 0.0)
    image: FloatImage = np.sqrt(beyond * projection.signal)
    largest = float(image.max())
    if largest > 0:
        image /= largest
    return image
