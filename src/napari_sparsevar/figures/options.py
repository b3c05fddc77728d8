"""What can be chosen of a figure: its kind, its size and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from napari_sparsevar.cells.cell_fit import MatrixKind
    from napari_sparsevar.cells.ordering import CellOrder
    from napari_sparsevar.figures.panels.colour_maps import Limits
    from napari_sparsevar.model.grid import BoolArray

SINGLE_COLUMN_MM, DOUBLE_COLUMN_MM = 85.0, 180.0
"""Widths of figures in journals."""


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure, which ``draw`` of its module draws.

    The module is ``figures.kinds.NAME``, of cells ``figures.cell_kinds.NAME``; it is imported when
    such a figure is drawn, so that lists of kinds need neither matplotlib nor torch. The arguments
    are ``draw(run, options, marks, tell)`` and, of cells, ``draw(fit, options)``.

    Attributes
    ----------
    title : str
        In lists of kinds.
    meaning : str
        What it shows, for those who have to choose.
    has_map : bool
        Whether limits and colours can be those of a map in a viewer.
    has_arrows : bool
        Whether arrows that chance makes too can be asked for.
    has_penalty : bool
        Whether it shows a run at a penalty, with names and painted regions.
    """

    title: str
    meaning: str
    has_map: bool = False
    has_arrows: bool = False
    has_penalty: bool = True


KINDS = {
    "overview": FigureKind("Overview", "the one figure for a talk", has_map=True, has_arrows=True),
    "contribution": FigureKind("Contribution map", "the map beside the tissue", has_map=True),
    "drivers": FigureKind("Drivers", "ranked, with arrows to whom they drive", has_arrows=True),
    "influence": FigureKind(
        "Influence",
        "what a region or driver drives, and what drives it",
        has_map=True,
    ),
    "comparison": FigureKind(
        "Comparison", "windows compared with sparsevar compare", has_penalty=False
    ),
    "loss": FigureKind("Training", "the training"),
    "registration": FigureKind(
        "Registration", "how the field moved, and how well it is held still", has_penalty=False
    ),
    "path": FigureKind("Choice of the penalty", "how sparse, and what speaks for it"),
}
"""Of a run, in the order in which they are offered."""

CELL_KINDS = {
    "matrix": FigureKind("Matrix", "who drives whom among cells", has_penalty=False),
    "graph": FigureKind(
        "Graph", "the cells where they lie, with arrows", has_arrows=True, has_penalty=False
    ),
    "traces": FigureKind(
        "Traces", "drivers and their followers over time, or all cells", has_penalty=False
    ),
}
"""Of a fit of cells."""

TestedBy = Literal["p_adjusted", "p_fdr"]
"""Which p-value decides: adjusted for all pairs and lags, or for the false discovery rate."""


class Place(NamedTuple):
    """A place of the field: what a person calls it and its pixels, (Y, X) of bool."""

    name: str
    mask: BoolArray


@dataclass(frozen=True)
class Chosen:
    """What of a run somebody looks at, in every figure and every export.

    Attributes
    ----------
    place : Place, optional
        Whose influence is drawn; the first driver by default.
    comparison, pair : str, optional
        Name of a comparison (the latest by default) and ``A-B`` (the pair with the smallest
        p-value).
    """

    place: Place | None = None
    comparison: str | None = None
    pair: str | None = None


@dataclass(frozen=True)
class FigureOptions(Chosen):
    """What can be chosen of a figure; what does not concern a kind is left alone.

    Attributes
    ----------
    width_mm : float
    penalty : float, optional
        Where on the solution path; that of the run by default.
    limits : tuple of float, optional
        Of the colours of the map; of an influence, of what the place drives.
    colormap : Colormap or str, optional
        Of the same map.
    incoming_limits, incoming_colormap
        Of what drives the place, which is in another unit.
    region : str, optional
        Name or label of a painted region.
    driver : int, optional
        Rank of a driver.
    all_arrows : bool
        Whether arrows that chance makes too are drawn, thin and pale.
    value : {"estimate", "coefficient", "score", "p_adjusted", "p_fdr", "stability"}
        Of cells: what the matrix shows.
    order : {"cluster", "position", "name"}, optional
        Of cells: by cluster in a matrix and in traces, by name in a circle by default.
    lag : int, optional
        Of cells: how many frames later; all lags together by default.
    level : float
        Of cells: the p-value up to which a pair is shown; at 1 all are.
    tested_by : {"p_adjusted", "p_fdr"}
        Of cells: which p-value that is.
    all_cells : bool
        Of traces: every cell, as an image.
    frames : tuple of int, optional
        Of traces: the first frame and the one after the last; all by default.
    """

    width_mm: float = DOUBLE_COLUMN_MM
    penalty: float | None = None
    limits: Limits | None = None
    colormap: Colormap | str | None = None
    incoming_limits: Limits | None = None
    incoming_colormap: Colormap | str | None = None
    region: str | None = None
    driver: int | None = None
    all_arrows: bool = False
    value: MatrixKind = "estimate"
    order: CellOrder | None = None
    lag: int | None = None
    level: float = 0.05
    tested_by: TestedBy = "p_adjusted"
    all_cells: bool = False
    frames: tuple[int, int] | None = None


class Drawn(NamedTuple):
    """A figure and the text that goes below it."""

    figure: Figure
    caption: str
