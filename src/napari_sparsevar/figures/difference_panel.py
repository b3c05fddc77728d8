"""The panel of where the influence of places differs."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import withStroke

from napari_sparsevar.analysis.comparison.result import POSITIONS
from napari_sparsevar.figures.scale_bar import scale_bar
from napari_sparsevar.figures.style import DIVERGING, GREY, INK

FloatImage = npt.NDArray[np.float32]

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

_HALO = 0.8
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
    limit = symmetric_limit(difference)
    axes.imshow(
        difference,
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        interpolation="none",  # the file holds the pixels themselves
        gid=MAP,
    )
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
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    axes.set_anchor("N")
    scale_bar(axes, difference.shape, pixel_size_um)


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
    rings.set_path_effects([withStroke(linewidth=_RING_WIDTH + 2 * _HALO, foreground="white")])


def symmetric_limit(difference: FloatImage) -> float:
    """Return the largest absolute value, 1 for a map of zeros."""
    finite = difference[np.isfinite(difference)]
    return float(np.abs(finite).max(initial=0.0)) or 1.0


def colour_bar(axes: Axes, difference: FloatImage, label: str) -> None:
    """Draw the colour bar below the right half of the map."""
    height, width = difference.shape
    per_width = width / height  # heights are shares of the map's width
    image = next(image for image in axes.get_images() if image.get_gid() == MAP)
    place = axes.inset_axes((0.5, -0.06 * per_width, 0.5, 0.025 * per_width))
    figure = axes.get_figure(root=False)
    assert figure is not None
    bar = figure.colorbar(image, cax=place, orientation="horizontal")
    bar.set_label(label)
    bar.outline.set_linewidth(0.6)
    limit = image.get_clim()[1]
    number = f"{limit:.2g}"
    ends = [f"\N{MINUS SIGN}{number}", "0", f"+{number}"]
    bar.set_ticks([-limit, 0, limit], labels=ends if np.any(difference) else ["", "0", ""])
    # Vectors: 256 small quads whose edges leave no gaps.
    assert bar.solids is not None
    bar.solids.set(rasterized=False, edgecolor="face")


def _arrow(axes: Axes, number: str, edge: Any) -> None:
    start = edge.source_x, edge.source_y
    arrow = FancyArrowPatch(
        start,
        (edge.target_x, edge.target_y),
        arrowstyle="-|>",
        mutation_scale=6,
        connectionstyle="arc3,rad=0.15",
        linewidth=0.9,
        linestyle="-" if edge.change > 0 else (0, (2.5, 1.5)),
        color=INK,
        shrinkA=0,
        shrinkB=0,
        gid=f"{EDGE}-{number}",
    )
    arrow.set_path_effects([withStroke(linewidth=0.9 + 2 * _HALO, foreground="white")])
    axes.add_patch(arrow)
    # Behind the start, so that a short arrow is seen.
    ahead = np.array([edge.target_x - edge.source_x, edge.source_y - edge.target_y])
    axes.annotate(
        number,
        start,
        xytext=tuple(-_BEHIND_POINTS * ahead / max(float(np.hypot(*ahead)), 1e-9)),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=6,
        bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": INK, "lw": 0.5},
    )
