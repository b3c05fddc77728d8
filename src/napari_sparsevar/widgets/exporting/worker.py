"""Figures and results as generators for the background."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.options import Chosen
from napari_sparsevar.figures.view.layers import View
from napari_sparsevar.widgets.work.one_work import Progressed, paced

if TYPE_CHECKING:
    from napari_sparsevar.comparison.result import ComparisonSet
    from napari_sparsevar.export.everything import Part
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.run.annotations import Annotations
    from napari_sparsevar.run.run import Run

CURRENT_VIEW: Final = "view"
"""Kind of the figure that shows what the viewer shows, beside ``figures.options.KINDS``."""


@dataclass(frozen=True, eq=False)
class FigureRequest:
    """Everything a figure needs, fixed before it is drawn; no widget and no layer in it.

    Parameters
    ----------
    kind : str
    width_mm, dpi : float
    view : View or None
        Of the current view.
    run : Run or None
        Of all others, at the penalty that is shown.
    notes, regions : Annotations, ndarray of int (Y, X) or None
        What a person added.
    options : dict
        Of ``FigureOptions``.
    """

    kind: str
    width_mm: float
    dpi: float
    view: View | None = None
    run: Run | None = None
    notes: Annotations | None = None
    regions: npt.NDArray[np.int32] | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """A figure as PNG, or why there is none."""

    png: bytes = b""
    sentence: str = ""


@dataclass(frozen=True, eq=False)
class ResultsRequest:
    """What of a run is exported to where.

    Parameters
    ----------
    run : Run
    movie : Movie or None
        None to look for it where the run remembers it.
    notes, regions, comparisons
        What a person added, and the comparisons of the run.
    out : Path
    parts : frozenset of str
    session_start : str or None
    chosen : Chosen
        The place and the windows that are looked at.
    """

    run: Run
    movie: Movie | None
    notes: Annotations | None
    regions: npt.NDArray[np.int32] | None
    comparisons: tuple[ComparisonSet, ...]
    out: Path
    parts: frozenset[Part]
    session_start: str | None = None
    chosen: Chosen = field(default_factory=Chosen)


@dataclass(frozen=True)
class Written:
    """An export that is complete."""

    path: Path
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Copied:
    """A figure as PNG, for the clipboard."""

    png: bytes


def preview_stream(request: FigureRequest) -> Iterator[Preview]:
    """Yield a figure as it will look."""
    try:
        yield Preview(_png(request))
    except UserError as error:
        # Seen in the preview: nobody has asked for anything yet.
        yield Preview(sentence=str(error))


def copy_stream(request: FigureRequest) -> Iterator[Any]:
    """Draw a figure for the clipboard."""
    yield Progressed(0.1, "Drawing the figure")
    yield Copied(_png(request))


def _png(request: FigureRequest) -> bytes:
    from napari_sparsevar.figures.style import figure_style

    figure, _ = drawn(request)
    buffer = io.BytesIO()
    with figure_style():
        figure.savefig(buffer, format="png", dpi=request.dpi)
    return buffer.getvalue()


def figure_stream(request: FigureRequest, out: Path, overwrite: bool) -> Iterator[Any]:
    """Write a figure and its caption."""
    from napari_sparsevar.figures.saving import check_figure_path, save_figure

    check_figure_path(out, overwrite=overwrite)
    yield Progressed(0.1, "Drawing the figure")
    figure, caption = drawn(request)
    yield Progressed(0.6, "Writing the figure")
    save_figure(figure, caption, out, dpi=request.dpi, overwrite=overwrite)
    yield Written(out)


def results_stream(request: ResultsRequest) -> Iterator[Any]:
    """Write results."""
    from napari_sparsevar.export.everything import ExportOptions, export_run
    from napari_sparsevar.export.material import Material, movie_of_run
    from napari_sparsevar.run.annotations import Annotations

    said: list[str] = []
    movie = request.movie or movie_of_run(request.run, said.append)
    material = Material(
        request.run,
        movie,
        request.regions,
        Annotations() if request.notes is None else request.notes,
        request.comparisons,
        request.chosen,
        tuple(said),
    )
    work = export_run(material, request.out, ExportOptions(request.parts, request.session_start))
    found = yield from paced(work)
    yield Written(found.path, (*said, *found.notes))


def drawn(request: FigureRequest) -> tuple[Any, str]:
    """Return a figure and its caption; UserError if there is none."""
    if request.kind == CURRENT_VIEW:
        from napari_sparsevar.figures.view.figure import view_caption, view_figure

        assert request.view is not None
        figure = view_figure(request.view, width_mm=request.width_mm, dpi=request.dpi)
        return figure, view_caption(request.view)
    from napari_sparsevar.figures.write import FigureOptions, draw_figure
    from napari_sparsevar.run.annotations import Annotations, Marks

    marks = Marks(request.notes or Annotations(), request.regions)
    options = FigureOptions(width_mm=request.width_mm, **request.options)
    assert request.run is not None
    found = draw_figure(request.run, request.kind, options, marks=marks)
    return found.figure, found.caption
