"""The few regions that stand out of a contribution map, ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import ndimage
from scipy.spatial import KDTree

from napari_sparsevar.analysis.maps.projection import FloatImage
from napari_sparsevar.analysis.maps.smoothing import smoothed

BoolImage = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
LabelImage = npt.NDArray[np.int32]

HALF_HEIGHT = 0.5
"""A driver reaches down to this share of its own peak."""

SEPARATION = 3.0
"""Peaks closer than this many latents are one driver."""

REACH = 2.5
"""No driver reaches further from its peak than this many latents: about one cell."""

OF_A_CELL = 1.7
"""A peak within this many latents of a cell that is known is of that cell: about its diameter."""

FAINTEST = 0.1
"""A peak below this share of the strongest is no driver."""

_SMOOTHING = 0.4
"""Standard deviation, in latents, of the smoothing before peaks are looked for."""

OUTLYING = 3.0
"""A peak stands out when it exceeds the median by this many robust standard deviations."""

COLUMNS = ["rank", "label", "y", "x", "area_px", "strength", "stability", "p_adjusted"]


@dataclass(frozen=True, eq=False)
class Drivers:
    """Regions that drive others.

    Attributes
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 outside every driver, else the driver's label.
    table : DataFrame
        One row a driver, the surest first, of those as sure the strongest.

        ========== ===========================================================================
        Column     Meaning
        ========== ===========================================================================
        rank       From 1.
        label      In ``labels``.
        y, x       Centre in pixels.
        area_px    Pixels of the region.
        strength   Peak of the contribution map: 1 is what chance reaches there. Below 0 where
                   most of what follows goes down: the place silences others.
        stability  Share of random halves of the movie in which it stands out again.
        p_adjusted That chance makes any place of the field, or any cell that was found in it,
                   drive others this much.
        ========== ===========================================================================
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


def find_drivers(
    contribution: FloatImage,
    spacing: int,
    shown: FloatImage | None = None,
    counted: BoolImage | None = None,
    silences: BoolImage | None = None,
    sure: BoolImage | None = None,
    also: FloatArray | None = None,
    cells: FloatArray | None = None,
) -> Drivers:
    """Cut the peaks that stand out of a contribution map.

    Parameters
    ----------
    contribution : ndarray of float32, shape (Y, X)
    spacing : int
        Pixels between latents.
    shown : ndarray of float32, shape (Y, X), optional
        The map in another unit at each pixel, by which they are ranked and whose values are told.
    counted : ndarray of bool, shape (Y, X), optional
        Pixels that a driver may have; all by default.
    silences : ndarray of bool, shape (Y, X), optional
        Pixels that drive others down rather than up: their strength is told as negative.
    sure : ndarray of bool, shape (Y, X), optional
        Pixels that count as standing out however strong others are: those beyond chance.
    also : ndarray, shape (m, 2), optional
        Places y, x that have a region even if the map has no peak there, as long as it is not 0.
    cells : ndarray, shape (c, 3), optional
        Cells that are known to drive, their middle y, x and 1, or -1 where they silence: each has a
        region of its own, however near others are, as long as the map is not 0 there.

    Returns
    -------
    Drivers
        With ``stability`` and ``p_adjusted`` missing (NaN).
    """
    smooth, least = _smooth_and_least(contribution, spacing, counted)
    high = smooth > least if sure is None else (smooth > least) | sure
    peaks = _peaks(smooth, high, SEPARATION * spacing)
    known = {} if cells is None else _cells_in(smooth > 0, cells)
    peaks = _cells_first(known, peaks, OF_A_CELL * spacing)
    told = contribution if shown is None else shown
    # What is told knows of cells; as little of a pixel that does not count as the map.
    of_cells = np.where(smooth > 0, smoothed(told, _SMOOTHING * spacing), np.float32(0.0))

    def regions_of(peaks: list[tuple[int, int]]) -> LabelImage:
        heights = [of_cells if peak in known else smooth for peak in peaks]
        return _regions(smooth.shape, heights, peaks, REACH * spacing)

    regions = regions_of(peaks)
    missed = [] if also is None else _missed(peaks, regions, also, SEPARATION * spacing, smooth > 0)
    if missed:
        regions = regions_of([*peaks, *missed])
    sign = np.ones_like(told) if silences is None else np.where(silences, -1.0, 1.0)
    for place, direction in known.items():
        sign[regions == regions[place]] = direction
    labels, areas = _ranked(regions, told)
    rows = [_describe(rank, labels, area, told, sign) for rank, area in enumerate(areas, 1)]
    return Drivers(labels, pd.DataFrame(rows, columns=COLUMNS))


def standing_out_again(
    drivers: Drivers, contribution: FloatImage, spacing: int, counted: BoolImage | None = None
) -> npt.NDArray[np.bool_]:
    """Return which drivers another contribution map shows as well, (drivers,).

    Those in which its peak stands out by the rule of ``find_drivers``.
    """
    smooth, threshold = _smooth_and_least(contribution, spacing, counted)
    labels = drivers.table["label"].to_numpy(int)
    peaks = ndimage.maximum(smooth, drivers.labels, labels) if len(labels) else ()
    return np.asarray(np.asarray(peaks, np.float32) > threshold)


def _smooth_and_least(
    contribution: FloatImage, spacing: int, counted: BoolImage | None
) -> tuple[FloatImage, float]:
    """Return a smoothed map, 0 where pixels do not count, and what a peak of it must exceed."""
    smooth = smoothed(contribution, _SMOOTHING * spacing)
    seen = smooth if counted is None else smooth[counted]
    smooth = smooth if counted is None else np.where(counted, smooth, np.float32(0.0))
    return smooth, max(standing_out(seen), FAINTEST * float(smooth.max()))


def keep_drivers(drivers: Drivers, kept: npt.NDArray[np.bool_], first: int = 1) -> Drivers:
    """Keep some drivers (one flag a row of the table) and rank them anew, from ``first``."""
    table = drivers.table[kept].reset_index(drop=True)
    rank = np.zeros(int(drivers.labels.max(initial=0)) + 1, np.int32)
    numbers = np.arange(first, first + len(table))
    rank[table["label"].to_numpy(int)] = numbers
    labels: LabelImage = rank[drivers.labels]
    return Drivers(labels, table.assign(rank=numbers, label=numbers))


def _peaks(image: FloatImage, high: BoolImage, distance: float) -> list[tuple[int, int]]:
    """Return local maxima in some pixels, highest first, none near (``distance``) a higher."""
    y, x = np.nonzero((image == ndimage.maximum_filter(image, size=3)) & high)
    order = np.argsort(-image[y, x], kind="stable")
    places = np.column_stack([y, x])[order]
    near = _neighbours(places, distance)
    free = np.ones(len(places), bool)
    kept: list[tuple[int, int]] = []
    for index, (row, column) in enumerate(places.tolist()):
        if free[index]:
            kept.append((row, column))
            beside = places[near[index]]
            free[near[index]] &= np.hypot(*(beside - (row, column)).T) >= distance
    return kept


def _cells_in(drives: BoolImage, cells: FloatArray) -> dict[tuple[int, int], float]:
    """Return at which pixels that drive cells lie, and the sign of each."""
    inside = np.clip(cells[:, :2].round().astype(int), 0, np.array(drives.shape) - 1)
    places = zip(inside.tolist(), cells[:, 2].tolist(), strict=True)
    return {(row, column): sign for (row, column), sign in places if drives[row, column]}


def _cells_first(
    cells: Iterable[tuple[int, int]], peaks: list[tuple[int, int]], reach: float
) -> list[tuple[int, int]]:
    """Return cells, and the peaks that are of none of them."""
    own = list(cells)
    others = [
        (y, x)
        for y, x in peaks
        if all(np.hypot(y - row, x - column) > reach for row, column in own)
    ]
    return [*own, *others]


def _missed(
    peaks: list[tuple[int, int]],
    regions: LabelImage,
    places: FloatArray,
    distance: float,
    drives: BoolImage,
) -> list[tuple[int, int]]:
    """Return the places that drive and are in no region, none near a peak or one before it."""
    y, x = np.clip(places.round().astype(int), 0, np.array(regions.shape) - 1).T
    outside = drives[y, x] & (regions[y, x] == 0)
    found: list[tuple[int, int]] = []
    for row, column in zip(y[outside].tolist(), x[outside].tolist(), strict=True):
        if all(np.hypot(row - y, column - x) >= distance for y, x in [*peaks, *found]):
            found.append((row, column))
    return found


def _neighbours(places: npt.NDArray[np.intp], distance: float) -> list[list[int]]:
    """Return which places lie within a distance of each, itself among them."""
    if not len(places):
        return []
    tree = KDTree(places)
    found: list[list[int]] = tree.query_ball_point(places, distance, return_sorted=True).tolist()
    return found


def _regions(
    shape: tuple[int, ...],
    images: Sequence[FloatImage],
    peaks: list[tuple[int, int]],
    reach: float,
) -> LabelImage:
    """Give every peak the connected pixels above half its height that are nearest to it.

    Of each peak an image says how high pixels are.
    """
    labels = np.zeros(shape, np.int32)
    # Those further away own no pixel within reach.
    rivals = _neighbours(np.array(peaks, np.intp).reshape(-1, 2), 2 * reach)
    for index, (row, column) in enumerate(peaks):
        image = images[index]
        area = _around(row, column, reach, image.shape)
        y, x = np.ogrid[area]
        away = np.hypot(y - row, x - column)
        near = away <= reach
        for rival in rivals[index]:
            if rival != index:
                theirs = np.hypot(y - peaks[rival][0], x - peaks[rival][1])
                near &= (away < theirs) if rival < index else (away <= theirs)
        components, _ = ndimage.label(near & (image[area] >= HALF_HEIGHT * image[row, column]))
        own = components[row - area[0].start, column - area[1].start]
        labels[area][components == own] = index + 1
    return labels


Area = tuple[slice, slice]


def _around(row: int, column: int, reach: float, shape: tuple[int, ...]) -> Area:
    edge = int(np.ceil(reach))
    return (
        slice(max(0, row - edge), min(shape[0], row + edge + 1)),
        slice(max(0, column - edge), min(shape[1], column + edge + 1)),
    )


def _ranked(labels: LabelImage, contribution: FloatImage) -> tuple[LabelImage, list[Area]]:
    """Renumber the regions so that the one with the strongest pixel is 1; say where each lies."""
    areas: list[Area] = ndimage.find_objects(labels)
    strength = [
        float(contribution[area][labels[area] == label].max())
        for label, area in enumerate(areas, start=1)
    ]
    order = np.argsort(-np.asarray(strength), kind="stable")
    rank = np.zeros(len(areas) + 1, np.int32)
    rank[order + 1] = np.arange(1, len(areas) + 1)
    ranked: LabelImage = rank[labels]
    return ranked, [areas[index] for index in order]


def _describe(
    rank: int, labels: LabelImage, area: Area, image: FloatImage, sign: npt.NDArray[np.floating]
) -> dict[str, float]:
    region = labels[area] == rank
    weight = np.where(region, image[area], 0.0)
    direction = float(sign[area].flat[weight.argmax()])
    y, x = ndimage.center_of_mass(weight if weight.any() else region)
    return {
        "rank": rank,
        "label": rank,
        "y": float(y) + area[0].start,
        "x": float(x) + area[1].start,
        "area_px": int(region.sum()),
        "strength": direction * float(weight.max(initial=0.0)),
        "stability": float("nan"),
        "p_adjusted": float("nan"),
    }
