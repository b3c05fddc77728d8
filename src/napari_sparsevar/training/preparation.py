"""From a movie and settings to everything the first step needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from napari_sparsevar.analysis.covariates.covariates import Covariates, known_frames
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.config import TYPICAL_CELL_PX, ModelConfig, ResolvedConfig
from napari_sparsevar.model.embedded_var import enough_rows, usable_targets
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.skip import standardise_images
from napari_sparsevar.movie import FrameReport, Movie, StaticImages, inspect_movie
from napari_sparsevar.movie.inspection.by_plane import typical_diameter, worst_motion
from napari_sparsevar.movie.inspection.cell_size import in_words
from napari_sparsevar.movie.inspection.motion import Motion
from napari_sparsevar.movie.inspection.turns import find_turns
from napari_sparsevar.movie.reading.standardised import StandardisedFrames
from napari_sparsevar.movie.stack import GAP_CELLS
from napari_sparsevar.run.kept_latents import in_planes
from napari_sparsevar.training.batches import Batcher
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.held_out import TimeBlocks, chunk_length, split_time
from napari_sparsevar.training.trainer import Trainer, new_network

_SMALLEST_FIELD = 16
_LEAST_WITH_PAST = 0.05
"""Share of the good frames whose past is known."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A trainer ready for its first step and what it was made from."""

    trainer: Trainer
    config: TrainConfig
    grid: LatentGrid
    frames: StandardisedFrames
    static: torch.Tensor
    report: FrameReport
    motion: Motion
    notices: tuple[str, ...]
    covariates: Covariates | None = None


def prepare(movie: Movie, config: TrainConfig, device: torch.device) -> Prepared:
    """Check the movie and build the trainer.

    Raises
    ------
    UserError
        If the movie cannot be trained on: too few frames, too small, constant, unreadable.
    """
    check_size(movie, config)
    report, images = inspect_movie(movie)
    check_left(movie, report)
    model, about_cells = _fitted_to(movie, images, config.model, report.bad)
    config = config.model_copy(update={"model": model})
    pitch = None if movie.stack is None else movie.stack.pitch
    grid = LatentGrid(movie.shape, model.stride, model.channels, pitch=pitch)
    check_gap(movie, model)
    good = ~report.bad
    length = chunk_length(
        int(good.sum()), config.chunk_frames, config.validation_fraction, config.model.lags
    )
    blocks = split_time(movie.n_frames, length, config.validation_fraction)
    frames = StandardisedFrames(movie, images.mean, images.noise, good, grid.padded_shape)
    _check_stretches(frames, model.lags)
    static = _static_features(images, grid)
    crop = max(grid.stride, config.crop // grid.stride * grid.stride)
    batcher = Batcher(frames, grid, static.numpy(), config.model, crop, length, config.seed, device)
    _check_blocks(batcher, blocks, good)
    trainer = Trainer(config, batcher, blocks, new_network(config, device))
    motion = worst_motion(movie, images, report.bad)
    notices = (
        *movie.notes,
        *find_turns(movie).sentences(),
        *report.sentences(),
        *motion.sentences(),
        *about_cells,
        *_warnings(movie, grid, config, int(good.sum())),
    )
    return Prepared(trainer, config, grid, frames, static.to(device), report, motion, notices)


def beside(prepared: Prepared, covariates: Covariates | None) -> Prepared:
    """Return what was prepared with covariates, which are taken out in the analysis.

    Raises
    ------
    UserError
        If they are not known in most of the good frames.
    """
    if covariates is None:
        return prepared
    _, gaps = known_frames(covariates, prepared.frames.good, prepared.frames.movie.jumps)
    said = (
        f"What {', '.join(covariates.labels)} tells is taken out in the analysis; the network is "
        "trained without knowing it."
    )
    return replace(prepared, covariates=covariates, notices=(*prepared.notices, said, *gaps))


def check_size(movie: Movie, config: TrainConfig) -> None:
    """Refuse a movie with too few frames or too few pixels.

    Raises
    ------
    UserError
    """
    chunk_length(movie.n_frames, config.chunk_frames, config.validation_fraction, config.model.lags)
    shape = movie.shape if movie.stack is None else movie.stack.shape
    if min(shape) < _SMALLEST_FIELD:
        raise UserError(
            f"The movie is {shape[0]} x {shape[1]} pixels: "
            f"at least {_SMALLEST_FIELD} x {_SMALLEST_FIELD} are needed."
        )


def check_gap(movie: Movie, model: ResolvedConfig) -> None:
    """Refuse planes that lie too close for cells of this size: they would see each other.

    Raises
    ------
    UserError
    """
    size = movie.pixel_size_um or 1.0
    diameter = model.cell_diameter / size
    if movie.stack is not None and movie.stack.gap < GAP_CELLS * diameter:
        raise UserError(
            f"Cells of {diameter:.0f} pixels are too large for planes of {movie.stack.shape[1]} "
            f"pixels in one run, up to {movie.stack.gap / GAP_CELLS:.0f} can be: make the movie "
            "smaller, or take one plane."
        )


def check_left(movie: Movie, report: FrameReport) -> None:
    """Refuse a movie in which too few pixels count.

    Raises
    ------
    UserError
    """
    left = int((~report.ignored).sum())
    if left < _SMALLEST_FIELD**2:
        raise UserError(
            f"Only {left:,} of {report.ignored.size:,} pixels of {movie.source or movie.name} hold "
            f"numbers throughout: at least {_SMALLEST_FIELD**2} are needed."
        )


def _check_stretches(frames: StandardisedFrames, lags: int) -> None:
    """Refuse a movie of which hardly a frame has a past: pauses and bad frames are too many."""
    connected = torch.from_numpy(frames.connected)[None]
    if usable_targets(connected, lags).sum() < _LEAST_WITH_PAST * frames.good.sum():
        raise UserError(
            f"Between its pauses and bad frames the movie has hardly {lags + 2} frames in a row, "
            f"which {lags} lag(s) need: use fewer lags, or a recording with longer stretches."
        )


def _check_blocks(batcher: Batcher, blocks: TimeBlocks, good: npt.NDArray[np.bool_]) -> None:
    """Refuse a movie of which nothing is left to train on, or to be held out."""
    if not all(len(batcher.starts(spans)) for spans in (blocks.training, blocks.held_out)):
        raise UserError(
            f"Only {int(good.sum()):,} of {len(good):,} frames count, too few in a row to train on "
            "some and hold others out: leave fewer out, or take a recording with more."
        )


def _fitted_to(
    movie: Movie, images: StaticImages, config: ModelConfig, bad: npt.NDArray[np.bool_]
) -> tuple[ResolvedConfig, tuple[str, ...]]:
    """Replace ``auto`` by numbers that fit the movie; say which cell size was guessed."""
    size = movie.pixel_size_um
    if config.cell_diameter != "auto":
        return config.resolved(movie.shape, pixel_size_um=size), ()
    guess = typical_diameter(movie, images, bad)
    if guess is None:
        width = in_words(TYPICAL_CELL_PX, size)
        seen = f"No cells can be made out beforehand; they are taken to be {width} wide"
    else:
        seen = f"Cells look about {in_words(guess, size)} wide"
    notice = f"{seen}; set the cell diameter if that is wrong."
    return config.resolved(movie.shape, guess, size), (notice,)


def _static_features(images: StaticImages, grid: LatentGrid) -> torch.Tensor:
    """Return the standardised static images on the padded field of view, (3, Y, X)."""
    stack = torch.from_numpy(np.stack([images.mean, images.noise, images.correlation]))
    features = standardise_images(stack.float())
    below, right = (
        padded - length for padded, length in zip(grid.padded_shape, grid.shape, strict=True)
    )
    return torch.nn.functional.pad(features[None], (0, right, 0, below), mode="replicate")[0]


def _warnings(
    movie: Movie, grid: LatentGrid, config: TrainConfig, n_frames: int
) -> tuple[str, ...]:
    found = []
    n_places = len(in_planes(grid, movie.stack))
    analysed = config.model.n_analysed(n_places)
    if analysed < n_places:
        found.append(
            f"Of the {n_places:,} places of this field the {analysed:,} with most activity are "
            "analysed."
        )
    predictors = analysed * config.model.lags
    enough = enough_rows(predictors)
    if n_frames < enough:
        found.append(
            f"{n_frames} frames are few for {predictors} predictors: weak influences will be "
            f"missed; record longer ({enough} frames or more) or widen the latent spacing."
        )
    if movie.fps is None:
        found.append("The frame rate is unknown: times are given in frames.")
    return tuple(found)
