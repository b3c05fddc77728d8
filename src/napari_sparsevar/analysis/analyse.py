"""The analysis, stage by stage, in the order in which its results are needed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy import sparse

from napari_sparsevar.analysis.evidence.echoes import Echoes
from napari_sparsevar.analysis.evidence.found_cells import FoundCells
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.significance import Significance, significance
from napari_sparsevar.analysis.evidence.stability import N_BLOCKS, Stability, selection_stability
from napari_sparsevar.analysis.fit.criterion import COLUMNS as CRITERION_COLUMNS
from napari_sparsevar.analysis.fit.criterion import criterion_table
from napari_sparsevar.analysis.fit.fitting import FittedVar, fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.analysis.fit.own_dynamics import Series
from napari_sparsevar.analysis.fit.solution_path import SolutionPath
from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.analysis.maps.chance_units import chance_of, in_units_of_chance
from napari_sparsevar.analysis.maps.contribution import Contribution, contribution_map
from napari_sparsevar.analysis.maps.drivers import Drivers, find_drivers, standing_out_again
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection
from napari_sparsevar.analysis.maps.tested_drivers import ToldApart, told_apart
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.progress import Step, stage


def first_map(
    activity: LatentActivity, footprints: sparse.csr_array, mean: FloatImage, noise: FloatImage
) -> Generator[Step, None, Results]:
    """Fit the VAR to all latents of a movie and draw the contribution map: the first stage.

    Parameters
    ----------
    activity : LatentActivity
    footprints : csr_array, shape (p, Y X)
        What each latent adds to a frame: ``sparse_footprints``.
    mean, noise : ndarray of float32, shape (Y, X)
        As in ``Results``.

    Yields
    ------
    Step
    """
    grid, config = activity.grid, activity.config
    yield 0.0, "Fitting the sparse VAR"
    rows = StreamedRows.of(activity, config.lags, activity.dynamics, activity.recent)
    statistics = pool(block_moments(rows, 1))
    trim_heap()
    yield 0.4, "Fitting the sparse VAR"
    weights = torch.from_numpy(activity.weights)
    fitted = fit_whole(rows.own, statistics, weights, config.lags)
    yield 0.9, "Drawing the contribution map"
    projection = Projection(grid, footprints, fitted)
    untested, unknown = Significance.unknown(fitted), np.full(grid.shape, np.nan, np.float32)
    drawn = contribution_map(fitted, projection)
    contribution, places = _seen(drawn, fitted, projection, untested, unknown)
    return Results(
        "map",
        activity,
        fitted,
        projection,
        mean,
        noise,
        contribution,
        unknown,
        places.drivers,
        places.candidates,
        untested,
        Stability.unknown(fitted),
        pd.DataFrame(columns=CRITERION_COLUMNS, dtype=float),
        rows.partial,
    )


def next_stage(results: Results, cells: FoundCells | None = None) -> Generator[Step, None, Results]:
    """Carry an analysis on by one stage; yield the fraction of it done.

    Parameters
    ----------
    results : Results
        At the penalty of the analysis, not at its last stage.
    cells : FoundCells, optional
        What is known of cells, for the test of places.

    Returns
    -------
    Results
    """
    match results.stage:
        case "map":
            work = _tested(results, cells or FoundCells.none())
            return (yield from stage(work, 0.0, 1.0, "Testing places against chance"))
        case "drivers":
            work = _repeated(results)
            return (yield from stage(work, 0.0, 1.0, "Checking halves of the recording"))
        case "stability":
            work = _validated(results)
            return (yield from stage(work, 0.0, 1.0, "Cross-validating the sparse VAR"))
    raise ValueError("The analysis is complete.")


def _tested(results: Results, cells: FoundCells) -> Generator[float, None, Results]:
    fitted, projection = results.fitted, results.projection
    amplitude = torch.from_numpy(projection.amplitude)
    wide = results.activity.config.with_typical_cell().background_diameter
    echoes = Echoes.around(results.grid.centres(), wide)
    before = results.grid.read_before()
    unclear = None if before is None else torch.from_numpy(before)
    as_events = results.activity.events is not None
    found = yield from significance(
        _rows(results),
        fitted,
        amplitude,
        echoes,
        unclear,
        rare_events=as_events,
        cells=cells.at(results.grid.centres(), fitted.lags),
    )
    if found.tested:
        said = " ".join(filter(None, (found.null, cells.said)))
        found = replace(found, null=said, cells=torch.from_numpy(cells.driving()))
    drawn = contribution_map(fitted, projection, found.silencing.numpy())
    chance = chance_of(drawn.image, projection, found, ranked=not as_events, cells=cells)
    contribution, places = _seen(drawn, fitted, projection, found, chance)
    trim_heap()
    return replace(
        results,
        stage="drivers",
        significance=found,
        contribution=contribution,
        chance=chance,
        drivers=places.drivers,
        candidates=places.candidates,
    )


def _repeated(results: Results) -> Generator[float, None, Results]:
    projection, n_drivers = results.projection, len(results.drivers.table)
    spacing = results.grid.stride
    sought = (results.drivers, results.candidates)

    silencing = results.significance.silencing.numpy()

    def map_of(refit: FittedVar) -> FloatImage:
        return contribution_map(refit, projection, silencing).image

    def found_again(image: FloatImage) -> npt.NDArray[np.bool_]:
        again = [
            standing_out_again(places, image, spacing, projection.covered) for places in sought
        ]
        return np.concatenate(again)

    blocks = block_moments(_rows(results), N_BLOCKS)
    found = yield from selection_stability(results.fitted, blocks, map_of, found_again)
    trim_heap()
    drivers, candidates = np.split(found.others, [n_drivers])
    return replace(
        results,
        stage="stability",
        stability=found._replace(edges=found.edges.float()),
        drivers=_with_stability(results.drivers, drivers),
        candidates=_with_stability(results.candidates, candidates),
        blocks=blocks,
    )


def _validated(results: Results) -> Generator[float, None, Results]:
    blocks = results.blocks or block_moments(_rows(results), N_BLOCKS)
    criterion = yield from criterion_table(results.fitted, blocks)
    trim_heap()
    return replace(results, stage="all", criterion=criterion, blocks=None)


def _rows(results: Results) -> StreamedRows:
    """Return the rows that the VAR was fitted to."""
    activity, lags = results.activity, results.activity.config.lags
    if activity.covariates is not None:
        return StreamedRows.of(activity, lags, activity.dynamics, activity.recent)
    return StreamedRows(Series.of(activity), lags, results.fitted.own)  # estimated once


def _with_stability(places: Drivers, stability: npt.NDArray[np.float64]) -> Drivers:
    return replace(places, table=places.table.assign(stability=stability))


def _seen(
    drawn: Contribution,
    fitted: FittedVar,
    projection: Projection,
    found: Significance,
    chance: FloatImage,
) -> tuple[FloatImage, ToldApart]:
    """Return a contribution map in units of chance, and the places that stand out of it."""
    grid = projection.grid
    contribution = in_units_of_chance(drawn.image, fitted, chance)
    places = find_drivers(
        drawn.image,
        grid.stride,
        shown=contribution,
        counted=projection.covered,
        silences=drawn.silences,
        sure=contribution >= 1.0 if found.tested else None,
        also=grid.centres()[found.place_p.numpy() <= LEVEL],
        cells=found.cells.numpy(),
    )
    return contribution, told_apart(places, found, grid)


def at_penalty(results: Results, penalty: float, path: SolutionPath | None = None) -> Results:
    """Return the same results elsewhere on the solution path; nothing is retrained.

    Stability belongs to the penalty it was computed at: that of the drivers is missing here, that
    of the edges is kept.

    Parameters
    ----------
    results : Results
    penalty : float
    path : SolutionPath, optional
        Looked up where it reaches, instead of solving anew: the same coefficients, sooner.
    """
    if path is not None and penalty >= path.least:
        fitted = replace(results.fitted, penalty=float(penalty), nonzero=path.nonzero(penalty))
    else:
        fitted = results.fitted.at_penalty(penalty)
    projection, found = results.projection, results.significance
    drawn = contribution_map(fitted, projection, found.silencing.numpy())
    contribution, places = _seen(drawn, fitted, projection, found, results.chance)
    return replace(
        results,
        fitted=fitted,
        contribution=contribution,
        drivers=places.drivers,
        candidates=places.candidates,
    )
