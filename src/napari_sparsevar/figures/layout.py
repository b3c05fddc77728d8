"""Where the panels of the figure of compared windows go."""

from __future__ import annotations

from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from napari_sparsevar.figures.style import new_figure

BESIDE_FROM_MM = 130.0
"""Width from which the map stands beside the other panels."""

_TIMELINE_MM, _PANEL_MM, _EDGES_MM = 28.0, 38.0, 45.0
_BELOW_MAP_MM = 22.0
_TALLEST_MM = 150.0
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
    map_mm = min(map_mm + _BELOW_MAP_MM, _TALLEST_MM)
    if beside:
        body_mm = max(map_mm, _PANEL_MM + _EDGES_MM)
        figure = new_figure(width_mm, _TIMELINE_MM + body_mm)
        top, body = _rows(figure, [_TIMELINE_MM, body_mm])
        left, right = _columns(body, [_MAP_SHARE, 1 - _MAP_SHARE])
    else:
        heights = [_TIMELINE_MM, map_mm, _PANEL_MM + _EDGES_MM]
        figure = new_figure(width_mm, sum(heights))
        top, left, right = _rows(figure, heights)
    return figure, Panels(top.subplots(), left.subplots(), *_others(right, several))


def _others(figure: SubFigure, several: bool) -> tuple[Axes, Axes, Axes, Axes | None]:
    above, below = _rows(figure, [_PANEL_MM, _EDGES_MM])
    left, right = _columns(above, [1.2, 1.0])
    if not several:
        return left.subplots(), right.subplots(), below.subplots(), None
    first, second = _columns(below, [1.0, 1.0])
    return left.subplots(), right.subplots(), first.subplots(), second.subplots()


def _rows(figure: Figure | SubFigure, heights: list[float]) -> list[SubFigure]:
    parts: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    return list(parts)


def _columns(figure: SubFigure, widths: list[float]) -> list[SubFigure]:
    parts: Any = figure.subfigures(1, len(widths), width_ratios=widths)
    return list(parts)
