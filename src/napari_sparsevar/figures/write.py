"""From a run to a figure of any kind, with its caption, and to a file on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from napari_sparsevar.analysis.maps.partners import strongest_edges
from napari_sparsevar.comparison.result import ComparisonSet
from napari_sparsevar.comparison.store import load_comparisons, software_of, warn
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.caption import comparison_caption
from napari_sparsevar.figures.kinds.comparison import choose_pair, clearest_pair, comparison_figure
from napari_sparsevar.figures.kinds.contribution import contribution_figure
from napari_sparsevar.figures.kinds.drivers import drivers_figure
from napari_sparsevar.figures.kinds.influence import choose_place, influence_figure
from napari_sparsevar.figures.kinds.loss import loss_figure
from napari_sparsevar.figures.kinds.overview import overview_figure
from napari_sparsevar.figures.kinds.path import N_CURVES, path_figure
from napari_sparsevar.figures.listing import Regions
from napari_sparsevar.figures.panels.colour_maps import Limits
from napari_sparsevar.figures.run_captions import (
    contribution_caption,
    drivers_caption,
    influence_caption,
    loss_caption,
    overview_caption,
    path_caption,
)
from napari_sparsevar.figures.saving import DPI, check_figure_path, save_figure
from napari_sparsevar.figures.style import DOUBLE_COLUMN_MM
from napari_sparsevar.run.annotations import Annotations, read_annotations, read_regions
from napari_sparsevar.run.run import Run, load_run

Kind = Literal["overview", "contribution", "drivers", "influence", "comparison", "loss", "path"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class FigureOptions:
    """What can be chosen of a figure; what does not concern a kind is left alone.

    Attributes
    ----------
    width_mm : float
    penalty : float, optional
        Where on the solution path; that of the run by default.
    limits : tuple of float, optional
        Of the colours of the map.
    colormap : Colormap or str, optional
        Of the map.
    region : str, optional
        Name or label of a painted region.
    driver : int, optional
        Rank of a driver.
    comparison, pair : str, optional
        Name of a comparison (the latest by default) and ``A-B`` (the pair with the smallest
        p-value).
    """

    width_mm: float = DOUBLE_COLUMN_MM
    penalty: float | None = None
    limits: Limits | None = None
    colormap: Colormap | str | None = None
    region: str | None = None
    driver: int | None = None
    comparison: str | None = None
    pair: str | None = None


class Marks(NamedTuple):
    """What a person added to a run: names and notes, and painted regions (Y, X) or None."""

    notes: Annotations
    regions: Regions


class Drawn(NamedTuple):
    """A figure and the text that goes below it."""

    figure: Figure
    caption: str


def write_figure(
    source: Run | Path,
    out: Path,
    kind: Kind,
    options: FigureOptions | None = None,
    *,
    marks: Marks | None = None,
    dpi: float = DPI,
    overwrite: bool = False,
    tell: Callable[[str], None] = warn,
) -> None:
    """Draw a figure of a run and write it and its caption, both whole or neither.

    Parameters
    ----------
    source : Run or Path
        A run, or its directory.
    out : Path
        Ends in .svg, .pdf or .png; the caption goes to ``caption_path(out)``.
    kind : str
        One of ``KINDS``.
    options : FigureOptions, optional
    marks : Marks, optional
        Those that the run directory keeps by default.
    dpi : float
        Of a PNG.
    overwrite : bool
    tell : callable
        Gets a sentence for everything beside the figure that cannot be opened.

    Raises
    ------
    UserError
        If there is nothing of these names, or the figure cannot be drawn or written.
    """
    check_figure_path(out, overwrite=overwrite)
    run = source if isinstance(source, Run) else load_run(source)
    drawn = draw_figure(run, kind, options, marks=marks, tell=tell)
    save_figure(drawn.figure, drawn.caption, out, dpi=dpi, overwrite=overwrite)


def draw_figure(
    run: Run,
    kind: Kind,
    options: FigureOptions | None = None,
    *,
    marks: Marks | None = None,
    tell: Callable[[str], None] = warn,
) -> Drawn:
    """Draw a figure of a run; parameters as those of ``write_figure``.

    Raises
    ------
    UserError
        If there is nothing of these names, or the figure cannot be drawn.
    """
    chosen = options or FigureOptions()
    if kind == "comparison":
        return _comparison(run, chosen, tell)
    known = marks or kept_marks(run, tell)
    shown = run if chosen.penalty is None else run.at_penalty(chosen.penalty)
    draw = _DRAW.get(kind)
    if draw is None:
        raise UserError(f"There is no figure '{kind}': choose one of {', '.join(KINDS)}.")
    return draw(shown, chosen, known)


def kept_marks(run: Run, tell: Callable[[str], None] = warn) -> Marks:
    """Return names, notes and regions that the run directory keeps; tell what is damaged."""
    notes, regions = Annotations(), None
    try:
        notes = read_annotations(run.path)
    except UserError as error:
        tell(str(error))
    try:
        height, width = run.contribution_map.shape
        regions = read_regions(run.path, (height, width))
    except UserError as error:
        tell(str(error))
    return Marks(notes, regions)


def _overview(run: Run, options: FigureOptions, marks: Marks) -> Drawn:
    figure = overview_figure(
        run,
        notes=marks.notes,
        regions=marks.regions,
        width_mm=options.width_mm,
        limits=options.limits,
        colormap=options.colormap,
    )
    return Drawn(figure, overview_caption(run, figure, *marks))


def _contribution(run: Run, options: FigureOptions, marks: Marks) -> Drawn:
    figure = contribution_figure(
        run, width_mm=options.width_mm, limits=options.limits, colormap=options.colormap
    )
    return Drawn(figure, contribution_caption(run, figure))


def _drivers(run: Run, options: FigureOptions, marks: Marks) -> Drawn:
    figure = drivers_figure(
        run,
        notes=marks.notes,
        regions=marks.regions,
        width_mm=options.width_mm,
        limits=options.limits,
        colormap=options.colormap,
    )
    return Drawn(figure, drivers_caption(run, figure, *marks))


def _influence(run: Run, options: FigureOptions, marks: Marks) -> Drawn:
    place = choose_place(
        run,
        notes=marks.notes,
        regions=marks.regions,
        region=options.region,
        driver=options.driver,
    )
    figure = influence_figure(
        run, place, width_mm=options.width_mm, limits=options.limits, colormap=options.colormap
    )
    return Drawn(figure, influence_caption(run, figure, place))


def _loss(run: Run, options: FigureOptions, marks: Marks) -> Drawn:
    return Drawn(loss_figure(run, width_mm=options.width_mm), loss_caption(run))


def _path(run: Run, options: FigureOptions, marks: Marks) -> Drawn:
    figure = path_figure(run, width_mm=options.width_mm)
    return Drawn(figure, path_caption(run, strongest_edges(run.results, N_CURVES)))


_DRAW: dict[str, Callable[[Run, FigureOptions, Marks], Drawn]] = {
    "overview": _overview,
    "contribution": _contribution,
    "drivers": _drivers,
    "influence": _influence,
    "loss": _loss,
    "path": _path,
}
"""The comparison is drawn apart: it needs no maps of the run, but the comparisons it keeps."""


def _comparison(run: Run, options: FigureOptions, tell: Callable[[str], None]) -> Drawn:
    found = choose_comparison(run.path, options.comparison, tell)
    shown = choose_pair(found, options.pair) if options.pair else clearest_pair(found)
    figure = comparison_figure(run, found, shown, width_mm=options.width_mm)
    return Drawn(figure, comparison_caption(run, found, shown, software_of(run.path, found.name)))


def choose_comparison(
    run_path: Path, name: str | None, tell: Callable[[str], None] = warn
) -> ComparisonSet:
    """Return the comparison of this name, or the latest.

    Raises
    ------
    UserError
        If there is none that can be opened.
    """
    kept = {found.name: found for found in load_comparisons(run_path, tell)}
    if not kept:
        raise UserError(
            f"The run {run_path} keeps no comparison to draw: use 'sparsevar compare' first."
        )
    if name is None:
        return list(kept.values())[-1]
    if name not in kept:
        raise UserError(
            f"The run {run_path} keeps no comparison '{name}': choose one of {', '.join(kept)}."
        )
    return kept[name]
