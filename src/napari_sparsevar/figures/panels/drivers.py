"""Listed places: where they are and whom they drive, how strong and sure, what they do."""

from __future__ import annotations

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.analysis.maps.drivers import HALF_HEIGHT
from napari_sparsevar.figures.captions import position_words, unit_of
from napari_sparsevar.figures.colours import INK, signed_colour
from napari_sparsevar.figures.listing import Regions, arrows_each, outgoing_arrows, surest, title_of
from napari_sparsevar.figures.panels.colour_maps import Limits
from napari_sparsevar.figures.panels.field import draw_tissue, unit_of_contribution
from napari_sparsevar.figures.panels.map import draw_arrow, draw_outlines
from napari_sparsevar.figures.panels.numbering import draw_numbers, points_per_pixel
from napari_sparsevar.figures.panels.ranking import draw_ranking
from napari_sparsevar.figures.panels.traces import (
    MOST_POINTS,
    draw_traces,
    frames_each,
    mean_activity,
)
from napari_sparsevar.figures.style import LONGEST_LABEL, shortened
from napari_sparsevar.run.run import Run
from napari_sparsevar.run.traces import region_activity

ARROW = "arrow"
"""Beginning of the names of arrows."""

CANDIDATE = "candidate"
"""Beginning of the names of their outlines."""

_LETTERS_A_LINE = 30


def draw_drivers(
    axes: Axes,
    run: Run,
    listed: pd.DataFrame,
    regions: Regions,
    map_mm: float,
    limits: Limits | None = None,
    colormap: Colormap | str | None = None,
    *,
    all_arrows: bool = False,
) -> None:
    """Draw listed places on the mean image, numbered, with arrows to whom they drive most.

    Of many places the surest are numbered and have arrows. Candidates have a thin grey outline and
    nothing else.

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
    all_arrows : bool
        Whether those that chance makes too are drawn, thin and pale.
    """
    draw_tissue(axes, run, limits, colormap)
    candidates = list(run.candidates["label"].astype(int))
    draw_outlines(axes, run.results.candidates.labels, candidates, name=CANDIDATE, faint=True)
    for kind, labels in (("driver", run.results.drivers.labels), ("region", regions)):
        own = listed.loc[listed["kind"] == kind, "label"].astype(int)
        if labels is not None:
            draw_outlines(axes, labels, list(own), name=kind)
    listed = surest(listed)
    size = points_per_pixel(map_mm, run.results.contribution.shape)
    radii = dict(
        zip(listed["number"], size * np.sqrt(listed["area_px"].astype(float) / np.pi), strict=True)
    )
    for number, arrow in enumerate(outgoing_arrows(run, listed, regions).itertuples(), start=1):
        faint = not arrow.p_adjusted <= LEVEL
        if faint and not all_arrows:
            continue
        draw_arrow(
            axes,
            (float(arrow.source_x), float(arrow.source_y)),
            (float(arrow.target_x), float(arrow.target_y)),
            name=f"{ARROW}-{number}",
            colour=signed_colour(float(arrow.strength)),
            halo=INK,
            shrink=radii[arrow.number],
            faint=faint,
        )
    draw_numbers(axes, listed, size)


def drivers_title(run: Run, listed: pd.DataFrame) -> str:
    """Return what the panel of the drivers shows."""
    if len(listed):
        return "Drivers and whom they drive"
    return "No drivers" if run.candidates.empty else "No drivers, candidates only"


def draw_driver_list(
    axes: Axes, run: Run, listed: pd.DataFrame, letters: int = LONGEST_LABEL
) -> None:
    """Draw how strong listed places are, how stable, and how sure; why there is none if so.

    Parameters
    ----------
    axes : Axes
    run : Run
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
        faint=list(~(listed["p_adjusted"] <= LEVEL)),
        empty=textwrap.fill(run.verdict.headline, _LETTERS_A_LINE),
    )


def draw_driver_traces(axes: Axes, run: Run, listed: pd.DataFrame, regions: Regions) -> None:
    """Draw the activity of listed places over the whole movie; of the field where none is."""
    if listed.empty:
        whole = mean_activity(run.results.latents, run.results.good)
        whole = (whole - np.nanmean(whole)) / max(float(np.nanstd(whole)), 1e-12)
        draw_traces(axes, whole[None], ["field"], run.fps)
        return
    activity = np.empty((len(listed), len(run.results.good)))
    for kind, labels in (("driver", run.results.drivers.labels), ("region", regions)):
        own = np.flatnonzero(listed["kind"] == kind)
        if labels is not None and own.size:
            wanted = listed["label"].astype(int).iloc[own]
            activity[own] = region_activity(run, labels, list(wanted))
    draw_traces(axes, activity, list(listed["number"]), run.fps)


def arrows_words(run: Run, listed: pd.DataFrame, *, all_arrows: bool) -> str:
    """Return what outlines and arrows mean; nothing where there are none."""
    candidates = (
        f"Thin and grey: candidates ({len(run.candidates)}), which stand out of the contribution "
        f"map and are {'not beyond chance' if run.results.significance.tested else 'not tested'}. "
        if len(run.candidates)
        else ""
    )
    if listed.empty:
        return candidates.strip()
    few = surest(listed)
    each = arrows_each(len(few))
    most = "the place" if each == 1 else f"the {each} places"
    source = "each" if len(few) == len(listed) else f"each of the {len(few)} surest"
    others = "; thin and pale where it is not" if all_arrows else ""
    return (
        "Outlines: listed places, numbered as in the list; a driver reaches down to "
        f"{100 * HALF_HEIGHT:g} % of its own peak of the contribution. Arrows: from {source} to "
        f"{most} it drives most, all lags together (orange raises, blue lowers), where that is "
        f"beyond chance (p of an edge behind it at most {LEVEL:g}, adjusted for all pairs of the "
        f"field){others}. {candidates}"
    ).strip()


def list_words(run: Run, listed: pd.DataFrame) -> str:
    """Return the list of drivers with places and numbers."""
    if listed.empty:
        return "No driver is listed."
    few = surest(listed)
    each = "; ".join(_place_words(run, place) for place in few.itertuples())
    more = f"; and {len(listed) - len(few)} more in the table" if len(few) < len(listed) else ""
    silencing = ", below 0 where it silences others" if (few["strength"] < 0).any() else ""
    return (
        f"Peak of the contribution in each ({unit_of_contribution(run)}{silencing}); stability, "
        "the share of random halves of the movie in which it stands out again; p, that chance "
        "makes any place of the field drive others this much (family-wise; drivers have at most "
        f"{LEVEL:g}). "
        f"Places (y, x in {unit_of(run)} from the upper left corner): {each}{more}."
    )


def _place_words(run: Run, place: object) -> str:
    row = place._asdict()  # type: ignore[attr-defined]
    said = [
        f"{' '.join(title_of(place).split())}, {position_words(run, row['y'], row['x'])}",
        f"contribution {row['strength']:.3g}",
    ]
    if not math.isnan(row["stability"]):
        said.append(f"stability {percent_text(row['stability'])}")
    if not math.isnan(row["p_adjusted"]):
        said.append(f"p = {p_value_text(row['p_adjusted'])}")
    return ", ".join(said)


def traces_words(run: Run, listed: pd.DataFrame) -> str:
    """Return what the traces are: of listed places, or of the field where none is."""
    frames = frames_each(len(run.results.good), MOST_POINTS)
    binned = f"; each point is the mean of {frames} frames" if frames > 1 else ""
    whose = (
        "Mean absolute deviation of all latents from their means"
        if listed.empty
        else "Activity of each as the network codes it (the wide background removed)"
    )
    return f"{whose}, in standard deviations{binned}. Frames that were not used are left out."
