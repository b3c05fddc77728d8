r"""Whether cells fit the mean image of their movie, or fit it flipped or transposed.

A cell differs from what surrounds it in the mean image, most are brighter. So the picture of all
cells correlates with that image, once both are freed of what is larger than a cell. Chance is what
the same two pictures give when one is shifted against the other by (u, v),

.. math:: z_o = r_o(0, 0) \; \Big/ \; \sqrt{\textstyle \frac{1}{YX} \sum_{u, v} r_o(u, v)^2}

for each of the orientations o: as they are, mirrored, turned, transposed. Another than the one
given fits better if :math:`|z_o| \ge 6` and :math:`|z_o| \ge 1.5 \, |z_{given}|`. Cells that do not
show in the mean image have small values in all orientations, which says nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from napari_sparsevar.cells.cells import Cells, FloatArray
from napari_sparsevar.cells.surround import core_pixels

BEYOND_CHANCE, CLEARLY = 6.0, 1.5
"""See the rule above. On simulated movies chance stays below 5, cells that fit are above 7."""

_ORIENTATIONS = {
    (False, 1, 1): "as they are",
    (False, 1, -1): "mirrored left to right",
    (False, -1, 1): "mirrored top to bottom",
    (False, -1, -1): "turned by 180 degrees",
    (True, 1, 1): "with rows and columns exchanged",
    (True, -1, 1): "turned by 90 degrees to the left",
    (True, 1, -1): "turned by 90 degrees to the right",
    (True, -1, -1): "with rows and columns exchanged and turned by 180 degrees",
}
"""Whether transposed, then the steps along rows and columns; in words."""


class Match(NamedTuple):
    """How well cells in one orientation fit a mean image.

    Attributes
    ----------
    words : str
        The orientation.
    correlation : float
    beyond_chance : float
        The correlation in root mean squares over all shifts, z above.
    """

    words: str
    correlation: float
    beyond_chance: float


def orientation_notes(cells: Cells, mean_image: npt.NDArray[np.floating]) -> tuple[str, ...]:
    """Return a sentence if cells clearly fit better flipped or transposed, else nothing.

    Parameters
    ----------
    cells : Cells
        With footprints, of the field of the image.
    mean_image : ndarray, shape (Y, X)
    """
    given, *others = matches(cells, mean_image)
    if not others:
        return ()
    best = max(others, key=lambda match: abs(match.beyond_chance))
    needed = max(BEYOND_CHANCE, CLEARLY * abs(given.beyond_chance))
    if abs(best.beyond_chance) < needed:
        return ()
    return (
        f"The cells fit the mean image of the movie better {best.words} (correlation "
        f"{best.correlation:.2f}) than as they are ({given.correlation:.2f}): bring them in the "
        "orientation of the movie.",
    )


def matches(cells: Cells, mean_image: npt.NDArray[np.floating]) -> list[Match]:
    """Return how well cells fit in each orientation, the given one first.

    Transposed ones are there if the field is square.
    """
    assert cells.footprints is not None
    assert cells.shape is not None
    inside = core_pixels(cells.footprints)
    size = float(np.sqrt(np.median(inside.sum(axis=1))))
    picture = _standardised(_fine(np.asarray(inside.sum(axis=0), float).reshape(cells.shape), size))
    image = _fine(np.asarray(mean_image, np.float64), size)
    contrast = np.sqrt(ndimage.gaussian_filter(image**2, 2.0 * size))
    image = _standardised(image / np.maximum(contrast, 1e-12 * np.abs(mean_image).max() + 1e-300))
    transformed = fft.rfft2(image)
    found = []
    for (transposed, rows, columns), words in _ORIENTATIONS.items():
        turned = (picture.T if transposed else picture)[::rows, ::columns]
        if turned.shape == image.shape:
            by_shift = fft.irfft2(transformed * np.conj(fft.rfft2(turned)), s=image.shape)
            chance = float(np.sqrt(np.mean(by_shift**2)))
            z = float(by_shift[0, 0]) / chance if chance > 0.0 else 0.0
            found.append(Match(words, float(by_shift[0, 0]) / image.size, z))
    return found


def _fine(image: FloatArray, size: float) -> FloatArray:
    """Return an image without what is larger than a cell."""
    return np.asarray(image - ndimage.gaussian_filter(image, size))


def _standardised(image: FloatArray) -> FloatArray:
    centred = image - image.mean()
    deviation = centred.std()
    return np.asarray(centred / deviation if deviation > 0.0 else centred)
