"""A map of the field of view with its scale bar, colour bar and what is drawn over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap
from matplotlib.image import AxesImage
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import withStroke
from scipy import ndimage

from napari_sparsevar.figures.colours import FAINT, INK, LIGHT_GREY
from napari_sparsevar.figures.panels.colour_maps import FloatImage, Limits, checked, colour_map
from napari_sparsevar.figures.panels.scale_bar import SCALE_BAR, scale_bar

LabelImage = npt.NDArray[np.integer]

HALO = 0.8
"""Points of ground colour on both sides of a line that crosses a map."""

NUMBER_POINTS = 6.0

_BAR_SHARE = 0.58
"""Of the map's width, right of the scale bar."""


def draw_map(
    axes: Axes,
    image: FloatImage,
    colormap: Colormap | str,
    limits: Limits,
    pixel_size_um: float | None,
    name: str,
) -> AxesImage:
    """Draw an image (Y, X) in its own pixels with a scale bar below.

    Parameters
    ----------
    axes : Axes
    image : ndarray, shape (Y, X) or (Y, X, 3)
    colormap : Colormap or str
    limits : tuple of float
        Values of the first and last colour.
    pixel_size_um : float or None
    name : str
        Of the image in the figure and in an SVG.

    Raises
    ------
    UserError
        If the limits or the colour map cannot be.
    """
    low, high = checked(limits)
    drawn = axes.imshow(
        image,
        cmap=colour_map(colormap, (low, high)),
        vmin=low,
        vmax=high,
        interpolation="none",  # the file holds the pixels themselves
        gid=name,
    )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    axes.set_anchor("N")
    scale_bar(axes, image.shape, pixel_size_um, f"{SCALE_BAR}-{name}")
    return drawn


def colour_bar(
    axes: Axes,
    image: AxesImage,
    label: str,
    ticks: Mapping[float, str] | None = None,
    colours: Colormap | None = None,
) -> None:
    """Draw the colour bar below the map, right of the scale bar.

    Parameters
    ----------
    axes : Axes
    image : AxesImage
    label : str
        What the colours mean, with its unit.
    ticks : mapping of float to str, optional
        By default both ends, and 0 between them.
    colours : Colormap, optional
        As the image looks over what lies below it.
    """
    array = image.get_array()
    assert array is not None
    height, width = array.shape[:2]
    per_width = width / height  # heights are shares of the map's width
    place = axes.inset_axes((1 - _BAR_SHARE, -0.06 * per_width, _BAR_SHARE, 0.025 * per_width))
    figure = axes.get_figure(root=False)
    assert figure is not None
    shown = image if colours is None else ScalarMappable(image.norm, colours)
    bar = figure.colorbar(shown, cax=place, orientation="horizontal")
    bar.set_label(label, loc="right")
    bar.outline.set_linewidth(0.6)
    written = ends_of(image) if ticks is None else ticks
    bar.set_ticks(list(written), labels=list(written.values()))
    # The words at both ends stay above the bar.
    place.get_xticklabels()[0].set_horizontalalignment("left")
    place.get_xticklabels()[-1].set_horizontalalignment("right")
    # Vectors: 256 small quads whose edges leave no gaps.
    assert bar.solids is not None
    bar.solids.set(rasterized=False, edgecolor="face")


def ends_of(image: AxesImage, *, middle: bool = True) -> dict[float, str]:
    """Return what to write at a colour bar: both limits, and 0 in the middle of signed ones.

    Without a middle there is little room: of limits symmetric about 0 only the upper is written.
    """
    low, high = image.get_clim()
    if low == -high:
        number = f"{high:.2g}"
        if not middle:
            return {low: "\N{MINUS SIGN}", high: f"+{number}"}
        return {low: f"\N{MINUS SIGN}{number}", 0.0: "0", high: f"+{number}"}
    return {value: number_text(value) for value in (low, high)}


def number_text(value: float) -> str:
    """Write a number to three digits, thousands with a k, with the minus sign of print."""
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value / 1000:.3g}k"
    return text.replace("-", "\N{MINUS SIGN}")


def draw_outlines(
    axes: Axes,
    labels: LabelImage,
    shown: Sequence[int],
    *,
    name: str = "outline",
    faint: bool = False,
) -> None:
    """Draw the outline of every label of a label image (Y, X) as a line, thin and grey if faint."""
    colour, width, halo = (LIGHT_GREY, 0.4, HALO / 2) if faint else ("white", 0.8, HALO)
    areas = ndimage.find_objects(np.asarray(labels, np.int32))
    limits = axes.get_xlim(), axes.get_ylim()
    for label in shown:
        area = areas[label - 1] if 0 < label <= len(areas) else None
        if area is None:
            continue
        # A frame of zeros, so that the line closes at the edge of the field too.
        inside = np.pad((labels[area] == label).astype(float), 1)
        y = np.arange(inside.shape[0]) + area[0].start - 1
        x = np.arange(inside.shape[1]) + area[1].start - 1
        drawn = axes.contour(x, y, inside, [0.5], colors=colour, linewidths=width)
        drawn.set_path_effects([withStroke(linewidth=width + 2 * halo, foreground=INK)])
        drawn.set_gid(f"{name}-{label}")
    # A line at the edge of the field must not make it larger.
    axes.set(xlim=limits[0], ylim=limits[1])


def draw_arrow(
    axes: Axes,
    start: tuple[float, float],
    stop: tuple[float, float],
    *,
    name: str,
    colour: str = INK,
    halo: str = "white",
    dashed: bool = False,
    shrink: float = 0.0,
    shrink_end: float = 0.0,
    width: float = 0.9,
    faint: bool = False,
) -> None:
    """Draw a bent arrow from one place to another.

    Parameters
    ----------
    axes : Axes
    start, stop : tuple of float
        x, y in the units of the axes.
    name : str
        What it is called in an SVG.
    colour, halo : str
        Of the line, and of the rim that tells it from what lies below.
    dashed : bool
    shrink, shrink_end : float
        Points left free at its start and at its end.
    width : float
        Points.
    faint : bool
        Thin and pale, for what is not beyond chance.
    """
    width, alpha = (0.5, FAINT) if faint else (width, 1.0)
    arrow = FancyArrowPatch(
        start,
        stop,
        arrowstyle="-|>",
        mutation_scale=4 + 2.2 * max(width, 0.9),
        connectionstyle="arc3,rad=0.15",
        linewidth=width,
        alpha=alpha,
        linestyle=(0, (2.5, 1.5)) if dashed else "-",
        color=colour,
        shrinkA=shrink,
        shrinkB=shrink_end,
        gid=name,
    )
    if not faint:
        arrow.set_path_effects([withStroke(linewidth=width + 2 * HALO, foreground=halo)])
    axes.add_patch(arrow)


def draw_number(
    axes: Axes,
    text: str,
    place: tuple[float, float],
    offset: tuple[float, float],
    *,
    faint: bool = False,
) -> None:
    """Write a number in a white circle ``offset`` points from a place (x, y); faint in none."""
    ground, line = ("none", "none") if faint else ("white", INK)
    axes.annotate(
        text,
        place,
        xytext=offset,
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=NUMBER_POINTS,
        color=LIGHT_GREY if faint else INK,
        bbox={"boxstyle": "circle,pad=0.15", "facecolor": ground, "edgecolor": line, "lw": 0.5},
    )
