"""The field of view: its tissue, and what each place of it contributes."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from napari_sparsevar.figures.captions import length_unit, limits_words
from napari_sparsevar.figures.colours import CONTRIBUTION, TISSUE
from napari_sparsevar.figures.panels.colour_maps import Limits, positive_limits, tissue_limits
from napari_sparsevar.figures.panels.map import colour_bar, draw_map
from napari_sparsevar.run.run import Run

TISSUE_MAP, CONTRIBUTION_MAP = "tissue", "contribution"
"""Names of the images in a figure and in an SVG."""


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
        "beyond chance, the strongest place being 1 (shown from "
        f"{limits_words(figure, CONTRIBUTION_MAP)}). {edges_words(run)}"
    )


def edges_words(run: Run) -> str:
    """Return how many edges there are."""
    edges = run.results.fitted.n_edges
    return f"The sparse VAR has {edges:,} edges between different places."
