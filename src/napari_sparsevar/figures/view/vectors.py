"""What is drawn as vectors in the figure of a view: arrows, points and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from napari_sparsevar.figures.view.layers import (
    ArrowsInView,
    FloatArray,
    LayerInView,
    OutlinesInView,
    PointsInView,
    View,
)

_POINTS_AN_INCH = 72
_WORD_POINTS = 5.0


def draw_vectors(axes: Axes, layer: LayerInView, view: View, order: int) -> None:
    """Draw a layer into the axes of a view; images are drawn elsewhere.

    Parameters
    ----------
    axes : Axes
        One unit is one of the world; the first lies at -0.5, where the scale bar begins.
    layer : ArrowsInView, PointsInView or OutlinesInView
    view : View
    order : int
        The higher is drawn over the lower.
    """
    corner = np.asarray(view.top_left) + 0.5
    if isinstance(layer, ArrowsInView) and len(layer.start):
        _draw_arrows(axes, layer, corner, order)
    elif isinstance(layer, PointsInView) and len(layer.centres):
        _draw_points(axes, layer, corner, order)
    elif isinstance(layer, OutlinesInView):
        _draw_outlines(axes, layer, corner, order)


def _draw_arrows(axes: Axes, layer: ArrowsInView, corner: FloatArray, order: int) -> None:
    y, x = (layer.start - corner).T
    heads: dict[str, Any] = {}
    if not layer.heads:
        heads = {"headwidth": 1, "headlength": 0, "headaxislength": 0}
    axes.quiver(
        *(x, y, layer.direction[:, 1], layer.direction[:, 0]),
        angles="xy",
        scale_units="xy",
        scale=1,
        units="xy",
        width=layer.width,
        color=_faded(layer.colours, layer.opacity),
        zorder=order,
        gid=layer.name,
        **heads,
    )


def _draw_points(axes: Axes, layer: PointsInView, corner: FloatArray, order: int) -> None:
    discs = EllipseCollection(
        layer.diameters,
        layer.diameters,
        np.zeros(len(layer.diameters)),
        units="xy",
        offsets=(layer.centres - corner)[:, ::-1],
        offset_transform=axes.transData,
        facecolors=_faded(layer.colours, layer.opacity),
        edgecolors=_faded(layer.edges, layer.opacity),
        linewidths=0.4,
        zorder=order,
        gid=layer.name,
    )
    axes.add_collection(discs, autolim=False)
    for centre, word in zip(layer.centres - corner, layer.words, strict=False):
        x, y = float(centre[1]), float(centre[0])
        style: dict[str, Any] = {
            "color": "white",
            "fontsize": _WORD_POINTS,
            "ha": "center",
            "va": "center",
        }
        axes.text(x, y, word, zorder=order, clip_on=True, **style)


def _draw_outlines(axes: Axes, layer: OutlinesInView, corner: FloatArray, order: int) -> None:
    faces, edges = (_faded(each, layer.opacity) for each in (layer.faces, layer.edges))
    points_a_unit = _points_a_unit(axes)
    for index, corners in enumerate(layer.corners):
        places = (corners - corner)[:, ::-1]
        if layer.closed[index]:
            places = np.concatenate([places, places[:1]])
        outline = Outline(places, closed=layer.closed[index])
        patch = PathPatch(
            outline,
            facecolor=faces[index] if layer.closed[index] else "none",
            edgecolor=edges[index],
            linewidth=layer.widths[index] * points_a_unit,
            joinstyle="miter",
            zorder=order,
            gid=f"{layer.name}-{index + 1}",
        )
        axes.add_patch(patch)


def _points_a_unit(axes: Axes) -> float:
    """Return how long a unit of the axes is in print."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # the layout decides how large the axes are
    width = axes.get_window_extent().width / figure.dpi * _POINTS_AN_INCH
    left, right = axes.get_xlim()
    return float(width / abs(right - left))


def _faded(colours: FloatArray, opacity: float) -> FloatArray:
    return np.concatenate([colours[:, :3], colours[:, 3:] * opacity], axis=1)
