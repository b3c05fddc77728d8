"""The figure of the drivers: where they are, whom they drive, how strong and how sure they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.figures.colours import INK, TISSUE, signed_colour
from napari_sparsevar.figures.kinds.contribution import TISSUE_MAP
from napari_sparsevar.figures.layout import (
    BESIDE_FROM_MM,
    TALLEST_MM,
    columns,
    map_height_mm,
    rows,
)
from napari_sparsevar.figures.listing import Regions, listed_places, outgoing_arrows, title_of
from napari_sparsevar.figures.panels.activity import mean_activity
from napari_sparsevar.figures.panels.colour_maps import Limits, tissue_limits
from napari_sparsevar.figures.panels.map import (
    colour_bar,
    draw_arrow,
    draw_map,
    draw_outlines,
)
from napari_sparsevar.figures.panels.numbering import draw_numbers
from napari_sparsevar.figures.panels.ranking import draw_ranking, ranking_height_mm
from napari_sparsevar.figures.panels.traces import draw_traces, traces_height_mm
from napari_sparsevar.figures.style import (
    DOUBLE_COLUMN_MM,
    LONGEST_LABEL,
    figure_style,
    head,
    new_figure,
    shortened,
)
from napari_sparsevar.run.annotations import Annotations
from napari_sparsevar.run.run import Run
from napari_sparsevar.run.traces import region_activity

ARROW = "arrow"
"""Beginning of the names of arrows."""

NONE_LISTED = "no place drives others\nmore than chance would"

_MAP_SHARE = 0.55
_MARGIN_MM = 6.0


def drivers_figure(
    run: Run,
    *,
    notes: Annotations | None = None,
    regions: Regions = None,
    width_mm: float = DOUBLE_COLUMN_MM,
    limits: Limits | None = None,
    colormap: Colormap | str | None = None,
) -> Figure:
    """Draw the drivers on the mean image with arrows to whom they drive most, and rank them.

    Parameters
    ----------
    run : Run
        As it is at the penalty that is wanted.
    notes : Annotations, optional
        Names; hidden drivers are left out and regions listed among the drivers are drawn too.
    regions : ndarray of int, shape (Y, X), optional
        Painted regions.
    width_mm : float
        The list stands beside the map if there is room for both, else below it.
    limits : tuple of float, optional
        Grey values of the mean image at the first and last colour.
    colormap : Colormap or str, optional
        Of the mean image; grey by default.

    Raises
    ------
    UserError
        If the width cannot be printed, or limits or colour map cannot be.
    """
    listed = listed_places(run, notes, regions)
    with figure_style():
        figure, panels, map_mm = _lay_out(width_mm, run.contribution_map.shape, len(listed))
        draw_drivers(panels[0], run, listed, regions, map_mm, limits, colormap)
        head(panels[0], "a", "Drivers and whom they drive")
        draw_driver_list(panels[1], listed)
        head(panels[1], "b", "Ranked")
        draw_driver_traces(panels[2], run, listed, regions)
        head(panels[2], "c", "Their activity" if len(listed) else "Activity")
    return figure


def _lay_out(
    width_mm: float, shape: tuple[int, ...], n_listed: int
) -> tuple[Figure, list[Axes], float]:
    """Return the figure, its panels and the width of the map's."""
    heights = [ranking_height_mm(n_listed), traces_height_mm(n_listed)]
    beside = width_mm >= BESIDE_FROM_MM
    map_mm = _MAP_SHARE * width_mm if beside else width_mm
    map_height = map_height_mm(map_mm, shape)
    if beside:
        # The traces take what room there is.
        heights[1] = max(heights[1], map_height - heights[0])
        figure = new_figure(width_mm, sum(heights))
        left, right = columns(figure, [_MAP_SHARE, 1 - _MAP_SHARE])
        parts = [left, *rows(right, heights)]
    else:
        figure = new_figure(width_mm, map_height + sum(heights))
        parts = rows(figure, [map_height, *heights])
    return figure, [part.subplots() for part in parts], map_mm


def draw_drivers(
    axes: Axes,
    run: Run,
    listed: pd.DataFrame,
    regions: Regions,
    map_mm: float,
    limits: Limits | None = None,
    colormap: Colormap | str | None = None,
) -> None:
    """Draw listed places on the mean image, numbered, with arrows to whom they drive most.

    Parameters
    ----------
    axes : Axes
    run : Run
    listed : DataFrame
        From ``listed_places``.
    regions : ndarray of int, shape (Y, X), or None
    map_mm : float
        Width of the panel in print, for the numbers to find room.
    limits, colormap
        Of the mean image.
    """
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
    for kind, labels in (("driver", run.driver_labels), ("region", regions)):
        own = listed.loc[listed["kind"] == kind, "label"].astype(int)
        if labels is not None:
            draw_outlines(axes, labels, list(own), name=kind)
    size = points_per_pixel(map_mm, mean.shape)
    radii = dict(
        zip(listed["number"], size * np.sqrt(listed["area_px"].astype(float) / np.pi), strict=True)
    )
    for number, arrow in enumerate(outgoing_arrows(run, listed, regions).itertuples(), start=1):
        draw_arrow(
            axes,
            (float(arrow.source_x), float(arrow.source_y)),
            (float(arrow.target_x), float(arrow.target_y)),
            name=f"{ARROW}-{number}",
            colour=signed_colour(float(arrow.strength)),
            halo=INK,
            shrink=radii[arrow.number],
        )
    draw_numbers(axes, listed, size)


def draw_driver_list(axes: Axes, listed: pd.DataFrame, letters: int = LONGEST_LABEL) -> None:
    """Draw how strong listed places are, how stable, and how sure.

    Parameters
    ----------
    axes : Axes
    listed : DataFrame
        From ``listed_places``.
    letters : int
        Of number and name that there is room for; 0 for the number alone.
    """
    draw_ranking(
        axes,
        [
            shortened(title_of(place), letters) if letters else str(place.number)
            for place in listed.itertuples()
        ],
        listed["strength"].to_numpy(float),
        {
            "stability": [percent_text(value) for value in listed["stability"]],
            "p": [p_value_text(value) for value in listed["p_adjusted"]],
        },
        "contribution",
        empty=NONE_LISTED,
    )


def draw_driver_traces(axes: Axes, run: Run, listed: pd.DataFrame, regions: Regions) -> None:
    """Draw the activity of listed places over the whole movie; of the field where none is."""
    if listed.empty:
        whole = mean_activity(run.results.latents, run.results.good)
        whole = (whole - np.nanmean(whole)) / max(float(np.nanstd(whole)), 1e-12)
        draw_traces(axes, whole[None], ["field"], run.fps)
        return
    activity = np.empty((len(listed), len(run.results.good)))
    for kind, labels in (("driver", run.driver_labels), ("region", regions)):
        own = np.flatnonzero(listed["kind"] == kind)
        if labels is not None and own.size:
            wanted = listed["label"].astype(int).iloc[own]
            activity[own] = region_activity(run, labels, list(wanted))
    draw_traces(axes, activity, list(listed["number"]), run.fps)


def points_per_pixel(map_mm: float, shape: tuple[int, ...]) -> float:
    """Return about how large a pixel of a map is in print, in points."""
    tallest = map_height_mm(map_mm, shape) if map_mm else TALLEST_MM
    fits = min((map_mm - _MARGIN_MM) / shape[1], tallest / shape[0])
    return fits / 25.4 * 72
