"""Everything an analysis finds, and the analysis itself."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.evidence.significance import Significance, significance
from napari_sparsevar.analysis.evidence.stability import N_BLOCKS, selection_stability
from napari_sparsevar.analysis.fit.criterion import criterion_table
from napari_sparsevar.analysis.fit.fitting import FittedVar, fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.analysis.fit.solution_path import SolutionPath
from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.analysis.maps.contribution import contribution_map
from napari_sparsevar.analysis.maps.drivers import Drivers, find_drivers, standing_out_again
from napari_sparsevar.analysis.maps.edges import placed_edges
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection
from napari_sparsevar.analysis.maps.tested_drivers import surviving_drivers
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.progress import Step, stage


@dataclass(frozen=True, eq=False)
class Results:
    """What a trained network says about a movie.

    Attributes
    ----------
    activity : LatentActivity
        The latents of the movie.
    fitted : FittedVar
        The sparse VAR at the chosen penalty.
    projection : Projection
        From latents to pixels and back.
    mean, noise : ndarray of float32, shape (Y, X)
        Grey values of a standardised pixel: ``x = mean + noise * standardised``.
    criterion : DataFrame
        Of ``criterion_table``.
    contribution : ndarray of float32, shape (Y, X)
    drivers : Drivers
        Those that survive the test against chance.
    significance : Significance
    edge_stability : Tensor, shape (P, p)
        Share of random halves of the movie in which each coefficient is not zero.
    """

    activity: LatentActivity
    fitted: FittedVar
    projection: Projection
    mean: FloatImage
    noise: FloatImage
    criterion: pd.DataFrame
    contribution: FloatImage
    drivers: Drivers
    significance: Significance
    edge_stability: Tensor

    @property
    def latents(self) -> npt.NDArray[np.float32]:
        """Code of every frame, (T, p)."""
        return self.activity.series

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Frames that were used, (T,)."""
        return self.activity.good

    @property
    def grid(self) -> LatentGrid:
        """Where the latents lie."""
        return self.projection.grid

    @property
    def footprints(self) -> sparse.csr_array:
        """What each latent adds to a frame, (p, Y X) of the padded field of view."""
        return self.projection.footprints

    @cached_property
    def edges(self) -> pd.DataFrame:
        """Every edge between different places, strongest effect first."""
        return placed_edges(self.fitted, self.projection, self.significance, self.edge_stability)


def analyse(
    activity: LatentActivity, footprints: sparse.csr_array, mean: FloatImage, noise: FloatImage
) -> Generator[Step, None, Results]:
    """Fit the VAR to all latents of a movie and read out what drives what.

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
    rows = StreamedRows.of(activity, config.lags, config.dynamics)
    blocks = block_moments(rows, N_BLOCKS)
    weights = torch.from_numpy(activity.weights)
    fitted = fit_whole(rows.own, pool(blocks), weights, config.lags)
    trying = criterion_table(fitted, blocks)
    criterion = yield from stage(trying, 0.1, 0.5, "Cross-validating the sparse VAR")
    del blocks  # on large fields half a gigabyte; summed up anew after the tests
    trim_heap()
    yield 0.5, "Drawing the contribution map"
    projection = Projection(grid, footprints, fitted)
    contribution = contribution_map(fitted, projection)
    testing = significance(rows, fitted)
    tested = yield from stage(testing, 0.5, 0.75, "Testing places against chance")
    drivers = surviving_drivers(find_drivers(contribution, grid.stride), tested, grid)
    trim_heap()

    resampling = selection_stability(
        fitted,
        block_moments(rows, N_BLOCKS),
        lambda refit: contribution_map(refit, projection),
        lambda image: standing_out_again(drivers, image),
    )
    stability = yield from stage(
        resampling, 0.75, 1.0, "Checking the drivers on parts of the movie"
    )
    return Results(
        activity,
        fitted,
        projection,
        mean,
        noise,
        criterion,
        contribution,
        replace(drivers, table=drivers.table.assign(stability=stability.others)),
        tested,
        stability.edges.float(),
    )


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
        fitted = replace(results.fitted, penalty=float(penalty), coefficients=path.at(penalty))
    else:
        fitted = results.fitted.at_penalty(penalty)
    contribution = contribution_map(fitted, results.projection)
    found = find_drivers(contribution, results.grid.stride)
    drivers = surviving_drivers(found, results.significance, results.grid)
    return replace(results, fitted=fitted, contribution=contribution, drivers=drivers)
