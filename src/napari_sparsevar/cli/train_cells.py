"""Cells that come with a training: looked over before it, read and fitted after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from napari_sparsevar.cli.cell_options import opened_cells
from napari_sparsevar.cli.cell_summary import say_fit
from napari_sparsevar.cli.cells import fitting_run
from napari_sparsevar.cli.progress import follow_steps
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from napari_sparsevar.cells.cells import Cells
    from napari_sparsevar.movie.movie import Movie


def cells_of_movie(path: Path, movie: Movie, plane: int | None) -> Cells:
    """Open cells and see that they fit the movie, so that nobody trains for an hour in vain.

    Parameters
    ----------
    path : Path
    movie : Movie
    plane : int, optional
        Of both, where cells lie in several.

    Raises
    ------
    UserError
        If they cannot be opened, have no outlines, or are of another field of view.
    """
    from napari_sparsevar.cells.placing import in_field
    from napari_sparsevar.cells.reading import looked_over

    if movie.stack is not None:
        raise UserError(
            f"No cells are read from several planes in one run: leave {path} out (--cells), or "
            "train on the plane of the cells."
        )
    cells = opened_cells(path)
    placed = in_field(cells.of_plane(plane) if cells.n_planes > 1 else cells, movie.shape)
    looked = looked_over(movie, placed)
    for note in looked.notes:
        typer.echo(note, err=True)
    return placed


def fit_cells(run: Path, cells: Cells, movie: Movie) -> None:
    """Read cells from a finished run and its movie, fit them, keep the fit in the run, say it."""
    from napari_sparsevar.cells.store import save_fit
    from napari_sparsevar.run.store import CELLS

    fit = follow_steps(fitting_run(run, cells, movie=movie), quiet=False)
    folder = save_fit(fit, run / CELLS, overwrite=True)
    typer.echo("")
    say_fit(fit, folder)
