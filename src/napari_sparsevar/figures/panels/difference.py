"""The panel of where the influence of places differs."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from napari_sparsevar.comparison.result import POSITIONS
from napari_sparsevar.figures.colours import DIVERGING, GREY
from napari_sparsevar.figures.panels.colour_maps import FloatImage, symmetric_limits
from napari_sparsevar.figures.panels.map import HALO, colour_bar, draw_arrow, draw_map, draw_number

CONTEXT_LEVEL = 0.5
"""Outlines surround places with at least this share of the largest contribution."""

MAP = "difference"
"""Name of the image in the figure and in an SVG."""

EDGE = "edge"
"""Beginning of the names of arrows."""

PLACES = "places"
"""Name of the rings."""

_RING_POINTS, _RING_WIDTH = 5.0, 0.8
_LESS, _MORE = 0.1, 0.9
"""Where in the map's colours: the very ends are too dark to be told apart on a thin line."""
_BELOW_ARROWS = 0.9

_BEHIND_POINTS = 5.0


def draw_difference(
    axes: Axes,
    difference: FloatImage,
    contribution: FloatImage,
    arrows: pd.DataFrame,
    pixel_size_um: float | None,
) -> None:
    """Draw the difference map (Y, X), symmetric about 0, on outlines of the drivers.

    Parameters
    ----------
    axes : Axes
    difference : ndarray, shape (Y, X)
        Positive where a place drives others more in the second window.
    contribution : ndarray, shape (Y, X)
    arrows : DataFrame
        Changed edges, one arrow each, numbered by the index of the table.
    pixel_size_um : float or None
    """
    limits = symmetric_limits(difference)
    draw_map(axes, difference, DIVERGING, limits, pixel_size_um, MAP)
    if contribution.max() > 0 and min(contribution.shape) > 1:
        level = CONTEXT_LEVEL * float(contribution.max())
        if contribution.min() < level:
            axes.contour(contribution, [level], colors=GREY, linewidths=0.6)
    if not np.any(difference):
        axes.text(
            *(0.5, 0.5, "nothing beyond chance"),
            transform=axes.transAxes,
            ha="center",
            va="center",
            color=GREY,
        )
    if set(POSITIONS) <= set(arrows.columns):
        for edge in arrows.itertuples():
            _arrow(axes, str(edge.Index), edge)


def draw_places(axes: Axes, places: pd.DataFrame) -> None:
    """Ring places that changed, in the map's colours of driving others more or less."""
    if places.empty or not {"y", "x"} <= set(places.columns):
        return
    colours = mpl.colormaps[DIVERGING]
    rings = axes.scatter(
        places["x"],
        places["y"],
        s=_RING_POINTS**2,
        facecolors="none",
        edgecolors=[colours(_MORE if more else _LESS) for more in places["balance"] > 0],
        linewidths=_RING_WIDTH,
        zorder=_BELOW_ARROWS,
        gid=PLACES,
    )
    rings.set_path_effects([withStroke(linewidth=_RING_WIDTH + 2 * HALO, foreground="white")])


def difference_bar(axes: Axes, difference: FloatImage, label: str) -> None:
    """Draw the colour bar of the difference map; without numbers where nothing differs."""
    image = next(image for image in axes.get_images() if image.get_gid() == MAP)
    limit = image.get_clim()[1]
    nothing = {-limit: "", 0.0: "0", limit: ""}
    colour_bar(axes, image, label, None if np.any(difference) else nothing)


def _arrow(axes: Axes, number: str, edge: Any) -> None:
    start = edge.source_x, edge.source_y
    draw_arrow(
        axes,
        start,
        (edge.target_x, edge.target_y),
        name=f"{EDGE}-{number}",
        dashed=edge.change <= 0,
    )
    # Behind the start, so that a short arrow is seen.
    ahead = np.array([edge.target_x - edge.source_x, edge.source_y - edge.target_y])
    behind = -_BEHIND_POINTS * ahead / max(float(np.hypot(*ahead)), 1e-9)
    draw_number(axes, number, start, (float(behind[0]), float(behind[1])))
