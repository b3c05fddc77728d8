"""The command ``sparsevar`` and its commands, a file each.

A command parses, calls the library and prints. The library is imported inside the commands, so that
``sparsevar --help`` need not wait for torch.
"""

from __future__ import annotations

import typer

from napari_sparsevar.cli.apply import apply
from napari_sparsevar.cli.batch import batch
from napari_sparsevar.cli.cells import cells
from napari_sparsevar.cli.compare import compare
from napari_sparsevar.cli.ending import OneSentenceGroup
from napari_sparsevar.cli.export import export
from napari_sparsevar.cli.figure import figure
from napari_sparsevar.cli.info import info
from napari_sparsevar.cli.register import register
from napari_sparsevar.cli.report import report
from napari_sparsevar.cli.simulate import simulate
from napari_sparsevar.cli.traces import traces
from napari_sparsevar.cli.train import train

app = typer.Typer(
    name="sparsevar",
    cls=OneSentenceGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="See which places in the tissue drive the activity that follows.",
)
app.command(help="Write a movie with known drivers, and the truth about it.")(simulate)
app.command(help="Hold a moving field of view still and write the movie anew.")(register)
app.command(help="Train on a movie and write a run directory.")(train)
app.command(help="Say what a movie, a run directory or a fit of cells holds.")(info)
app.command(help="Apply the network of a run to another movie of the same kind.")(apply)
app.command(help="Train on many recordings, here or on a cluster.")(batch)
app.command(help="Say who drives whom among cells, from their traces alone.")(traces)
app.command(help="Say who drives whom among the cells of a run, and write it for other programs.")(
    cells
)
app.command(help="Compare the dynamics of two or more stretches of time.")(compare)
app.command(help="Draw a figure of a run, for print.")(figure)
app.command(help="Write a run as one HTML page: figures, tables, checks.")(report)
app.command(help="Write results of a run in the formats of other programs.")(export)


def main() -> None:
    """Run the command line."""
    app()
