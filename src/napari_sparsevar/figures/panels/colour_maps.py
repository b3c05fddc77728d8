"""Colour maps and limits of maps, by name or given."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap

from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.colours import (
    CONTRIBUTION,
    LEAST_TOP,
    SIGNED,
    SIGNED_COLOURS,
    SIGNED_PLACES,
    contribution_colours,
)

FloatImage = npt.NDArray[np.float32]
Limits = tuple[float, float]

_STEPS = 257

_DARKEST, _BRIGHTEST = 0.5, 99.8
"""Percentiles of an image of the tissue, as the viewer shows a movie."""


def colour_map(chosen: Colormap | str, limits: Limits = (0.0, LEAST_TOP)) -> Colormap:
    """Return a colour map.

    Parameters
    ----------
    chosen : Colormap or str
        One of matplotlib's names, or that of one of our own two.
    limits : tuple of float
        Values of the first and last colour.

    Raises
    ------
    UserError
        If there is none of this name.
    """
    if isinstance(chosen, Colormap):
        return chosen
    if chosen == SIGNED:
        stops = list(zip(SIGNED_PLACES, SIGNED_COLOURS, strict=True))
        return LinearSegmentedColormap.from_list(SIGNED, stops)
    if chosen == CONTRIBUTION:
        low, high = limits
        return ListedColormap(contribution_colours(high, low), CONTRIBUTION)
    try:
        return mpl.colormaps[chosen]
    except KeyError:
        raise UserError(
            f"There is no colour map '{chosen}': choose one of matplotlib's, such as inferno, "
            f"viridis or gray, or '{SIGNED}' or '{CONTRIBUTION}'."
        ) from None


def see_through(chosen: Colormap | str, strength: float = 1.0) -> Colormap:
    """Return a colour map to lie over a picture: black lets it through, a bright colour covers it.

    Over black it looks as the map itself; unlike colours that are added, it keeps its hue over what
    is bright.

    Parameters
    ----------
    chosen : Colormap or str
    strength : float
        Below 1, everything is paler.
    """
    known = colour_map(chosen)
    colours = known(np.linspace(0, 1, _STEPS))
    light = colours[:, :3] * colours[:, 3:]
    cover = light.max(axis=1, keepdims=True)
    straight = np.divide(light, cover, out=np.zeros_like(light), where=cover > 0)
    return ListedColormap(np.hstack([straight, strength * cover]), name=known.name)


def laid_over(colours: Colormap, grey: float) -> Colormap:
    """Return the colours that a map which lets through shows over a grey between 0 and 1."""
    rgba = colours(np.linspace(0, 1, _STEPS))
    return ListedColormap(rgba[:, :3] * rgba[:, 3:] + grey * (1 - rgba[:, 3:]), name=colours.name)


def checked(limits: Limits) -> Limits:
    """Return limits of colours; UserError if they are not two numbers, the smaller first."""
    low, high = limits
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UserError(f"The limits of the colours are {low:g} and {high:g}: give low, then high.")
    return low, high


def tissue_limits(image: FloatImage) -> Limits:
    """Return limits that leave out the darkest and brightest few pixels."""
    finite = image[np.isfinite(image)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, [_DARKEST, _BRIGHTEST])
    return float(low), float(high) if high > low else float(low) + 1.0


def positive_limits(image: FloatImage) -> Limits:
    """Return limits from 0 to the largest value, 1 for a map of zeros."""
    finite = image[np.isfinite(image)]
    return 0.0, float(finite.max(initial=0.0)) or 1.0


def symmetric_limits(image: FloatImage) -> Limits:
    """Return limits symmetric about 0 that reach the largest absolute value, 1 where all is 0."""
    finite = image[np.isfinite(image)]
    top = float(np.abs(finite).max(initial=0.0)) or 1.0
    return -top, top
