"""Draws the chunks and crops a step looks at; the same step number always draws the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.movie.standardised import Float32Array, StandardisedFrames
from napari_sparsevar.training.blocks import Span, draw_starts, even_starts, good_chunks
from napari_sparsevar.training.objective import Batch

_VALIDATION = 1_000_003
"""Stream of random numbers for validation, apart from those of the steps."""


_OWN_WEIGHT = 0.5
"""Penalty on a target's own neighbourhood while training, where distant places pay 1. A batch has
few rows: 25 coefficients without any penalty would predict worse than none."""


@lru_cache(maxsize=4)
def _crop_weights(shape: tuple[int, int], config: ModelConfig) -> torch.Tensor:
    grid = LatentGrid(shape, config.pixels_per_latent, config.channels)
    weights = torch.from_numpy(grid.penalty_weights(config)).float()
    return weights.masked_fill(weights == 0, _OWN_WEIGHT)


@dataclass
class Batcher:
    """Makes batches from a frame source.

    Parameters
    ----------
    source : StandardisedFrames
    grid : LatentGrid
        Of the whole field of view.
    static : ndarray, shape (3, Y, X)
        Standardised static images on the padded field of view.
    config : ModelConfig
    crop : int
        Edge of the crop in pixels, a multiple of the stride; a smaller field is used whole.
    length : int
        Frames per chunk.
    seed : int
    device : torch.device
    """

    source: StandardisedFrames
    grid: LatentGrid
    static: Float32Array
    config: ModelConfig
    crop: int
    length: int
    seed: int
    device: torch.device

    @property
    def crop_shape(self) -> tuple[int, int]:
        """Height and width (Y, X) of a crop in pixels."""
        height, width = self.grid.padded_shape
        return min(self.crop, height), min(self.crop, width)

    @property
    def whole_field(self) -> bool:
        """Whether every crop is the same: the whole field of view."""
        return self.crop_shape == self.grid.padded_shape

    def training(self, step: int, spans: tuple[Span, ...], chunks: int) -> Batch:
        """Return the batch of a training step, on the device."""
        return self.drawn(step, spans, chunks).to(self.device)

    def drawn(self, step: int, spans: tuple[Span, ...], chunks: int) -> Batch:
        """Draw and read the batch of a training step, in main memory; safe to call in a thread."""
        rng = np.random.default_rng([self.seed, step])
        starts = draw_starts(spans, self.length, chunks, rng)
        return self._batch(starts, self._random_corner(rng), rng)

    def validation(
        self, training: tuple[Span, ...], held_out: tuple[Span, ...], chunks: int
    ) -> list[Batch]:
        """Draw the batches of every validation: fitted on training blocks, scored on held-out ones.

        The first half of each batch's chunks comes from ``training``, the second from ``held_out``.
        A large field of view is looked at in two crops.
        """
        rng = np.random.default_rng([self.seed, _VALIDATION])
        score = even_starts(held_out, self.length, chunks // 2)
        fit = even_starts(training, self.length, len(score))
        score = score[: len(fit)]
        starts = np.concatenate([fit, score])
        corners = [self._random_corner(rng) for _ in range(1 if self.whole_field else 2)]
        return [self._batch(starts, corner, rng).to(self.device) for corner in corners]

    def _random_corner(self, rng: np.random.Generator) -> tuple[int, int]:
        free = [
            (whole - crop) // self.grid.stride
            for whole, crop in zip(self.grid.padded_shape, self.crop_shape, strict=True)
        ]
        row, column = (int(rng.integers(0, room + 1)) * self.grid.stride for room in free)
        return row, column

    def _batch(
        self,
        starts: np.ndarray[tuple[int], np.dtype[np.int64]],
        corner: tuple[int, int],
        rng: np.random.Generator,
    ) -> Batch:
        (y, x), (height, width) = corner, self.crop_shape
        rows, columns = slice(y, y + height), slice(x, x + width)
        frames = np.stack(
            [self.source.read(int(s), int(s) + self.length, rows, columns) for s in starts]
        )
        inside = np.zeros(self.grid.padded_shape, np.float32)
        inside[: self.grid.shape[0], : self.grid.shape[1]] = 1.0
        good = good_chunks(starts, self.length, self.source.good)
        return Batch(
            frames=torch.from_numpy(frames),
            good=torch.from_numpy(good),
            static=torch.from_numpy(self.static[:, rows, columns]),
            inside=torch.from_numpy(inside[rows, columns]),
            split=torch.from_numpy(rng.random((height, width)) < 0.5),
            weights=_crop_weights(self.crop_shape, self.config),
        )
