"""Everything an analysis finds, and the analysis itself."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.encoding import encode_movie
from napari_sparsevar.analysis.evidence.edges import edge_table
from napari_sparsevar.analysis.evidence.significance import (
    Significance,
    significance,
    surviving_drivers,
)
from napari_sparsevar.analysis.evidence.stability import N_BLOCKS, selection_stability
from napari_sparsevar.analysis.fit.criterion import criterion_table
from napari_sparsevar.analysis.fit.fitting import (
    FittedVar,
    block_moments,
    fit_whole,
    pool,
    streamed_regression,
)
from napari_sparsevar.analysis.fit.solution_path import SolutionPath
from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.analysis.maps.contribution import contribution_map
from napari_sparsevar.analysis.maps.drivers import Drivers, find_drivers
from napari_sparsevar.analysis.maps.footprints import sparse_footprints
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.network import SparseVarAutoencoder
from napari_sparsevar.movie.reading.standardised import StandardisedFrames
from napari_sparsevar.progress import Step, stage


@dataclass(frozen=True, eq=False)
class Results:
    """What a trained network says about a movie.

    Attributes
    ----------
    fitted : FittedVar
        The sparse VAR at the chosen penalty.
    projection : Projection
        From latents to pixels and back.
    mean, noise : ndarray of float32, shape (Y, X)
        Grey values of a standardised pixel: ``x = mean + noise * standardised``.
    latents : ndarray of float32, shape (T, p)
    good : ndarray of bool, shape (T,)
        Frames that were used.
    criterion : DataFrame
        ``penalty``, ``edges``, ``ebic``, ``cv_error``, ``cv_se`` along the solution path.
    contribution : ndarray of float32, shape (Y, X)
    drivers : Drivers
        Those that survive the test against chance.
    significance : Significance
    edge_stability : Tensor, shape (P, p)
        Share of random halves of the movie in which each coefficient is not zero.
    """

    fitted: FittedVar
    projection: Projection
    mean: FloatImage
    noise: FloatImage
    latents: npt.NDArray[np.float32]
    good: npt.NDArray[np.bool_]
    criterion: pd.DataFrame
    contribution: FloatImage
    drivers: Drivers
    significance: Significance
    edge_stability: Tensor

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
        return edge_table(self.fitted, self.projection, self.significance, self.edge_stability)


def analyse(
    network: SparseVarAutoencoder,
    frames: StandardisedFrames,
    grid: LatentGrid,
    static: Tensor,
    file: Path | None = None,
) -> Generator[Step, None, Results]:
    """Encode the movie, fit the VAR to all of it and read out what drives what.

    Parameters
    ----------
    network : SparseVarAutoencoder
    frames : StandardisedFrames
    grid : LatentGrid
    static : Tensor, shape (3, Y, X)
        On the network's device.
    file : Path, optional
        Where latents go, as for ``encode_movie``; otherwise they stay in memory.

    Yields
    ------
    Step
    """
    config = network.config
    encoding = encode_movie(network, frames, grid, static, file)
    latents = yield from stage(encoding, 0.0, 0.4, "Encoding")
    frames.release()
    trim_heap()
    weights = torch.from_numpy(grid.penalty_weights(config))
    found = streamed_regression(latents, frames.good, config.lags, config.dynamics)
    blocks = block_moments(found.pairs, N_BLOCKS)
    yield 0.4, "Fitting the sparse VAR"
    fitted = fit_whole(found, pool(blocks), weights, config.lags)
    trying = criterion_table(fitted, blocks)
    criterion = yield from stage(trying, 0.45, 0.7, "Cross-validating the sparse VAR")
    del blocks  # on large fields half a gigabyte; summed up anew after the tests
    trim_heap()
    yield 0.7, "Drawing the contribution map"
    projection = Projection(grid, sparse_footprints(network, grid, static), fitted)
    contribution = contribution_map(fitted, projection)
    testing = significance(found, fitted)
    tested = yield from stage(testing, 0.7, 0.85, "Testing places against chance")
    drivers = surviving_drivers(find_drivers(contribution, grid.stride), tested, grid)
    trim_heap()
    blocks = block_moments(found.pairs, N_BLOCKS)
    resampling = selection_stability(drivers, fitted, projection, blocks)
    stability = yield from stage(
        resampling, 0.85, 1.0, "Checking the drivers on parts of the movie"
    )
    return Results(
        fitted,
        projection,
        frames.mean,
        frames.noise,
        latents,
        frames.good,
        criterion,
        contribution,
        replace(drivers, table=drivers.table.assign(stability=stability.drivers)),
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
