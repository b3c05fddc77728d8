"""The panel of who drives whom: one field a pair, sources in rows, targets in columns."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.image import AxesImage

from napari_sparsevar.figures.cell_listing import BoolArray, FloatArray
from napari_sparsevar.figures.colours import DIVERGING, GREY, LIGHT_GREY, SEQUENTIAL
from napari_sparsevar.figures.panels.colour_maps import Limits, checked, colour_map
from napari_sparsevar.figures.panels.map import ends_of, number_text
from napari_sparsevar.figures.pooling import pooled
from napari_sparsevar.figures.style import shortened

MATRIX = "matrix"
"""Name of the image in a figure and in an SVG."""

MOST_FIELDS = 600
"""Fields a side that print can show; of more cells several share a field."""

_NAME_MM = 2.1
"""Height of a name."""
_LONGEST_NAME = 12
_GAP = 0.22
"""Half of the colours about 0 that are left out where pairs are masked: a weak edge is no white."""
_STEPS = 256


def cells_each(n: int) -> int:
    """Return how many cells share a row of the matrix of so many."""
    return -(-n // MOST_FIELDS)


def draw_matrix(
    axes: Axes,
    matrix: FloatArray,
    known: BoolArray,
    names: Sequence[str],
    side_mm: float,
    colours: Colormap,
    limits: Limits,
) -> AxesImage:
    """Draw a matrix (n, n) in the order given, and names where there is room for them.

    Parameters
    ----------
    axes : Axes
    matrix : ndarray, shape (n, n)
        NaN, which stays white, for pairs that do not pass.
    known : ndarray of bool, shape (n, n)
        Pairs that were looked at; the others are grey.
    names : sequence of str
    side_mm : float
        Of the matrix in print.
    colours : Colormap
    limits : tuple of float
    """
    low, high = checked(limits)
    n, each = len(matrix), cells_each(len(matrix))
    end = -(-n // each) * each - 0.5
    extent = (-0.5, end, end, -0.5)
    if each == 1:
        unknown, ground = np.where(known, np.nan, 1.0), ListedColormap([LIGHT_GREY])
        axes.imshow(unknown, cmap=ground, vmin=0, vmax=1, extent=extent, interpolation="none")
    falling = low >= 0 and colours.name.endswith("_r")
    (shown,) = pooled(-matrix if falling else np.abs(matrix), each, matrix)
    image = axes.imshow(
        shown,
        cmap=colours,
        vmin=low,
        vmax=high,
        extent=extent,
        interpolation="none",
        gid=MATRIX,
    )
    axes.spines[:].set_visible(True)
    axes.set_anchor("N")
    _name_cells(axes, names, side_mm / n)
    return image


def matrix_colours(value: str, chosen: Colormap | str | None, *, masked: bool) -> Colormap:
    """Return the colours of a matrix; of a masked one without those that are almost white."""
    if chosen is not None:
        return colour_map(chosen)
    if value == "stability":
        return (
            _without(SEQUENTIAL, np.linspace(_GAP, 1, _STEPS)) if masked else mpl.colormaps["Blues"]
        )
    if value.startswith("p_"):
        return mpl.colormaps[f"{SEQUENTIAL}_r"]
    if not masked:
        return mpl.colormaps[DIVERGING]
    half = _STEPS // 2
    places = [np.linspace(0, 0.5 - _GAP / 2, half), np.linspace(0.5 + _GAP / 2, 1, half)]
    return _without(DIVERGING, np.concatenate(places))


def matrix_limits(matrix: FloatArray, value: str, level: float) -> Limits:
    """Return the values of the first and last colour of what is shown."""
    if value.startswith("p_"):
        return 0.0, level
    if value == "stability":
        return 0.0, 1.0
    shown = np.abs(matrix[np.isfinite(matrix)])
    top = float(shown.max(initial=0.0)) or 1.0
    return -top, top


def draw_matrix_bar(axes: Axes, image: AxesImage, label: str) -> None:
    """Draw the colour bar right of the matrix."""
    low, high = image.get_clim()
    figure = axes.get_figure(root=False)
    assert figure is not None
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=18, pad=0.02, panchor=False)
    bar.set_label(label)
    bar.outline.set_linewidth(0.6)
    written = ends_of(image) if low < 0 else {low: number_text(low), high: number_text(high)}
    bar.set_ticks(list(written), labels=list(written.values()))
    assert bar.solids is not None
    bar.solids.set(rasterized=False, edgecolor="face")


def _without(name: str, places: FloatArray) -> Colormap:
    return ListedColormap(mpl.colormaps[name](places), name=name)


def _name_cells(axes: Axes, names: Sequence[str], row_mm: float) -> None:
    axes.set_xlabel("target")
    axes.set_ylabel("source")
    if row_mm < _NAME_MM:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(f"target ({len(names):,} cells)")
        axes.set_ylabel(f"source ({len(names):,} cells)")
        return
    places = np.arange(len(names))
    written = [shortened(name, _LONGEST_NAME) for name in names]
    size = min(7.0, row_mm / 25.4 * 72 * 0.85)
    axes.set_yticks(places, written, fontsize=size)
    level = max(map(len, written)) * size * 0.6 <= row_mm / 25.4 * 72
    axes.set_xticks(places, written, fontsize=size, rotation=0 if level else 90)
    axes.tick_params(length=0)


def say_on_matrix(axes: Axes, words: str) -> None:
    """Write words in the middle of a matrix that shows nothing."""
    axes.text(
        *(0.5, 0.5, words),
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=GREY,
        backgroundcolor="white",
    )
