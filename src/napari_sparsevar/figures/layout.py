"""Where the panels of the figure of compared windows go."""

from __future__ import annotations

from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from napari_sparsevar.figures.style import new_figure

BESIDE_FROM_MM = 130.0
"""Width from which the map stands beside the other panels."""

_TIMELINE_MM, _PANEL_MM, _EDGES_MM = 28.0, 38.0, 45.0
_BELOW_DIFFERENCE_MM = 22.0
BELOW_MAP_MM, BESIDE_MAP_MM = 21.0, 7.0
TALLEST_MM = 150.0
_MAP_SHARE = 0.46


class Panels(NamedTuple):
    """Where everything goes; no matrix for a single pair."""

    timeline: Axes
    difference: Axes
    null: Axes
    prediction: Axes
    edges: Axes
    matrix: Axes | None


def lay_out(width_mm: float, shape: tuple[int, ...], *, several: bool) -> tuple[Figure, Panels]:
    """Return an empty figure whose height suits a field of view of ``shape`` (Y, X).

    Raises
    ------
    UserError
        If the width cannot be printed.
    """
    beside = width_mm >= BESIDE_FROM_MM
    map_mm = (_MAP_SHARE if beside else 1.0) * width_mm * shape[0] / shape[1]
    map_mm = min(map_mm + _BELOW_DIFFERENCE_MM, TALLEST_MM)
    if beside:
        body_mm = max(map_mm, _PANEL_MM + _EDGES_MM)
        figure = new_figure(width_mm, _TIMELINE_MM + body_mm)
        top, body = rows(figure, [_TIMELINE_MM, body_mm])
        left, right = columns(body, [_MAP_SHARE, 1 - _MAP_SHARE])
    else:
        heights = [_TIMELINE_MM, map_mm, _PANEL_MM + _EDGES_MM]
        figure = new_figure(width_mm, sum(heights))
        top, left, right = rows(figure, heights)
    return figure, Panels(top.subplots(), left.subplots(), *_others(right, several))


def _others(figure: SubFigure, several: bool) -> tuple[Axes, Axes, Axes, Axes | None]:
    above, below = rows(figure, [_PANEL_MM, _EDGES_MM])
    left, right = columns(above, [1.2, 1.0])
    if not several:
        return left.subplots(), right.subplots(), below.subplots(), None
    first, second = columns(below, [1.0, 1.0])
    return left.subplots(), right.subplots(), first.subplots(), second.subplots()


def map_height_mm(width_mm: float, shape: tuple[int, ...]) -> float:
    """Return the height of a panel with a map as wide as this and the bars below it."""
    return min((width_mm - BESIDE_MAP_MM) * shape[0] / shape[1] + BELOW_MAP_MM, TALLEST_MM)


def rows(figure: Figure | SubFigure, heights: list[float]) -> list[SubFigure]:
    """Divide a figure into parts below each other."""
    parts: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    return list(parts)


def columns(figure: Figure | SubFigure, widths: list[float]) -> list[SubFigure]:
    """Divide a figure into parts side by side."""
    parts: Any = figure.subfigures(1, len(widths), width_ratios=widths)
    return list(parts)
