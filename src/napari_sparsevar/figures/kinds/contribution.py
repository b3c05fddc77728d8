"""The figure of the contribution map, beside the tissue it lies in."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from napari_sparsevar.figures.colours import CONTRIBUTION, TISSUE
from napari_sparsevar.figures.layout import columns, map_height_mm
from napari_sparsevar.figures.panels.colour_maps import Limits, positive_limits, tissue_limits
from napari_sparsevar.figures.panels.map import colour_bar, draw_map
from napari_sparsevar.figures.style import SINGLE_COLUMN_MM, figure_style, head, new_figure
from napari_sparsevar.run.run import Run

TISSUE_MAP, CONTRIBUTION_MAP = "tissue", "contribution"
"""Names of the images in a figure and in an SVG."""


def contribution_figure(
    run: Run,
    *,
    width_mm: float = SINGLE_COLUMN_MM,
    limits: Limits | None = None,
    colormap: Colormap | str | None = None,
) -> Figure:
    """Draw the mean image of the movie and every pixel's share in driving what happens next.

    Parameters
    ----------
    run : Run
        As it is at the penalty that is wanted.
    width_mm : float
    limits : tuple of float, optional
        Contribution at the first and last colour; from 0 to the largest by default.
    colormap : Colormap or str, optional
        Of the contribution; that of the viewer by default.

    Raises
    ------
    UserError
        If the width cannot be printed, or limits or colour map cannot be.
    """
    with figure_style():
        figure = new_figure(width_mm, map_height_mm(width_mm / 2, run.contribution_map.shape))
        left, right = columns(figure, [1, 1])
        tissue, contribution = left.subplots(), right.subplots()
        draw_tissue(tissue, run)
        head(tissue, "a", "Mean image")
        draw_contribution(contribution, run, limits, colormap)
        head(contribution, "b", "Contribution")
    return figure


def draw_tissue(axes: Axes, run: Run, limits: Limits | None = None, *, bar: bool = True) -> None:
    """Draw the mean image of the movie in grey values."""
    mean = run.results.mean
    image = draw_map(
        axes, mean, TISSUE, limits or tissue_limits(mean), run.pixel_size_um, TISSUE_MAP
    )
    if bar:
        colour_bar(axes, image, "mean grey value")


def draw_contribution(
    axes: Axes, run: Run, limits: Limits | None = None, colormap: Colormap | str | None = None
) -> None:
    """Draw the contribution map with its colour bar."""
    found = run.contribution_map
    image = draw_map(
        axes,
        found,
        colormap or CONTRIBUTION,
        limits or positive_limits(found),
        run.pixel_size_um,
        CONTRIBUTION_MAP,
    )
    colour_bar(axes, image, "contribution\n(strongest = 1)")
