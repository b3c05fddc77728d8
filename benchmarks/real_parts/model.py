"""Train as `napari_sparsevar.train` does, and keep what a benchmark needs of it in memory.

The stability of drivers and edges is left out: most of the time goes there, and which drivers
survive does not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

import napari_sparsevar as sv
from napari_sparsevar.analysis.evidence.significance import Significance, significance
from napari_sparsevar.analysis.fit.fitting import FittedVar, fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.analysis.maps.contribution import contribution_map
from napari_sparsevar.analysis.maps.drivers import Drivers, find_drivers
from napari_sparsevar.analysis.maps.footprints import sparse_footprints
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection
from napari_sparsevar.analysis.maps.tested_drivers import told_apart
from napari_sparsevar.model.config import ModelConfig, ResolvedConfig
from napari_sparsevar.model.embedded_var import LaggedPairs
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.movie.reading.standardised import StandardisedFrames
from napari_sparsevar.progress import returned
from napari_sparsevar.run.latents import encode_movie
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.loop import run_steps
from napari_sparsevar.training.preparation import Prepared, prepare

VARIANTS: dict[str, dict[str, Any]] = {
    "end-to-end": {},
    "two-stage": {"mode": "two-stage"},
    # One step that moves nothing: the read-out of the network as it starts.
    "untrained": {"steps": 1, "learning_rate": 1e-12},
}


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network's view of a movie.

    Attributes
    ----------
    config : ResolvedConfig
    grid : LatentGrid
    frames : StandardisedFrames
    training : ndarray of bool, shape (T,)
        Frames the network was trained on.
    held_out : tuple of (start, stop)
        Stretches it was not.
    latents : Tensor, shape (T, p)
    footprints : csr_array, shape (p, Y X)
    best_step : int
        Of the training step whose weights were kept; 0 is the network as it starts.
    """

    config: ResolvedConfig
    grid: LatentGrid
    frames: StandardisedFrames
    training: NDArray[np.bool_]
    held_out: tuple[tuple[int, int], ...]
    latents: Tensor
    footprints: sparse.csr_array
    best_step: int


def train_model(
    movie: sv.Movie, variant: str, preset: str, seed: int, model: ModelConfig | None = None
) -> Model:
    """Train on a movie and encode it.

    Parameters
    ----------
    movie : Movie
    variant : str
        A key of `VARIANTS`.
    preset : str
    seed : int
    model : ModelConfig, optional
        By default what fits the movie.
    """
    settings = model or sv.ModelConfig()
    changes: dict[str, Any] = {"seed": seed, "model": settings, **VARIANTS[variant]}
    config = sv.TrainConfig.from_preset(preset, **changes)  # type: ignore[arg-type]
    prepared = prepare(movie, config, torch.device("cpu"))
    returned(run_steps(prepared.trainer, TrainingControl(), lambda: Path()))
    prepared.trainer.keep_best()
    return _model(prepared)


def settings_for(movie: sv.Movie) -> ResolvedConfig:
    """Return the settings of the network a movie gets by itself."""
    prepared = prepare(movie, sv.TrainConfig(), torch.device("cpu"))
    return ResolvedConfig(**prepared.config.model.model_dump())


def _model(prepared: Prepared) -> Model:
    network, blocks = prepared.trainer.network.eval(), prepared.trainer.blocks
    training = np.zeros(prepared.frames.movie.n_frames, bool)
    for start, stop in blocks.training:
        training[start:stop] = True
    coding = encode_movie(network, prepared.frames, prepared.grid, prepared.static)
    return Model(
        ResolvedConfig(**prepared.config.model.model_dump()),
        prepared.grid,
        prepared.frames,
        training,
        blocks.held_out,
        torch.from_numpy(returned(coding)),
        sparse_footprints(network, prepared.grid, prepared.static),
        prepared.trainer.best_step,
    )


def fit_all(model: Model, offset: int = 0) -> tuple[LaggedPairs, FittedVar]:
    """Fit the VAR to all frames, at the penalty of the maps.

    Parameters
    ----------
    model : Model
    offset : int
        Pair the past with what followed this many frames later (circular): only chance is left.
    """
    config, good = model.config, model.frames.good
    activity = LatentActivity(model.latents.numpy(), good, model.grid, config)
    rows = StreamedRows.of(activity, config.lags, config.dynamics)
    past, following = (torch.cat(part) for part in zip(*rows.pieces(), strict=True))
    pairs = LaggedPairs(past, following.roll(-offset, dims=0))
    weights = torch.from_numpy(activity.weights)
    return pairs, fit_whole(rows.own, pool(block_moments(pairs, 1)), weights, config.lags)


def map_of(model: Model, offset: int = 0) -> FloatImage:
    """Return the contribution map; with an ``offset``, the one chance alone draws."""
    return _map(model, fit_all(model, offset)[1])


def _map(model: Model, fitted: FittedVar) -> FloatImage:
    return contribution_map(fitted, Projection(model.grid, model.footprints, fitted)).image


@dataclass(frozen=True, eq=False)
class Tested:
    """Drivers of a movie: those that stand out, those that survive, and the tests behind it."""

    fitted: FittedVar
    candidates: Drivers
    drivers: Drivers
    significance: Significance


def analysed(model: Model) -> Tested:
    """Analyse a movie as a run does."""
    pairs, fitted = fit_all(model)
    candidates = find_drivers(_map(model, fitted), model.grid.stride)
    tests = returned(significance(pairs, fitted))
    return Tested(fitted, candidates, told_apart(candidates, tests, model.grid).drivers, tests)
