"""Captions of the figures of a run: what each panel shows, with its numbers."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.figure import Figure

from napari_sparsevar.analysis.annotations import Annotations
from napari_sparsevar.analysis.drivers import HALF_HEIGHT
from napari_sparsevar.analysis.run import Run
from napari_sparsevar.analysis.significance import LEVEL
from napari_sparsevar.figures.activity import frames_each
from napari_sparsevar.figures.caption_parts import (
    data_words,
    length_unit,
    limits_words,
    paragraphs,
    settings_paragraph,
)
from napari_sparsevar.figures.contribution import CONTRIBUTION_MAP, TISSUE_MAP
from napari_sparsevar.figures.listing import Regions, arrows_each, listed_places, title_of
from napari_sparsevar.figures.traces_panel import MOST_POINTS


def contribution_caption(run: Run, figure: Figure) -> str:
    """Return the caption of ``contribution_figure``."""
    return paragraphs(
        f"Which places drive the activity that follows, in {data_words(run)}.",
        f"(a) {tissue_words(run, figure)}",
        f"(b) {contribution_words(run, figure)}",
        settings_paragraph(run),
    )


def drivers_caption(
    run: Run, figure: Figure, notes: Annotations | None = None, regions: Regions = None
) -> str:
    """Return the caption of ``drivers_figure``."""
    listed = listed_places(run, notes, regions)
    return paragraphs(
        f"Drivers in {data_words(run)}.",
        f"(a) {tissue_words(run, figure)} {arrows_words(listed)}",
        f"(b) {list_words(run, listed)}",
        f"(c) {traces_words(run, listed)}",
        settings_paragraph(run),
    )


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
    edges = int((run.results.fitted.distant() != 0).sum())
    return f"The sparse VAR has {edges:,} edges between different places."


def arrows_words(listed: pd.DataFrame) -> str:
    """Return what outlines and arrows mean; nothing where there are none."""
    if listed.empty:
        return ""
    each = arrows_each(len(listed))
    most = "the place" if each == 1 else f"the {each} places"
    return (
        f"Outlines: listed places, numbered as in the list; a driver reaches down to "
        f"{100 * HALF_HEIGHT:g} % of its own peak of the contribution. Arrows: from each to "
        f"{most} it drives most, all lags together (orange raises, blue lowers)."
    )


def list_words(run: Run, listed: pd.DataFrame) -> str:
    """Return the list of drivers with places and numbers."""
    if listed.empty:
        return (
            f"No place drives others more than chance would (family-wise {100 * LEVEL:g} %), so no "
            "driver is listed."
        )
    size, unit = run.pixel_size_um or 1.0, "µm" if run.pixel_size_um else "px"
    each = "; ".join(_place_words(place, size) for place in listed.itertuples())
    return (
        "Peak of the contribution in each; stability, the share of random halves of the movie in "
        "which it stands out again; p, that chance makes any place of the field drive others this "
        f"much (family-wise; drivers have at most {LEVEL:g}). Places (y, x in {unit} from the "
        f"upper left corner): {each}."
    )


def _place_words(place: object, size: float) -> str:
    row = place._asdict()  # type: ignore[attr-defined]
    said = [
        f"{' '.join(title_of(place).split())}, y {size * row['y']:.0f} x {size * row['x']:.0f}",
        f"contribution {row['strength']:.3g}",
    ]
    if not math.isnan(row["stability"]):
        said.append(f"stability {100 * row['stability']:.0f} %")
    if not math.isnan(row["p_adjusted"]):
        said.append(f"p = {row['p_adjusted']:.2g}")
    return ", ".join(said)


def traces_words(run: Run, listed: pd.DataFrame) -> str:
    """Return what the traces are; nothing of none."""
    if listed.empty:
        return "No activity to show."
    frames = frames_each(len(run.results.good), MOST_POINTS)
    binned = f"; each point is the mean of {frames} frames" if frames > 1 else ""
    return (
        "Activity of each as the network codes it (the wide background removed), in standard "
        f"deviations{binned}. Frames that were not used are left out."
    )
