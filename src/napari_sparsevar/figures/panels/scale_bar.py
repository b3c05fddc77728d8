"""A scale bar under an image: of a round length, in micrometres or pixels."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from napari_sparsevar.figures.colours import INK

SCALE_BAR = "scale-bar"

LONGEST_SHARE = 0.35
"""Of the image's width."""


def round_length(longest: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20, 50 ... (or 0.5, 0.2, ...) that is not above it."""
    power = 10.0 ** math.floor(math.log10(longest))
    return next(
        round(digit * power, 12) for digit in (10, 5, 2, 1, 0.5) if digit * power <= longest
    )


def scale_bar(
    axes: Axes, shape: tuple[float, ...], pixel_size_um: float | None, name: str = SCALE_BAR
) -> str:
    """Draw a scale bar below an image that fills the axes; return what it says.

    Parameters
    ----------
    axes : Axes
        Shows an image of pixels of size 1, so one unit of its x axis is one pixel.
    shape : tuple of int
        Height and width of the image.
    pixel_size_um : float or None
        Edge of a pixel in micrometres; the bar is in pixels if it is not known.
    name : str
        Of the line in a figure and in an SVG.
    """
    unit_px = 1.0 / pixel_size_um if pixel_size_um else 1.0
    height, width = shape[0], shape[1]
    length = round_length(LONGEST_SHARE * width / unit_px)
    text = f"{length:g} {'µm' if pixel_size_um else 'px'}"
    # Along x in pixels, along y below the lower edge, so that it hides nothing.
    below = -0.047 * width / height
    place = axes.get_xaxis_transform()
    left = -0.5
    axes.plot(
        [left, left + length * unit_px],
        [below, below],
        transform=place,
        color=INK,
        linewidth=2,
        solid_capstyle="butt",
        clip_on=False,
        gid=name,
    )
    axes.annotate(
        text,
        (left, below),
        xycoords=place,
        xytext=(0, -3),
        textcoords="offset points",
        ha="left",
        va="top",
    )
    return text
