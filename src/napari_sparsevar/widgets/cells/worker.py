"""Cells opened, read, fitted and written, as generators for the background."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.editing import Edits, edited
from napari_sparsevar.cells.formats.format import CellChoice, CellChoiceNeeded
from napari_sparsevar.cells.preparing import Preparation
from napari_sparsevar.errors import UserError
from napari_sparsevar.progress import Step, moved
from napari_sparsevar.widgets.work.one_work import Progressed, paced

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sparsevar.cells.cell_fit import CellFit
    from napari_sparsevar.export.cells.everything import CellsAs
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.run.run import Run

Way: TypeAlias = Literal["traces", "pixels", "latents"]
"""What cells are fitted from: traces that came with them, pixels of the movie, latents of a run."""

REPORT = "report"
"""In place of a kind of figure: all of them and the tables on one page."""


@dataclass(frozen=True, eq=False)
class FitRequest:
    """Everything a fit needs, fixed before it starts; no widget and no layer in it.

    Parameters
    ----------
    cells : Cells
        As they came.
    edits : Edits
    way : Way
    run : Run, optional
        Whose movie, latents, lags and good frames are taken; for ``latents`` it is needed.
    movie : Movie, optional
        That they are cells of.
    lags : int, optional
        Where no run says it; by default those that ``fit_traces`` takes.
    preparation : Preparation
    trials, bad_frames : Path, optional
        Files that list them.
    read : Cells, optional
        The same cells with the traces that were read for an earlier fit.
    fps : float, optional
        Frames per second, where a person says it.
    covariates : Path, optional
        What was recorded beside the cells; a run brings its own.
    """

    cells: Cells
    edits: Edits = field(default_factory=Edits)
    way: Way = "traces"
    run: Run | None = None
    movie: Movie | None = None
    lags: int | None = None
    preparation: Preparation = field(default_factory=Preparation)
    trials: Path | None = None
    bad_frames: Path | None = None
    read: Cells | None = None
    fps: float | None = None
    covariates: Path | None = None


@dataclass(frozen=True, eq=False)
class Opened:
    """Cells of a file, with the fit where it holds one."""

    cells: Cells
    fit: CellFit | None = None


@dataclass(frozen=True)
class Asked:
    """A file leaves open what is meant."""

    path: Path
    given: CellChoice
    needed: CellChoiceNeeded


@dataclass(frozen=True, eq=False)
class CellsRead:
    """Cells with the traces that were read for a fit."""

    cells: Cells


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fit, and what each of its cells is known by."""

    fit: CellFit
    numbers: npt.NDArray[np.intp]


def opening_stream(path: Path, given: CellChoice) -> Iterator[Opened | Asked]:
    """Yield cells, a fit that was kept, or the question that the file leaves open."""
    from napari_sparsevar.cells.fit_folder import is_fit_directory
    from napari_sparsevar.cells.open import open_cells
    from napari_sparsevar.cells.store import load_fit

    if is_fit_directory(path):
        fit = load_fit(path)
        yield Opened(fit.cells, fit)
        return
    try:
        cells = open_cells(path, variable=given.variable, cells_in=given.cells_in, kind=given.kind)
    except CellChoiceNeeded as needed:
        yield Asked(path, given, needed)
    else:
        yield Opened(cells)


def detecting_stream(movie: Movie, diameter_px: float | None) -> Iterator[Opened]:
    """Yield the cells that are found in a movie."""
    from napari_sparsevar.cells.detection import detecting_cells
    from napari_sparsevar.progress import returned

    yield Opened(returned(detecting_cells(movie, diameter_px)))


def fitting_stream(request: FitRequest) -> Iterator[Progressed | CellsRead | Fitted]:
    """Yield progress, what was read of the movie, and the fit at the end."""
    fit, numbers, read = yield from paced(_fitting(request))
    if read is not None:
        yield CellsRead(read)
    yield Fitted(fit, numbers)


def writing_stream(
    fit: CellFit, folder: Path, formats: tuple[CellsAs, ...]
) -> Iterator[Progressed | str]:
    """Write a fit to be opened again, or into files for other programs; yield a sentence."""
    if not formats:
        from napari_sparsevar.cells.store import save_fit

        yield f"Kept in {save_fit(fit, folder)}: Open… brings it back."
        return
    from napari_sparsevar.export.cells.everything import export_cells

    done = yield from paced(export_cells(fit, folder, formats))
    yield " ".join([f"Wrote {', '.join(formats)} to {done.path}.", *done.notes])


def drawing_stream(fit: CellFit, path: Path, kind: str) -> Iterator[str]:
    """Write a figure of a fit with its caption, or the ``report``; yield a sentence.

    Replaces what is there: the dialog has asked.
    """
    told: list[str] = []
    if kind == REPORT:
        from napari_sparsevar.figures.report import write_report

        write_report(fit, path, overwrite=True, tell=told.append)
    else:
        from napari_sparsevar.figures.write import write_figure

        write_figure(fit, path, kind, overwrite=True, tell=told.append)
    yield " ".join([f"Wrote {path}.", *told])


def _fitting(
    request: FitRequest,
) -> Generator[Step, None, tuple[CellFit, npt.NDArray[np.intp], Cells | None]]:
    cells, begin, read = request.read or request.cells, 0.0, None
    if request.way != "traces" and request.read is None:
        cells = read = yield from moved(_reading(request), 0.0, 0.4)
        begin = 0.4
    if request.fps is not None:
        cells = replace(cells, fps=request.fps)
    changed, numbers = edited(cells, request.edits)
    fit = yield from moved(_fit_of(request, changed), begin, 1.0)
    return fit, numbers, read


def _reading(request: FitRequest) -> Generator[Step, None, Cells]:
    """Read the cells as they came: merging afterwards gives what the whole would be read as."""
    if request.run is not None:
        from napari_sparsevar.run.cells import cells_in, reading_cells

        cells = cells_in(request.run, request.cells)
        return (yield from reading_cells(request.run, cells, request.movie))
    from napari_sparsevar.cells.placing import in_field
    from napari_sparsevar.cells.reading import looked_over, reading_movie

    if request.movie is None:
        raise UserError("These cells have no traces: open their movie as well, or choose its run.")
    cells = in_field(request.cells, request.movie.shape)
    yield 0.0, "Looking which way round the cells lie"
    return (yield from reading_movie(request.movie, looked_over(request.movie, cells)))


def _fit_of(request: FitRequest, cells: Cells) -> Generator[Step, None, CellFit]:
    from napari_sparsevar.cells.fit import fitting_cells
    from napari_sparsevar.cells.given import good_frames

    trials = None
    if request.trials is not None:
        from napari_sparsevar.comparison.windows import read_trials

        trials = read_trials(request.trials, cells.fps, cells.times, from_first=False)
    prepared = request.preparation
    if request.way != "traces" and request.run is not None:
        from napari_sparsevar.run.cells import fitting_both_ways

        fitting = fitting_both_ways(request.run, cells, request.way, trials, preparation=prepared)
        return (yield from fitting)
    good = good_frames(cells, request.bad_frames)
    if request.way == "pixels":
        prepared = replace(prepared, kind="raw")
    beside = request.covariates
    return (
        yield from fitting_cells(
            cells, request.lags, good, trials, preparation=prepared, covariates=beside
        )
    )
