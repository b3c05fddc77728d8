"""The field of view: its tissue, and what each place of it contributes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from napari_sparsevar.figures.captions import length_unit, limits_words
from napari_sparsevar.figures.colours import CHANCE, CONTRIBUTION, LEAST_TOP, TISSUE
from napari_sparsevar.figures.panels.colour_maps import (
    FloatImage,
    Limits,
    colour_map,
    laid_over,
    positive_limits,
    see_through,
    tissue_limits,
)
from napari_sparsevar.figures.panels.map import colour_bar, draw_map, number_text
from napari_sparsevar.run.run import Run

TISSUE_MAP, CONTRIBUTION_MAP = "tissue", "contribution"
"""Names of the images in a figure and in an SVG."""

_DIMMED = 0.6
"""Brightest grey below a map, 1 being white."""


def draw_tissue(
    axes: Axes, run: Run, limits: Limits | None = None, colormap: Colormap | str | None = None
) -> None:
    """Draw the mean image of the movie in grey values."""
    mean = run.results.mean
    image = draw_map(
        axes,
        mean,
        colormap or TISSUE,
        limits or tissue_limits(mean),
        run.pixel_size_um,
        TISSUE_MAP,
    )
    colour_bar(axes, image, "mean grey value")


def draw_over_tissue(
    axes: Axes,
    run: Run,
    image: FloatImage,
    colormap: Colormap | str,
    limits: Limits,
    name: str,
    strength: float = 1.0,
) -> tuple[AxesImage, Colormap]:
    """Draw a map (Y, X) that is black where nothing is over the mean image, which is dimmed.

    Parameters
    ----------
    axes : Axes
    run : Run
    image : ndarray, shape (Y, X)
    colormap, limits
        Of the map.
    name : str
        Of the map in the figure and in an SVG; that of the mean image begins with ``TISSUE_MAP``.
    strength : float
        Below 1, the map is paler.

    Returns
    -------
    AxesImage
        The map.
    Colormap
        How its colours look over the average of the mean image, for a colour bar.
    """
    mean = run.results.mean
    low, high = tissue_limits(mean)
    grey = ListedColormap(colour_map(TISSUE)(np.linspace(0, _DIMMED, 256)))
    axes.imshow(
        mean, cmap=grey, vmin=low, vmax=high, interpolation="none", gid=f"{TISSUE_MAP}-{name}"
    )
    colours = see_through(colormap, strength)
    drawn = draw_map(axes, image, colours, limits, run.pixel_size_um, name)
    usual = float(np.nanmean(np.clip((mean - low) / (high - low), 0, 1)))
    return drawn, laid_over(colours, _DIMMED * usual)


def draw_contribution(
    axes: Axes, run: Run, limits: Limits | None = None, colormap: Colormap | str | None = None
) -> None:
    """Draw the contribution map with its colour bar."""
    found, known = run.results.contribution, run.results.chance_known
    image = draw_map(
        axes,
        found,
        colormap or CONTRIBUTION,
        limits or contribution_limits(run),
        run.pixel_size_um,
        CONTRIBUTION_MAP,
    )
    marks = _with_chance(image) if known else {}
    unit = "reach of chance = 1" if known else "arbitrary units"
    colour_bar(axes, image, "contribution" if marks else f"contribution\n({unit})", marks or None)


def _with_chance(image: AxesImage) -> dict[float, str]:
    """Return the marks of a colour bar on which there is room for what chance reaches."""
    low, high = image.get_clim()
    if not 0.25 <= (CHANCE - low) / (high - low) <= 0.6:
        return {}
    return {low: "", CHANCE: "chance", high: number_text(high)}


def contribution_limits(run: Run) -> Limits:
    """Return limits of the contribution that do not make much of what chance reaches.

    The last colour is at least twice what chance reaches; where that is not known, twice of what
    there is.
    """
    top = positive_limits(run.results.contribution)[1]
    return 0.0, max(top, LEAST_TOP) if run.results.chance_known else LEAST_TOP * top


def tissue_words(run: Run, figure: Figure) -> str:
    """Return what the mean image shows."""
    return (
        "Mean image of the movie in grey values (shown from "
        f"{limits_words(figure, TISSUE_MAP)}). Scale bar in {length_unit(run)}."
    )


def contribution_words(run: Run, figure: Figure) -> str:
    """Return what the contribution map shows."""
    return (
        "Contribution: how strongly each pixel drives distant places in the frames that follow, "
        f"{unit_of_contribution(run)} (shown from {limits_words(figure, CONTRIBUTION_MAP)}). A map "
        f"is no test: what is beyond chance, the list of drivers says. {edges_words(run)}"
    )


def unit_of_contribution(run: Run) -> str:
    """Return what a contribution of 1 is."""
    if run.results.chance_known:
        return "1 being what chance reaches at that place"
    return "in arbitrary units, as what chance reaches is not known"


def edges_words(run: Run) -> str:
    """Return how many edges there are."""
    edges = run.results.fitted.n_edges
    return f"The sparse VAR has {edges:,} edges between different places."
