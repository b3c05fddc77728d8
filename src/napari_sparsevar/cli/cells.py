"""The command ``sparsevar cells``: who drives whom among cells, for other programs too."""

from __future__ import annotations

from collections.abc import Generator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_sparsevar.cli.cell_options import (
    Detrend,
    Events,
    EventsOption,
    Neuropil,
    Seed,
    Trials,
    Variable,
    opened_cells,
    preparation_of,
    trials_of,
)
from napari_sparsevar.cli.cell_summary import say_fit
from napari_sparsevar.cli.ending import explained, fail
from napari_sparsevar.cli.options import AsJson, Debug, Overwrite, Plane
from napari_sparsevar.cli.progress import follow_steps
from napari_sparsevar.errors import UserError
from napari_sparsevar.progress import Step, moved

if TYPE_CHECKING:
    from napari_sparsevar.cells.cell_fit import CellFit
    from napari_sparsevar.cells.cells import Cells
    from napari_sparsevar.cells.preparing import Preparation
    from napari_sparsevar.export.cells.everything import CellsAs
    from napari_sparsevar.movie.movie import Movie


class Format(StrEnum):
    """What is written."""

    csv = "csv"
    graphml = "graphml"
    nwb = "nwb"
    npy = "npy"
    parquet = "parquet"


class Way(StrEnum):
    """What the cells of a run are read from."""

    pixels = "pixels"
    latents = "latents"


@explained
def cells(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run directory, or what 'sparsevar traces' has written.", metavar="RUN"
        ),
    ],
    path: Annotated[
        Path | None,
        typer.Argument(
            help="The cells of a run: a suite2p folder, CaImAn, a label image ...", metavar="CELLS"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The folder to write: the fit of a run, to be opened again, or with --format "
            "files for other programs.",
        ),
    ] = None,
    formats: Annotated[
        list[Format] | None,
        typer.Option("--format", help="For other programs; can be repeated."),
    ] = None,
    all_edges: Annotated[
        bool,
        typer.Option("--all-edges", help="In the graph, also edges that are not beyond chance."),
    ] = False,
    session_start: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="For NWB: when the recording began, for example 2026-05-01T10:30+02:00.",
        ),
    ] = None,
    detect: Annotated[
        bool,
        typer.Option("--detect", help="Find the cells in the movie of the run; give no CELLS."),
    ] = False,
    diameter: Annotated[
        float | None,
        typer.Option(
            metavar="PX", min=0, help="With --detect: of a cell; by default it is guessed."
        ),
    ] = None,
    read_from: Annotated[
        Way, typer.Option(help="What the cells of a run are read from; the other is compared.")
    ] = Way.pixels,
    trials: Trials = None,
    variable: Variable = None,
    plane: Plane = None,
    neuropil: Neuropil = None,
    detrend: Detrend = None,
    events: EventsOption = Events.auto,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Fit cells or open their fit, print what was found and write what is asked for."""
    from napari_sparsevar.cells.fit_folder import is_fit_directory
    from napari_sparsevar.cells.store import load_fit, save_fit

    fitted = is_fit_directory(run)
    wanted = formats_of(formats, out, fitted=fitted)
    check_out(out, wanted, overwrite=overwrite)
    if fitted:
        if path is not None:
            raise UserError(f"{run} is a fit and has its cells: leave {path} out.")
        refuse_changes(
            run,
            {
                "--detect": detect,
                "--diameter": diameter is not None,
                "--read-from": read_from is not Way.pixels,
                "--trials": trials is not None,
                "--variable": variable is not None,
                "--plane": plane is not None,
                "--neuropil": neuropil is not None,
                "--detrend": detrend is not None,
                "--events": events is not Events.auto,
                "--seed": seed != 0,
            },
        )
        fit = load_fit(run)
    else:
        prepared = preparation_of(None, neuropil, detrend, events)
        if detect and path is None:
            given = follow_steps(detecting_in_run(run, diameter), quiet=as_json)
        else:
            given = cells_of_run(run, path, variable, plane, detect=detect, diameter=diameter)
        work = fitting_run(run, given, read_from, trials, seed, prepared)
        fit = follow_steps(work, quiet=as_json)
    if out is not None and not wanted:
        save_fit(fit, out, overwrite=overwrite)
    say_fit(fit, run if fitted else out if not wanted else None, as_json=as_json)
    if out is None or not wanted:
        return
    from napari_sparsevar.analysis.evidence.level import LEVEL
    from napari_sparsevar.export.cells.everything import export_cells

    level = None if all_edges else LEVEL
    done = follow_steps(
        export_cells(
            fit, out, wanted, level=level, session_start=session_start, overwrite=overwrite
        ),
        quiet=as_json,
    )
    for note in done.notes:
        fail(note)
    typer.echo(f"Wrote {', '.join(wanted)} to {done.path}.", err=as_json)


def refuse_changes(fit: Path, asked: dict[str, bool]) -> None:
    """Raise UserError if an option is asked for that a finished fit cannot follow."""
    changed = [option for option, wanted in asked.items() if wanted]
    if changed:
        raise UserError(
            f"{fit} is a fit, which {' and '.join(changed)} cannot change: leave that out, or fit "
            "the cells anew."
        )


def formats_of(
    given: list[Format] | None, out: Path | None, *, fitted: bool
) -> tuple[CellsAs, ...]:
    """Return what is exported: nothing where the fit itself is kept, or nothing at all.

    Raises
    ------
    UserError
        If it is not said where to.
    """
    from napari_sparsevar.export.cells.everything import FORMATS, USUAL

    if given and out is None:
        raise UserError("--format needs a folder to write to: give --out FOLDER as well.")
    chosen = {each.value for each in given or []}
    return USUAL if fitted and not chosen else tuple(each for each in FORMATS if each in chosen)


def check_out(out: Path | None, wanted: tuple[CellsAs, ...], *, overwrite: bool) -> None:
    """Refuse a folder that may not be written, before the work."""
    from napari_sparsevar.cells.fit_folder import check_fit_folder
    from napari_sparsevar.export.cells.everything import check_cells_export

    if out is not None and wanted:
        check_cells_export(out, wanted, overwrite=overwrite)
    elif out is not None:
        check_fit_folder(out, overwrite=overwrite)


def detecting_in_run(path: Path, diameter: float | None) -> Generator[Step, None, Cells]:
    """Find the cells of the movie of a run; yield how far it is.

    Raises
    ------
    UserError
        If the movie is not there, or no cells are seen in it.
    """
    from napari_sparsevar.cells.detection import detecting_cells
    from napari_sparsevar.run.run import load_run
    from napari_sparsevar.run.run_movie import open_run_movie

    run = load_run(path)
    found = open_run_movie(run.path, run.record.movie)
    if found.movie is None:
        raise UserError(f"Cells cannot be looked for without the movie of {path}. {found.notice}")
    return (yield from detecting_cells(found.movie, diameter))


def cells_of_run(
    run: Path,
    path: Path | None,
    variable: str | None,
    plane: int | None,
    *,
    detect: bool = False,
    diameter: float | None = None,
) -> Cells:
    """Return the cells that are to be read from a run.

    Raises
    ------
    UserError
        If none are given or they cannot be opened, or they were to be found.
    """
    if path is None:
        raise UserError(
            f"Give the cells of {run} as well: a suite2p folder, CaImAn, NWB, a label image ..., "
            "or --detect to find them."
        )
    if detect or diameter is not None:
        raise UserError(f"{path} has cells: leave --detect and --diameter out, or {path}.")
    return opened_cells(path, variable=variable, plane=plane)


def fitting_run(
    path: Path,
    given: Cells,
    read_from: Way = Way.pixels,
    trials: Path | None = None,
    seed: int = 0,
    preparation: Preparation | None = None,
    movie: Movie | None = None,
) -> Generator[Step, None, CellFit]:
    """Read cells from the movie and the latents of a run and fit them; yield how far it is."""
    from napari_sparsevar.run.cells import cells_in, fitting_both_ways, reading_cells
    from napari_sparsevar.run.run import load_run

    yield 0.0, "Opening the run"
    run = load_run(path)
    pieces = trials_of(trials, run.fps)
    read = yield from moved(reading_cells(run, cells_in(run, given), movie), 0.0, 0.4)
    fitting = fitting_both_ways(run, read, read_from.value, pieces, seed, preparation)
    return (yield from moved(fitting, 0.4, 1.0))
