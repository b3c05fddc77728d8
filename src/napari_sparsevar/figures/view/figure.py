"""The figure of what a person sees in a viewer, drawn without one."""

from __future__ import annotations

import itertools
from importlib.metadata import version

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure

from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.options import DOUBLE_COLUMN_MM
from napari_sparsevar.figures.panels.map import number_text
from napari_sparsevar.figures.panels.scale_bar import scale_bar
from napari_sparsevar.figures.saving import DPI
from napari_sparsevar.figures.style import figure_style, new_figure, shortened
from napari_sparsevar.figures.view.composing import composed, composed_above
from napari_sparsevar.figures.view.layers import FloatArray, ImageInView, LayerInView, View
from napari_sparsevar.figures.view.vectors import draw_vectors

PICTURE = "view"
"""Beginning of the names of the pictures in the figure and in an SVG."""

_ABOVE_MM, _BELOW_MM, _BAR_MM = 6.0, 1.0, 8.0
_BAR_LEFT, _BAR_SHARE, _BAR_HIGH_MM = 0.42, 0.58, 2.0


def view_figure(view: View, *, width_mm: float = DOUBLE_COLUMN_MM, dpi: float = DPI) -> Figure:
    """Draw a view with scale bar, colour bars and time stamp.

    Images are one picture with as many pixels as it has dots in print; arrows, points and
    shapes are vectors.

    Parameters
    ----------
    view : View
    width_mm : float
    dpi : float

    Raises
    ------
    UserError
        If nothing is seen, or the width cannot be printed.
    """
    height, width = view.size
    if not view.layers or height <= 0 or width <= 0:
        raise UserError("There is nothing to see in the viewer: open a movie or show a layer.")
    bars = [layer for layer in view.layers if _has_bar(layer)]
    map_mm = width_mm * height / width
    below = _BELOW_MM + _BAR_MM * max(1, len(bars))
    with figure_style():
        figure = new_figure(width_mm, map_mm + _ABOVE_MM + below)
        axes = figure.subplots()
        shape = (max(1, round(map_mm / 25.4 * dpi)), max(1, round(width_mm / 25.4 * dpi)))
        axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), xticks=[], yticks=[])
        axes.set_aspect("equal")
        axes.set_anchor("N")
        axes.spines[:].set_visible(True)
        axes.set_title(view.time)
        scale_bar(axes, (height, width), view.unit_um)
        for index, layer in enumerate(bars):
            assert isinstance(layer, ImageInView)
            _colour_bar(axes, layer, index, map_mm)
        _draw_layers(axes, view, shape)  # at last: edges are as wide as the axes are large
    return figure


def view_caption(view: View) -> str:
    """Return the text that goes below the figure: every layer with its settings."""
    words = "; ".join(_described(layer) for layer in reversed(view.layers))
    time = f" at {view.time}" if view.time else ""
    left_out = f" Not drawn: {', '.join(view.left_out)}." if view.left_out else ""
    return (
        f"What the viewer showed{time}, the uppermost layer first: {words}.{left_out} Drawn with "
        f"napari-sparsevar {version('napari-sparsevar')}.\n"
    )


def _described(layer: LayerInView) -> str:
    parts = []
    if isinstance(layer, ImageInView) and _has_bar(layer):
        low, high = layer.limits
        parts += [f"limits {low:.4g} to {high:.4g}", *([f"gamma {layer.gamma:g}"] * _bent(layer))]
    if isinstance(layer, ImageInView):
        parts.append(layer.blending.replace("_", " "))
    parts.append(f"opacity {layer.opacity:.2g}")
    return f"{layer.name} ({', '.join(parts)})"


def _bent(layer: ImageInView) -> bool:
    return layer.gamma != 1.0


def _has_bar(layer: LayerInView) -> bool:
    return isinstance(layer, ImageInView) and not layer.is_labels and len(layer.pixels.shape) == 2


def _draw_layers(axes: Axes, view: View, shape: tuple[int, int]) -> None:
    """Draw from the lowest to the uppermost; images beside each other become one picture."""
    groups = itertools.groupby(view.layers, key=lambda layer: isinstance(layer, ImageInView))
    for order, (_, members) in enumerate(groups):
        group = list(members)
        images = [layer for layer in group if isinstance(layer, ImageInView)]
        if images and order == 0:
            _picture(axes, composed(images, view, shape), view, order)
        elif images:
            _picture(axes, composed_above(images, view, shape), view, order)
        else:
            if order == 0:
                _picture(axes, composed([], view, (1, 1)), view, order)
            for layer in group:
                draw_vectors(axes, layer, view, order)


def _picture(axes: Axes, picture: FloatArray, view: View, order: int) -> None:
    height, width = view.size
    axes.imshow(
        picture,
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        interpolation="none",
        zorder=order,
        gid=f"{PICTURE}-{order}",
    )


def _colour_bar(axes: Axes, layer: ImageInView, index: int, map_mm: float) -> None:
    """Draw the colour bar of a layer below the picture, right of the scale bar."""
    top = -(2.0 + _BAR_MM * index) / map_mm
    high = _BAR_HIGH_MM / map_mm
    place = axes.inset_axes((_BAR_LEFT, top - high, _BAR_SHARE, high))
    low, upper = layer.limits
    mappable = ScalarMappable(PowerNorm(layer.gamma, low, upper), ListedColormap(layer.colours))
    figure = axes.get_figure(root=False)
    assert figure is not None
    bar = figure.colorbar(mappable, cax=place, orientation="horizontal")
    bar.set_ticks([low, upper], labels=[number_text(low), number_text(upper)])
    bar.ax.minorticks_off()
    bar.ax.tick_params(length=0, pad=1.5)
    bar.ax.set_xlabel(shortened(layer.name, 40), labelpad=-6)
    bar.outline.set_linewidth(0.6)
    place.get_xticklabels()[0].set_horizontalalignment("left")
    place.get_xticklabels()[-1].set_horizontalalignment("right")
    # Vectors: quads whose edges leave no gaps.
    assert bar.solids is not None
    bar.solids.set(rasterized=False, edgecolor="face")
