"""The command ``sparsevar report``: a run or a fit of cells as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_sparsevar.cli.ending import explained, fail
from napari_sparsevar.cli.options import Debug, Overwrite, Penalty, RunOrFit


@explained
def report(
    run: RunOrFit,
    out: Annotated[
        Path,
        typer.Option(metavar="REPORT.html", help="The file to write; it needs no other."),
    ],
    penalty: Penalty = None,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Write the report and say where it is."""
    from napari_sparsevar.figures.report import write_report

    write_report(run, out, penalty=penalty, overwrite=overwrite, tell=fail)
    typer.echo(f"Wrote {out}.")
