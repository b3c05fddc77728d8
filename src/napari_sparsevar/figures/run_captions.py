"""Captions of the figures of a run: what each panel shows, with its numbers."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.figure import Figure

from napari_sparsevar.analysis.evidence.significance import LEVEL
from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.analysis.maps.drivers import HALF_HEIGHT
from napari_sparsevar.figures.captions import (
    data_words,
    length_unit,
    limits_words,
    paragraphs,
    settings_paragraph,
)
from napari_sparsevar.figures.kinds.contribution import CONTRIBUTION_MAP, TISSUE_MAP
from napari_sparsevar.figures.kinds.influence import DIRECTIONS, INFLUENCE_MAP, Place, influences
from napari_sparsevar.figures.kinds.loss import best_step, last_losses, warm_up_end
from napari_sparsevar.figures.kinds.overview import MOST_TRACES
from napari_sparsevar.figures.kinds.path import chosen_penalties
from napari_sparsevar.figures.listing import Regions, arrows_each, listed_places, title_of
from napari_sparsevar.figures.panels.activity import frames_each
from napari_sparsevar.figures.panels.map import number_text
from napari_sparsevar.figures.panels.traces import MOST_POINTS
from napari_sparsevar.run.annotations import Annotations
from napari_sparsevar.run.run import Run


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
    edges = run.results.fitted.n_edges
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


def loss_caption(run: Run) -> str:
    """Return the caption of ``loss_figure``."""
    return paragraphs(
        f"Training of the network on {data_words(run)}.",
        f"(a) Blind-spot reconstruction error and (b) error of predicting the next frame. "
        f"{loss_words(run)}",
        settings_paragraph(run),
    )


def path_caption(run: Run, edges: pd.DataFrame) -> str:
    """Return the caption of ``path_figure``; ``edges`` are those whose growth is drawn."""
    return paragraphs(
        f"Solution path of the sparse VAR of {data_words(run)}.",
        f"(a) {criterion_words(run)}",
        f"(b) Edges between different places at each penalty. {edges_words(run)}",
        f"(c) {curves_words(run, edges)}",
        settings_paragraph(run),
    )


def influence_caption(run: Run, figure: Figure, place: Place) -> str:
    """Return the caption of ``influence_figure``."""
    found = influences(run, place.mask)
    lists = " ".join(
        f"({letter}) {_partners_words(run, found[direction].partners)}"
        for letter, direction in zip("cd", DIRECTIONS, strict=True)
    )
    return paragraphs(
        f"Influence of and on {place.name} ({int(place.mask.sum())} pixels, outlined) in "
        f"{data_words(run)}.",
        "(a) What it drives: change of every pixel's prediction when the drive of its pixels is "
        f"one standard deviation up (colours {limits_words(figure, INFLUENCE_MAP['outgoing'])}). "
        "(b) What drives it: change of its mean prediction when the drive of a pixel is one "
        f"standard deviation up (colours {limits_words(figure, INFLUENCE_MAP['incoming'])}). All "
        "lags together, in units of the noise of a pixel; orange raises, blue lowers, black does "
        f"neither. Scale bar in {length_unit(run)}.",
        "Strongest partners, numbered as on the map; lag in frames, stability of the edges behind "
        "them (share of random halves of the movie), p of the surest of these edges, adjusted for "
        f"all pairs of the field. {lists}",
        settings_paragraph(run),
    )


def overview_caption(
    run: Run, figure: Figure, notes: Annotations | None = None, regions: Regions = None
) -> str:
    """Return the caption of ``overview_figure``."""
    listed = listed_places(run, notes, regions)
    few = f" The {MOST_TRACES} strongest are drawn." if len(listed) > MOST_TRACES else ""
    return paragraphs(
        f"What drives the activity that follows, in {data_words(run)}.",
        f"(a) {tissue_words(run, figure)} {arrows_words(listed)}",
        f"(b) {contribution_words(run, figure)}",
        f"(c) {list_words(run, listed)}",
        f"(d) {traces_words(run, listed)}{few}",
        f"(e) Blind-spot reconstruction error and error of predicting the next frame. "
        f"{loss_words(run)}",
        f"(f) {criterion_words(run)}",
        settings_paragraph(run),
    )


def loss_words(run: Run) -> str:
    """Return what the loss curves show."""
    end, step = warm_up_end(run), best_step(run)
    known = last_losses(run.losses, step)
    numbers = "; ".join(f"{name} {value:.4g}" for name, value in known.items())
    kept = f" of the weights that were kept (step {step})" if step is not None else ""
    return (
        "Mean square over pixels, the noise of a pixel being 1. Thin lines: training blocks; dots: "
        "held-out blocks of time."
        + (f" Dashed: the prediction joins in after step {end}." if end is not None else "")
        + (f" Held-out errors{kept}: {numbers}." if numbers else "")
    )


def criterion_words(run: Run) -> str:
    """Return what the criterion shows and which penalties it speaks for."""
    found = chosen_penalties(run.results.criterion)
    chosen = "; ".join(
        f"{name}, {value:.3g}" for name, value in found.items() if not math.isnan(value)
    )
    return (
        "Share of the variance a target's own place leaves that is still left in held-out "
        "stretches of time (blocked cross-validation, with its standard error), against the "
        f"penalty. Marks: {chosen or 'none, the movie is too short'}. Dashed: the penalty of this "
        f"figure, {run.penalty:.3g}; criteria say what predicts, not what drives."
    )


def curves_words(run: Run, edges: pd.DataFrame) -> str:
    """Return which influences are drawn along the path."""
    size, unit = run.pixel_size_um or 1.0, "µm" if run.pixel_size_um else "px"
    each = "; ".join(
        f"y {size * edge.source_y:.0f} x {size * edge.source_x:.0f} to "
        f"y {size * edge.target_y:.0f} x {size * edge.target_x:.0f}, lag {edge.lag}, "
        f"{number_text(edge.effect)}"
        for edge in edges.itertuples()
    )
    return (
        f"How the {len(edges)} strongest influences at the penalty of this figure grow as the "
        "penalty falls (the exact path, linear between its knots; change of the frame in units of "
        f"the noise of a pixel). From where to where, in {unit}: {each or 'none'}."
    )


def _partners_words(run: Run, partners: pd.DataFrame) -> str:
    size, unit = run.pixel_size_um or 1.0, "µm" if run.pixel_size_um else "px"
    each = "; ".join(
        f"{row.rank}, y {size * row.y:.0f} x {size * row.x:.0f} {unit}, lag {row.lag}, "
        f"{number_text(row.strength)}"
        for row in partners.itertuples()
    )
    return f"{each or 'none'}."
