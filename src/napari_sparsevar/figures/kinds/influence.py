"""The figure of one place: what it drives and what drives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.analysis.maps.influence import Direction, influence_map
from napari_sparsevar.analysis.maps.partners import partner_table
from napari_sparsevar.analysis.maps.region import Region
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.captions import (
    data_words,
    length_unit,
    limits_words,
    paragraphs,
    position_words,
    settings_paragraph,
    unit_of,
)
from napari_sparsevar.figures.colours import FAINT, GREY, SIGNED, signed_colour
from napari_sparsevar.figures.listing import known_places, mask_of
from napari_sparsevar.figures.options import Drawn, FigureOptions, Place
from napari_sparsevar.figures.panels.colour_maps import FloatImage, symmetric_limits
from napari_sparsevar.figures.panels.field import TISSUE_MAP, draw_over_tissue
from napari_sparsevar.figures.panels.map import (
    colour_bar,
    draw_outlines,
    ends_of,
    number_text,
)
from napari_sparsevar.figures.panels.numbering import draw_numbers, points_per_pixel
from napari_sparsevar.figures.panels.ranking import draw_ranking, ranking_height_mm
from napari_sparsevar.figures.style import (
    BESIDE_FROM_MM,
    columns,
    figure_style,
    head,
    map_height_mm,
    new_figure,
    rows,
    shortened,
)
from napari_sparsevar.model.grid import BoolArray
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.run import Run

MOST_PARTNERS = 8
"""Partners that are numbered and listed in each direction."""

DIRECTIONS: tuple[Direction, ...] = ("outgoing", "incoming")

INFLUENCE_MAP = {"outgoing": "influence-outgoing", "incoming": "influence-incoming"}
"""Names of the images in a figure and in an SVG."""

CHANGED = {"outgoing": "the pixel", "incoming": "the place"}
"""Whose prediction a map shows the change of."""

NO_INFLUENCE = "no edge at this penalty"


class Found(NamedTuple):
    """The influence of a place in one direction: its map (Y, X) and the strongest partners."""

    image: FloatImage
    partners: pd.DataFrame


def choose_place(run: Run, options: FigureOptions, marks: Marks) -> Place:
    """Return the place given, a region by name or label, a driver by rank, or the first driver.

    Raises
    ------
    UserError
        If there is none.
    """
    region, driver = options.region, options.driver
    if options.place is not None:
        return options.place
    if region is not None and driver is not None:
        raise UserError("Give a region or a driver, not both.")
    places = known_places(run, *marks)
    kind = "driver" if region is None else "region"
    own = places[places["kind"] == kind]
    if region is None:
        matching = own[own["label"] == (1 if driver is None else driver)]
        wanted = "driver" if driver is None else f"driver {driver}"
    else:
        wanted = f"region '{region}'"
        label = region.strip().removeprefix("R")
        matching = own[own["name"] == region]
        if matching.empty and label.isdecimal():
            matching = own[own["label"] == int(label)]
    if matching.empty:
        known = ", ".join(f"{row.label} ({row.name})" for row in own.itertuples()) or "none"
        raise UserError(
            f"The run {run.path} has no {wanted} at penalty {run.penalty:.3g}; its {kind}s: "
            f"{known}.",
            options="; choose one with --driver or --region",
        )
    first = matching.iloc[0]
    return Place(str(first["name"]), mask_of(run, marks.regions, kind, int(first["label"])))


def influences(run: Run, mask: BoolArray) -> dict[Direction, Found]:
    """Return what a place drives and what drives it."""
    found: dict[Direction, Found] = {}
    region = Region(mask, run.results.projection)
    for direction in DIRECTIONS:
        image = influence_map(run.results.fitted, region, direction)
        table = partner_table(run.results, region, direction, image, most=MOST_PARTNERS)
        found[direction] = Found(image, table)
    return found


def beyond_chance(partners: pd.DataFrame) -> pd.Series:
    """Return which partners survive the test; none where nothing was tested."""
    return partners["p_adjusted"] <= LEVEL


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Draw the signed influence of and on a place over the tissue, and list its strongest partners.

    What it drives and what drives it are in different units: each map has its own limits, by
    default symmetric about 0.
    """
    place = choose_place(run, options, marks)
    found = influences(run, place.mask)
    rows_listed = max(len(one.partners) for one in found.values())
    with figure_style():
        figure, maps, lists = _lay_out(
            options.width_mm, run.results.contribution.shape, rows_listed
        )
        name = shortened(place.name, 14 if options.width_mm < BESIDE_FROM_MM else 30)
        titles = {"outgoing": f"What {name} drives", "incoming": f"What drives {name}"}
        for index, direction in enumerate(DIRECTIONS):
            image, partners = found[direction]
            _draw_influence(maps[index], run, place, image, partners, direction, options)
            head(maps[index], "ab"[index], titles[direction])
            _draw_partners(lists[index], partners, direction)
            head(lists[index], "cd"[index], _partners_title("ab"[index], partners))
    return Drawn(figure, _caption(run, place, found, figure))


def _lay_out(
    width_mm: float, shape: tuple[int, ...], n_rows: int
) -> tuple[Figure, list[Axes], list[Axes]]:
    map_mm, list_mm = map_height_mm(width_mm / 2, shape), ranking_height_mm(n_rows)
    beside = width_mm >= BESIDE_FROM_MM
    figure = new_figure(width_mm, map_mm + list_mm * (1 if beside else 2))
    if beside:
        above, below = rows(figure, [map_mm, list_mm])
        lists = columns(below, [1, 1])
    else:
        above, *lists = rows(figure, [map_mm, list_mm, list_mm])
    maps = columns(above, [1, 1])
    return figure, [part.subplots() for part in maps], [part.subplots() for part in lists]


def _draw_influence(
    axes: Axes,
    run: Run,
    place: Place,
    image: FloatImage,
    partners: pd.DataFrame,
    direction: Direction,
    options: FigureOptions,
) -> None:
    limits, colormap = options.limits, options.colormap
    if direction == "incoming":
        limits, colormap = options.incoming_limits, options.incoming_colormap
    drawn, colours = draw_over_tissue(
        axes,
        run,
        image,
        colormap or SIGNED,
        limits or symmetric_limits(image),
        INFLUENCE_MAP[direction],
        1.0 if beyond_chance(partners).any() else FAINT,
    )
    colour_bar(
        axes,
        drawn,
        f"change of {CHANGED[direction]}\n(noise of a pixel = 1)",
        ends_of(drawn, middle=options.width_mm >= BESIDE_FROM_MM),
        colours,
    )
    draw_outlines(axes, place.mask.astype(int), [1], name=f"place-{direction}")
    if partners.empty:
        axes.text(*(0.5, 0.5, NO_INFLUENCE), transform=axes.transAxes, ha="center", color=GREY)
    places = partners.assign(
        number=partners["rank"].astype(str), area_px=0.0, faint=~beyond_chance(partners)
    )
    draw_numbers(axes, places, points_per_pixel(options.width_mm / 2, image.shape))


def _partners_title(panel: str, partners: pd.DataFrame) -> str:
    title = f"Partners in {panel}"
    if partners.empty or beyond_chance(partners).any():
        return title
    return f"{title}: none {'beyond chance' if partners['p_adjusted'].notna().any() else 'tested'}"


def _draw_partners(axes: Axes, partners: pd.DataFrame, direction: Direction) -> None:
    strengths = partners["strength"].to_numpy(float)
    draw_ranking(
        axes,
        [str(rank) for rank in partners["rank"]],
        strengths,
        {
            "lag": [str(lag) for lag in partners["lag"]],
            "stability": [percent_text(value) for value in partners["stability"]],
            "p": [p_value_text(value) for value in partners["p_adjusted"]],
        },
        f"change of {CHANGED[direction]}",
        colours=[signed_colour(value) for value in strengths],
        faint=list(~beyond_chance(partners)),
        empty=NO_INFLUENCE,
    )


def _caption(run: Run, place: Place, found: dict[Direction, Found], figure: Figure) -> str:
    tissue = f"{TISSUE_MAP}-{INFLUENCE_MAP['outgoing']}"
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
        f"standard deviation up (colours {limits_words(figure, INFLUENCE_MAP['incoming'])}), "
        "another quantity with limits of its own. All lags together, in units of the noise of a "
        "pixel; orange raises, blue lowers. Below both, the mean image of the movie in grey values "
        f"(shown from {limits_words(figure, tissue)}), which shows where neither is. Scale bar in "
        f"{length_unit(run)}.",
        "Strongest partners, numbered as on the map; lag in frames, stability of the edges behind "
        "them (share of random halves of the movie), p of the surest of these edges, adjusted for "
        f"all pairs of the field. Above {LEVEL:g}, and where nothing was tested, number and bar "
        "are pale, for chance makes such partners too; a map of nothing else is pale as a whole. "
        f"{lists}",
        settings_paragraph(run),
    )


def _partners_words(run: Run, partners: pd.DataFrame) -> str:
    each = "; ".join(
        f"{row.rank}, {position_words(run, row.y, row.x)} {unit_of(run)}, lag {row.lag}, "
        f"{number_text(row.strength)}, p {p_value_text(row.p_adjusted)}"
        for row in partners.itertuples()
    )
    return f"{each or 'none'}."
