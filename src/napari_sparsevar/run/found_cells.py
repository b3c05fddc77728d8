"""The cells of the movie of a run: found, read and tested, to tell more of its places."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from napari_sparsevar.analysis.evidence.found_cells import FoundCells
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.detection import detecting_cells
from napari_sparsevar.cells.fit import fitting_cells, usual_lags
from napari_sparsevar.cells.reading import reading_movie
from napari_sparsevar.cells.store import save_fit
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.progress import Step, moved
from napari_sparsevar.run.cells import OfRun
from napari_sparsevar.run.left_out import trials_kept
from napari_sparsevar.run.store import FOUND_CELLS

_REACH = 0.5
"""Cell diameters from its centre within which a place is of the cell."""


def finding_cells(run: OfRun, movie: Movie) -> Generator[Step, None, FoundCells]:
    """Find the cells of the movie of a run and test which of them drive; yield how far it is.

    Parameters
    ----------
    run : Run
        Says which frames are good, the lags and the covariates.
    movie : Movie
        As the run was trained on it.

    Returns
    -------
    FoundCells
        Of no cell where none is seen or can be fitted; it says so. The fit is kept in the run.
    """
    if movie.stack is not None:
        return FoundCells.none()
    given = run.record.configuration.get("model", {}).get("cell_diameter", "auto")
    diameter = run.results.activity.config.with_typical_cell().cell_diameter
    diameter /= movie.pixel_size_um or 1.0
    try:
        found = yield from moved(
            detecting_cells(movie, None if given == "auto" else diameter), 0.0, 0.4
        )
        cells = yield from moved(reading_movie(movie, found), 0.4, 0.7)
        fit = yield from moved(_fitting(run, cells), 0.7, 1.0)
    except UserError as error:
        return FoundCells.none(f"No cell was tested beside the places: {error}")
    save_fit(fit, run.path / FOUND_CELLS, overwrite=True)
    return _told(fit, cells, _REACH * diameter)


def _told(fit: CellFit, cells: Cells, reach: float) -> FoundCells:
    """Return what the test of cells says; of those that were not fitted nothing."""
    assert cells.centres is not None  # they have outlines
    table, n = fit.drivers.set_index("name").reindex(cells.names), len(cells)
    drives, edge_p = np.zeros(n), np.full((fit.lags, n, n), np.nan)
    fitted = fit.fitted_cells
    drives[fitted] = np.sqrt(sum(edges.power(2).sum(axis=1) for edges in fit.fitted.distant))
    tested = fit.evidence.edge_p.numpy().reshape(fit.lags, len(fitted), len(fitted))
    edge_p[:, fitted[:, None], fitted] = tested
    return FoundCells(
        cells.centres,
        table["p_adjusted"].to_numpy(np.float64),
        table["strength"].to_numpy(np.float64),
        drives,
        edge_p,
        reach,
        f"{n} cells were found in the movie and tested as well: what places or cells say "
        "is listed, and p-values are adjusted for both.",
    )


def _fitting(run: OfRun, cells: Cells) -> Generator[Step, None, CellFit]:
    good = np.asarray(run.results.good)
    return (
        yield from fitting_cells(
            cells,
            max(run.record.network.lags, usual_lags(cells.fps, len(cells))),
            good,
            trials_kept(run.path, good),
            covariates=run.results.activity.covariates,
        )
    )
