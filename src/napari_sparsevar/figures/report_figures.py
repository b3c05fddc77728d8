"""The figures of a report: small enough for a phone, each with its caption."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from napari_sparsevar.comparison.result import ComparisonSet
from napari_sparsevar.figures.listing import known_places, mask_of
from napari_sparsevar.figures.options import SINGLE_COLUMN_MM, Place
from napari_sparsevar.figures.style import figure_style
from napari_sparsevar.figures.write import Drawn, FigureOptions, draw_figure
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.run import Run

MOST_DRIVERS, MOST_REGIONS = 3, 6
"""Places whose influence is drawn."""


class ReportFigure(NamedTuple):
    """A figure ready for a page.

    Attributes
    ----------
    title : str
    source : str
        The picture itself, as an address that a page can show: nothing has to be fetched.
    caption : list of str
        Paragraphs.
    """

    title: str
    source: str
    caption: list[str]


def found_figures(
    run: Run, marks: Marks, tell: Callable[[str], None], place: Place | None = None
) -> dict[str, list[ReportFigure]]:
    """Return the figures of each part of a report but the comparisons.

    The place, where one is given, comes first among those whose influence is drawn.

    Keys: ``drivers``, ``influence``, ``path`` and ``training``.
    """

    def one(title: str, kind: str, **choices: object) -> ReportFigure:
        options = FigureOptions(width_mm=SINGLE_COLUMN_MM, **choices)  # type: ignore[arg-type]
        return ready(title, draw_figure(run, kind, options, marks=marks, tell=tell))

    influence = [
        one(f"Influence of {each.name}", "influence", place=each)
        for each in _places_to_draw(run, marks, place)
    ]
    return {
        "drivers": [one("Drivers", "drivers"), one("Contribution", "contribution")],
        "influence": influence,
        "path": [one("Solution path", "path")],
        "training": [one("Training", "loss")],
    }


def comparison_figures(
    run: Run, found: ComparisonSet, tell: Callable[[str], None]
) -> list[ReportFigure]:
    """Return the figure of a comparison that the run keeps."""
    options = FigureOptions(width_mm=SINGLE_COLUMN_MM, comparison=found.name)
    return [ready(found.name, draw_figure(run, "comparison", options, tell=tell))]


def _places_to_draw(run: Run, marks: Marks, chosen: Place | None) -> Iterator[Place]:
    """Yield the chosen place, then the first drivers and regions that are not hidden."""
    if chosen is not None:
        yield chosen
    known = known_places(run, *marks)
    shown = known[~known["hidden"].astype(bool)]
    for kind, most in (("driver", MOST_DRIVERS), ("region", MOST_REGIONS)):
        for row in shown[shown["kind"] == kind].head(most).itertuples():
            mask = mask_of(run, marks.regions, kind, int(row.label))
            if chosen is None or not np.array_equal(mask, chosen.mask):
                yield Place(str(row.name), mask)


def ready(title: str, drawn: Drawn) -> ReportFigure:
    """Return a figure for a page, without the last paragraph of its caption, the settings."""
    # The settings are said once, on the page itself.
    caption = drawn.caption.strip().split("\n\n")[:-1]
    return ReportFigure(title, as_address(drawn.figure), caption)


def as_address(figure: Figure) -> str:
    """Return a figure as a ``data:`` address of an SVG.

    As a picture of its own its names cannot meet those of another figure on the same page, and
    nothing in it can run.
    """
    file = BytesIO()
    with figure_style():
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": "napari-sparsevar"})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode("ascii")
