"""Everything an analysis finds, and the analysis itself, in the order in which it is needed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.covariates.partialling import Partial
from napari_sparsevar.analysis.evidence.chance import relaxed
from napari_sparsevar.analysis.evidence.echoes import Echoes
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.significance import Significance, significance
from napari_sparsevar.analysis.evidence.stability import N_BLOCKS, Stability, selection_stability
from napari_sparsevar.analysis.fit.criterion import COLUMNS as CRITERION_COLUMNS
from napari_sparsevar.analysis.fit.criterion import criterion_table
from napari_sparsevar.analysis.fit.fitting import FittedVar, default_penalty, fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.analysis.fit.own_dynamics import Series
from napari_sparsevar.analysis.fit.solution_path import SolutionPath
from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.analysis.maps.contribution import (
    Contribution,
    chance_map,
    contribution_map,
    in_pixels,
)
from napari_sparsevar.analysis.maps.drivers import (
    Drivers,
    LabelImage,
    find_drivers,
    standing_out_again,
)
from napari_sparsevar.analysis.maps.edges import placed_edges
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection
from napari_sparsevar.analysis.maps.tested_drivers import ToldApart, told_apart
from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.model.embedded_var import Moments
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.progress import Step, stage

FAINT, UNSURE = 0.5, 0.999
"""What the map shows at most where the test is not sure, in units of chance, and from where on it
comes nearer and nearer to that."""

AS_SURE = 2.0
"""By how much the test of a place may change the unit of the map there."""

LEADERLESS = 0.5
"""Share of a pixel from which it is of places that are not sure to lead: the unit there is such
that the map is as sure as the test, whatever that takes."""


@dataclass(frozen=True, eq=False)
class Results:
    """What a trained network says about a movie, as far as it has been asked.

    Attributes
    ----------
    stage : {"map", "drivers", "stability", "all"}
        How far the analysis is; what it has not come to is missing (NaN, or empty).
    activity : LatentActivity
        The latents of the movie.
    fitted : FittedVar
        The sparse VAR at the chosen penalty.
    projection : Projection
        From latents to pixels and back.
    mean, noise : ndarray of float32, shape (Y, X)
        Grey values of a standardised pixel: ``x = mean + noise * standardised``; NaN where pixels
        do not count.
    contribution : ndarray of float32, shape (Y, X)
        What each pixel drives, in units of what chance reaches there; where that is not known, of
        the strongest pixel.
    chance : ndarray of float32, shape (Y, X)
        Unit of ``contribution``: what chance reaches at the penalty of the analysis; NaN where
        that is not known.
    drivers, candidates : Drivers
        Places that stand out: beyond chance, and not (or not known to be).
    significance : Significance
    stability : Stability
    criterion : DataFrame
        Of ``criterion_table``.
    partial : Partial, optional
        What covariates explained of the latents, and was taken out.
    blocks : list of Moments, optional
        Of blocks of time, from one stage to the next; not kept with a run.
    """

    stage: Stage
    activity: LatentActivity
    fitted: FittedVar
    projection: Projection
    mean: FloatImage
    noise: FloatImage
    contribution: FloatImage
    chance: FloatImage
    drivers: Drivers
    candidates: Drivers
    significance: Significance
    stability: Stability
    criterion: pd.DataFrame
    partial: Partial | None = None
    blocks: list[Moments] | None = field(default=None, repr=False)

    @property
    def latents(self) -> npt.NDArray[np.float32]:
        """Code of every frame, (T, p)."""
        return self.activity.latents

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Frames that were used, (T,)."""
        return self.activity.good

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Pixels that count, (Y, X): those that are not NaN or filled in some frames."""
        return np.isfinite(self.mean)

    @property
    def grid(self) -> LatentGrid:
        """Where the latents lie."""
        return self.projection.grid

    @property
    def footprints(self) -> sparse.csr_array:
        """What each latent adds to a frame, (p, Y X) of the padded field of view."""
        return self.projection.footprints

    @property
    def edge_stability(self) -> Tensor:
        """Share of halves of the movie in which each coefficient is not zero, (P, p)."""
        return self.stability.edges

    @property
    def chance_known(self) -> bool:
        """Whether the contribution map is in units of what chance reaches."""
        return bool(np.isfinite(self.chance).any())

    @property
    def place_labels(self) -> LabelImage:
        """Drivers and candidates in one label image, (Y, X)."""
        return np.where(self.drivers.labels > 0, self.drivers.labels, self.candidates.labels)

    @cached_property
    def edges(self) -> pd.DataFrame:
        """Every edge between different places, strongest effect first."""
        return placed_edges(self.fitted, self.projection, self.significance, self.edge_stability)


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


def next_stage(results: Results) -> Generator[Step, None, Results]:
    """Carry an analysis on by one stage; yield the fraction of it done.

    Parameters
    ----------
    results : Results
        At the penalty of the analysis, not at its last stage.

    Returns
    -------
    Results
    """
    match results.stage:
        case "map":
            return (yield from stage(_tested(results), 0.0, 1.0, "Testing places against chance"))
        case "drivers":
            work = _repeated(results)
            return (yield from stage(work, 0.0, 1.0, "Checking halves of the recording"))
        case "stability":
            work = _validated(results)
            return (yield from stage(work, 0.0, 1.0, "Cross-validating the sparse VAR"))
    raise ValueError("The analysis is complete.")


def _tested(results: Results) -> Generator[float, None, Results]:
    fitted, projection = results.fitted, results.projection
    amplitude = torch.from_numpy(projection.amplitude)
    wide = results.activity.config.with_typical_cell().background_diameter
    echoes = Echoes.around(results.grid.centres(), wide)
    before = results.grid.read_before()
    unclear = None if before is None else torch.from_numpy(before)
    as_events = results.activity.events is not None
    found = yield from significance(
        _rows(results), fitted, amplitude, echoes, unclear, rare_events=as_events
    )
    drawn = contribution_map(fitted, projection, found.silencing.numpy())
    chance = chance_of(drawn.image, projection, found, ranked=not as_events)
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
    )
    return contribution, told_apart(places, found, grid)


def chance_of(
    image: FloatImage, projection: Projection, found: Significance, ranked: bool = True
) -> FloatImage:
    """Return what chance reaches in a ``contribution_map``; NaN where nothing could be tested.

    The map is of the lasso, the test of debiased scores, and now and then they differ: where many
    places share what they foretell, the lasso gives it to some of them. Within a factor of two the
    unit is such that the map is as sure of a place as the test; around a place that drives others
    beyond chance, whatever that takes.

    Parameters
    ----------
    image : ndarray of float32, shape (Y, X)
    projection : Projection
    found : Significance
    ranked : bool
        Whether the map ranks places as the test does, which tells more where activity is filtered.
        Else it only follows the test in what is beyond chance: of events the amounts tell more.
    """
    reach = found.chance.double().numpy()
    if not found.tested:
        return np.full(image.shape, np.nan, np.float32)
    usual = chance_map(np.nan_to_num(reach, nan=float(np.nanmax(reach))), projection)
    sure = in_pixels(found.sureness().double().numpy(), projection)
    if not ranked:
        shown = image / np.maximum(usual, 1e-12)
        faint = np.where(shown < FAINT, shown, UNSURE - (UNSURE - FAINT) * np.exp(FAINT - shown))
        sure = np.where(sure >= 1.0, np.maximum(shown, 1.0), faint)
    as_sure = np.divide(image, sure, out=usual.copy(), where=(sure > 0) & (image > 0))
    leaderless = in_pixels(found.leaderless.double().numpy(), projection) > LEADERLESS
    most = np.where(leaderless, np.inf, usual * AS_SURE)
    chance: FloatImage = np.clip(as_sure, usual / AS_SURE, most)
    driving = projection.grid.pixels_of(found.place_p.numpy() <= LEVEL) & (image > 0)
    return np.where(driving, np.minimum(chance, image), chance)


def in_units_of_chance(image: FloatImage, fitted: FittedVar, chance: FloatImage) -> FloatImage:
    """Return a ``contribution_map`` in units of what chance reaches at each pixel.

    Where nothing could be tested nobody knows: it is then in units of its strongest pixel.
    """
    if not np.isfinite(chance).any():
        return image / max(float(image.max(initial=0.0)), 1e-12)
    root = fitted.statistics.n**0.5
    more = relaxed(fitted.penalty * root, default_penalty(fitted.statistics) * root)
    units: FloatImage = np.divide(
        image, more * chance, out=np.zeros_like(image), where=chance > 0, casting="same_kind"
    )
    return units


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
