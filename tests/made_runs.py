"""Runs with everything in them, made without a network: latents in which one place drives two."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.analysis.evidence.stability import Stability
from napari_sparsevar.analysis.fit.fitting import FittedVar, fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.analysis.maps.chance_units import in_units_of_chance
from napari_sparsevar.analysis.maps.contribution import contribution_map
from napari_sparsevar.analysis.maps.drivers import COLUMNS, Drivers, find_drivers
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.analysis.maps.projection import Projection
from napari_sparsevar.analysis.maps.tested_drivers import told_apart
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.run.record import MovieIdentity, RunRecord
from napari_sparsevar.run.run import Run

SOURCE, TARGETS = (1, 1), ((6, 6), (6, 1))
"""Row and column, in latents, of a place that drives others a frame later."""


def made_full_run(
    folder: Path,
    shape: tuple[int, int] = (33, 34),
    n_frames: int = 600,
    *,
    source: Path | None = None,
    pixel_size_um: float | None = 2.0,
    fps: float | None = 15.0,
    lags: int = 2,
    labels: np.ndarray | None = None,
) -> Run:
    """Return a run of a field of view of latents every 4 pixels.

    Parameters
    ----------
    folder : Path
        Where it says it lies; nothing is written.
    labels : ndarray of int, shape (Y, X), optional
        Take these regions for drivers instead of those that stand out.
    """
    grid = LatentGrid(shape, 4)
    config = ModelConfig(stride=4, lags=lags, dynamics="none", free_radius=1.0)
    results = made_results(grid, config, n_frames)
    if labels is not None:
        results = _with_drivers(results, labels)
    movie = MovieIdentity(
        source=None if source is None else str(source),
        name="movie",
        shape=(n_frames, *shape),
        dtype="float32",
        fps=fps,
        pixel_size_um=pixel_size_um,
        content="",
    )
    record = RunRecord(
        status="finished", movie=movie, configuration={}, network=config, device="cpu"
    )
    return Run(folder, record, results, pd.DataFrame())


def with_training(run: Run) -> Run:
    """Return the same run with losses, settings and warnings, as a training leaves them."""
    steps = np.arange(1, 61)
    rng = np.random.default_rng(5)
    training = 1 + 0.1 * np.exp(-steps / 20) + rng.normal(0, 0.01, 60)
    held_out = 1 + 0.1 * np.exp(-np.arange(0, 61, 20) / 20)
    losses = pd.DataFrame(
        {
            "step": [*steps, *range(0, 61, 20)],
            "split": ["training"] * 60 + ["validation"] * 4,
            "reconstruction": [*training, *held_out],
            "prediction": [*(training + 0.05), *(held_out + 0.05)],
            "total": [*(6 * training), *(6 * held_out)],
        }
    )
    record = run.record.model_copy(
        update={
            "created": "2026-11-23T20:00:00+00:00",
            "versions": {"napari-sparsevar": "9.8.7"},
            "configuration": {
                "mode": "end-to-end",
                "steps": 60,
                "seed": 11,
                "warmup_fraction": 0.4,
                "model": {"lags": 2},
            },
            "notices": ("600 frames are few.",),
            "metrics": {"penalty": run.penalty, "best_step": 60, "seconds": 12.5},
        }
    )
    return replace(run, record=record, losses=losses)


def made_results(grid: LatentGrid, config: ModelConfig, n_frames: int) -> Results:
    """Analyse made-up latents as those of a network are; the test against chance is made up."""
    return copy.deepcopy(_analysed(grid, config, n_frames))


@cache
def _analysed(grid: LatentGrid, config: ModelConfig, n_frames: int) -> Results:
    latents = made_latents(grid, n_frames)
    activity = LatentActivity(latents, np.ones(n_frames, bool), grid, config)
    rows = StreamedRows.of(activity, config.lags, "none")
    weights = torch.from_numpy(activity.weights)
    fitted = fit_whole(rows.own, pool(block_moments(rows, 4)), weights, config.lags)
    projection = Projection(grid, made_footprints(grid), fitted)
    image = contribution_map(fitted, projection).image
    found = made_significance(fitted, grid, float(image.max()) / 4)
    chance = np.full(grid.shape, found.chance[0].item(), np.float32)
    contribution = in_units_of_chance(image, fitted, chance)
    places = told_apart(find_drivers(contribution, grid.stride), found, grid)
    rng = np.random.default_rng(3)
    halves = np.stack([0.9 * contribution, contribution + rng.uniform(0, 0.2, grid.shape)])
    criterion = {
        "penalty": [0.3, 0.2, 0.1],
        "edges": [0, 4, 90],
        "ebic": [3.0, 1.0, 2.0],
        "cv_error": [1.0, 0.9, 0.95],
        "cv_se": [0.01, 0.01, 0.01],
    }
    return Results(
        "all",
        activity,
        fitted,
        projection,
        rng.uniform(90, 110, grid.shape).astype(np.float32),
        rng.uniform(4, 6, grid.shape).astype(np.float32),
        contribution,
        chance,
        places.drivers,
        places.candidates,
        found,
        Stability(
            (fitted.coefficients != 0).float(),
            np.zeros(0),
            halves.astype(np.float32),
            np.array([0.8, 0.7, 0.75]),
        ),
        pd.DataFrame(criterion),
    )


def made_significance(fitted: FittedVar, grid: LatentGrid, chance: float) -> Significance:
    """Return a test that only ``SOURCE`` and what is next to it survive."""
    unknown = torch.full_like(fitted.coefficients, torch.nan).float()
    place_p = torch.ones(grid.size)
    place = SOURCE[0] * grid.columns + SOURCE[1]
    place_p[fitted.near[place]] = 0.01
    reach = torch.full_like(place_p, chance)
    none = torch.zeros(unknown.shape, dtype=torch.bool)
    return Significance(unknown, unknown, unknown, place_p, 2.0 * (place_p < 1), reach, none)


def made_latents(grid: LatentGrid, n_frames: int) -> np.ndarray:
    """Return white noise (T, p) in which ``SOURCE`` drives ``TARGETS`` where the field has them."""
    rng = np.random.default_rng(7)
    latents = rng.standard_normal((n_frames, grid.size)).astype(np.float32)
    index = {place: place[0] * grid.columns + place[1] for place in (SOURCE, *TARGETS)}
    for place in TARGETS:
        if place[0] < grid.rows and place[1] < grid.columns:
            latents[1:, index[place]] += 0.8 * latents[:-1, index[SOURCE]]
    return latents


def made_footprints(grid: LatentGrid) -> sparse.csr_array:
    """Return a bump of 12 x 12 pixels for every latent, (p, Y X) of the padded field."""
    height, width = grid.padded_shape
    y, x = np.mgrid[:height, :width]
    rows = []
    for centre in grid.places() * grid.stride + (grid.stride - 1) / 2:
        away = np.maximum(np.abs(y - centre[0]), np.abs(x - centre[1]))
        bump = np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / (2 * 3.0**2))
        rows.append(np.where(away < 6, bump, 0.0).ravel())
    return sparse.csr_array(np.stack(rows).astype(np.float32))


def _with_drivers(results: Results, labels: np.ndarray) -> Results:
    found = np.unique(labels[labels > 0])
    table = pd.DataFrame({name: np.ones(len(found)) for name in COLUMNS})
    centres = [np.argwhere(labels == label).mean(axis=0) for label in found]
    table = table.assign(
        rank=np.arange(1, len(found) + 1),
        label=found,
        y=[centre[0] for centre in centres],
        x=[centre[1] for centre in centres],
        strength=np.linspace(1, 0.5, len(found)),
        p_adjusted=0.01,
    )
    drivers = Drivers(np.asarray(labels, np.int32), table)
    contribution = (labels > 0).astype(np.float32)
    none = Drivers(np.zeros_like(drivers.labels), table[:0])
    return replace(results, drivers=drivers, candidates=none, contribution=contribution)


def without_drivers(run: Run, p_value: float) -> Run:
    """Return the run as it is if every place has this p-value: above 0.05, or NaN for no test."""
    results = run.results
    found = replace(
        results.significance,
        place_p=torch.full_like(results.significance.place_p, p_value),
        note="No p-values: 600 frames are too few." if np.isnan(p_value) else "",
    )
    standing_out = find_drivers(results.contribution, results.grid.stride)
    places = told_apart(standing_out, found, results.grid)
    assert not len(places.drivers.table)
    return replace(
        run,
        results=replace(
            results,
            drivers=places.drivers,
            candidates=places.candidates,
            significance=found,
        ),
    )
