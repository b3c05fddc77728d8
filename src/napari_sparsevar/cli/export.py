"""The command ``sparsevar export``: results of a run in the formats of others."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_sparsevar.cli.ending import explained, fail
from napari_sparsevar.cli.options import Debug, Overwrite, RunArgument
from napari_sparsevar.cli.progress import follow_steps
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from napari_sparsevar.export.overlay import OverlayOptions


class Format(StrEnum):
    """Of figures."""

    svg = "svg"
    pdf = "pdf"
    png = "png"


@explained
def export(
    run: RunArgument,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to write.")],
    maps: Annotated[bool, typer.Option("--maps", help="Maps as OME-TIFF.")] = False,
    tables: Annotated[bool, typer.Option("--tables", help="Tables as CSV.")] = False,
    figures: Annotated[
        bool, typer.Option("--figures", help="Figures of every kind, as SVG or --format.")
    ] = False,
    report: Annotated[bool, typer.Option("--report", help="One HTML page of all.")] = False,
    nwb: Annotated[bool, typer.Option("--nwb", help="All results as one NWB file.")] = False,
    movies: Annotated[
        bool, typer.Option("--movies", help="Predicted and residual movie as OME-Zarr.")
    ] = False,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="The movie with its map and drivers, as MP4.")
    ] = False,
    figure_format: Annotated[Format, typer.Option("--format", help="Of the figures.")] = Format.svg,
    session_start: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="For NWB: when the recording began, for example 2026-05-01T10:30+02:00; taken "
            "from the movie's file if left out.",
        ),
    ] = None,
    frames: Annotated[
        str | None,
        typer.Option(metavar="START:STOP", help="For --overlay: which frames, stop exclusive."),
    ] = None,
    speed: Annotated[float, typer.Option(help="For --overlay: 1 is real time.")] = 1.0,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Write what was selected, maps and tables if nothing was."""
    # Before the run is opened, which takes a while.
    from napari_sparsevar.cells.fit_folder import is_fit_directory
    from napari_sparsevar.export.everything import PARTS, ExportOptions, export_run
    from napari_sparsevar.export.material import gather
    from napari_sparsevar.export.record import check_folder

    if is_fit_directory(run):
        raise UserError(
            f"{run} is a fit of cells: export it with 'sparsevar cells {run} --out ...'."
        )
    given = {
        "maps": maps,
        "tables": tables,
        "figures": figures,
        "report": report,
        "nwb": nwb,
        "movies": movies,
        "overlay": overlay,
    }
    chosen = frozenset(part for part in PARTS if given[part]) or frozenset(PARTS[:2])
    overlay_shown = overlay_options(frames, speed)
    check_folder(out, overwrite=overwrite)
    options = ExportOptions(chosen, session_start, overlay_shown, f".{figure_format.value}")
    done = follow_steps(export_run(gather(run, fail), out, options, overwrite=overwrite))
    for note in done.notes:
        fail(note)
    typer.echo(f"Wrote {', '.join(part for part in PARTS if part in chosen)} to {done.path}.")


def overlay_options(frames: str | None, speed: float) -> OverlayOptions:
    """Return which frames the movie of the overlay shows.

    Raises
    ------
    UserError
        If they are not written as they should be.
    """
    from napari_sparsevar.export.overlay import OverlayOptions

    first, colon, last = (frames or ":").partition(":")
    try:
        start, stop = int(first or 0), int(last) if last else None
    except ValueError:
        colon = ""
    if not colon:
        raise UserError(f"--frames is '{frames}': write first frame and stop, for example 0:500.")
    return OverlayOptions(start, stop, speed)
