"""Numbers beside places on a map, where they hide neither places nor each other."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from napari_sparsevar.figures.panels.map import NUMBER_POINTS, draw_number
from napari_sparsevar.figures.style import TALLEST_MM, map_height_mm

_DIRECTIONS = [math.radians(angle) for angle in (135, 45, 225, 315, 90, 0, 180, 270)]
_ROOM = 1.6 * NUMBER_POINTS
"""Points between the centres of two numbers that do not touch."""
_MARGIN_MM = 6.0
_OUTSIDE, _ON_NUMBER, _ON_PLACE = 4.0, 3.0, 1.0


def draw_numbers(axes: Axes, places: pd.DataFrame, points_per_pixel: float) -> None:
    """Write ``number`` of every place beside its outline.

    Parameters
    ----------
    axes : Axes
        With a map.
    places : DataFrame
        ``number``, ``y``, ``x`` and ``area_px``; ``faint`` where a number must not stand out.
    points_per_pixel : float
        How large a pixel of the map is in print.
    """
    offsets = number_offsets(places, axes.get_xlim()[1], axes.get_ylim()[0], points_per_pixel)
    for place, offset in zip(places.itertuples(), offsets, strict=True):
        faint = bool(getattr(place, "faint", False))
        draw_number(axes, str(place.number), (float(place.x), float(place.y)), offset, faint=faint)


def number_offsets(
    places: pd.DataFrame, width: float, height: float, points_per_pixel: float
) -> list[tuple[float, float]]:
    """Return for each place how many points right and up of its centre its number goes."""
    centres = places[["x", "y"]].to_numpy(float) * points_per_pixel * [1, -1]
    page = np.array([width, -height]) * points_per_pixel
    radii = np.sqrt(places["area_px"].to_numpy(float) / math.pi) * points_per_pixel
    taken: list[np.ndarray] = []
    offsets = []
    for index, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        away = radius + NUMBER_POINTS
        others = np.delete(centres, index, axis=0)
        choices = [away * np.array([math.cos(a), math.sin(a)]) for a in _DIRECTIONS]
        costs = [_cost(centre + choice, page, others, taken) for choice in choices]
        best = choices[int(np.argmin(costs))]
        taken.append(centre + best)
        offsets.append((float(best[0]), float(best[1])))
    return offsets


def _cost(at: np.ndarray, page: np.ndarray, others: np.ndarray, taken: list[np.ndarray]) -> float:
    """Return how bad a place for a number is: off the map, on another number, on a driver."""
    inside = NUMBER_POINTS / 2 <= at[0] <= page[0] and page[1] <= at[1] <= -NUMBER_POINTS / 2
    cost = 0.0 if inside else _OUTSIDE
    cost += _ON_NUMBER * sum(float(np.hypot(*(at - one))) < _ROOM for one in taken)
    return cost + _ON_PLACE * sum(float(np.hypot(*(at - one))) < _ROOM for one in others)


def points_per_pixel(map_mm: float, shape: tuple[int, ...]) -> float:
    """Return about how large a pixel of a map is in print, in points."""
    tallest = map_height_mm(map_mm, shape) if map_mm else TALLEST_MM
    fits = min((map_mm - _MARGIN_MM) / shape[1], tallest / shape[0])
    return fits / 25.4 * 72
