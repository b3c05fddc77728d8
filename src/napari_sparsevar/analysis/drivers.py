"""The few regions that stand out of a contribution map, ranked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import ndimage

from napari_sparsevar.analysis.contribution import FloatImage

LabelImage = npt.NDArray[np.int32]

HALF_HEIGHT = 0.5
"""A driver reaches down to this share of its own peak."""

OUTLYING = 3.0
"""A peak stands out when it exceeds the median by this many robust standard deviations."""

COLUMNS = ["rank", "label", "y", "x", "area_px", "strength", "stability"]


@dataclass(frozen=True, eq=False)
class Drivers:
    """Regions that drive others.

    Attributes
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 outside every driver, else the driver's label.
    table : DataFrame
        One row a driver, strongest first: ``rank`` (from 1), ``label``, ``y`` and ``x`` (centre in
        pixels), ``area_px``, ``strength`` (peak of the contribution map, strongest place = 1),
        ``stability`` (share of subsampled stretches of time in which it stands out again).
    """

    labels: LabelImage
    table: pd.DataFrame


def standing_out(values: npt.NDArray[np.floating]) -> float:
    """Return the value above which a place stands out from most others.

    Median plus ``OUTLYING`` robust standard deviations (scaled median absolute deviation); with
    more than half of the values at zero this is the smallest positive number.
    """
    median = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - median)))
    return max(median + OUTLYING * spread, float(np.finfo(np.float32).tiny))


def find_drivers(contribution: FloatImage, spacing: int, most: int = 20) -> Drivers:
    """Cut the peaks that stand out of a contribution map.

    Parameters
    ----------
    contribution : ndarray of float32, shape (Y, X)
    spacing : int
        Pixels between latents; peaks closer than two of them are one driver.
    most : int
        Keep at most this many.

    Returns
    -------
    Drivers
        With ``stability`` missing (NaN); see ``stability``.
    """
    smooth = ndimage.gaussian_filter(contribution, 0.25 * spacing)
    peaks = _peaks(smooth, 2 * spacing)
    threshold = standing_out(smooth)
    peaks = [(y, x) for y, x in peaks if smooth[y, x] > threshold][:most]
    labels = _regions(smooth, peaks, threshold)
    rows = [_describe(rank, labels, contribution) for rank in range(1, len(peaks) + 1)]
    return Drivers(labels, pd.DataFrame(rows, columns=COLUMNS))


def _peaks(image: FloatImage, distance: int) -> list[tuple[int, int]]:
    """Return positions of local maxima, highest first."""
    size = 2 * (distance // 2) + 1
    highest = ndimage.maximum_filter(image, size=size, mode="nearest")
    y, x = np.nonzero((image == highest) & (image > 0))
    order = np.argsort(-image[y, x], kind="stable")
    return [(int(y[i]), int(x[i])) for i in order]


def _regions(image: FloatImage, peaks: list[tuple[int, int]], threshold: float) -> LabelImage:
    """Give every peak the connected pixels above half its height, higher peaks first."""
    labels = np.zeros(image.shape, np.int32)
    for label, (y, x) in enumerate(peaks, start=1):
        high = (image >= max(HALF_HEIGHT * image[y, x], threshold)) & (labels == 0)
        high[y, x] = True
        components, _ = ndimage.label(high)
        labels[components == components[y, x]] = label
    return labels


def _describe(rank: int, labels: LabelImage, contribution: FloatImage) -> dict[str, float]:
    region = labels == rank
    weight = np.where(region, contribution, 0.0)
    y, x = ndimage.center_of_mass(weight if weight.any() else region)
    return {
        "rank": rank,
        "label": rank,
        "y": float(y),
        "x": float(x),
        "area_px": int(region.sum()),
        "strength": float(contribution[region].max(initial=0.0)),
        "stability": float("nan"),
    }
