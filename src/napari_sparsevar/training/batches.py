"""Draws the chunks and crops a step looks at; the same step number always draws the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.movie.reading.standardised import Float32Array, StandardisedFrames
from napari_sparsevar.movie.stack import Stack
from napari_sparsevar.training.held_out import (
    Span,
    Starts,
    chunk_starts,
    draw_starts,
    even_starts,
    good_chunks,
    worth_looking_at,
)
from napari_sparsevar.training.objective import Batch

_VALIDATION = 1_000_003
"""Stream of random numbers for validation, apart from those of the steps."""

_ROOM = 4
"""Times the area of the crops taken from one stretch of time that a field has to have."""

_MOST_TOGETHER = 16
_GROUP_BYTES = 160_000_000
"""Steps that share stretches of time, and memory of their crops."""

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
        stack, stride = self.source.movie.stack, self.grid.stride
        if stack is not None:  # of one plane, whole latents
            width = max(stride, (stack.shape[1] - stride + 1) // stride * stride)
        return min(self.crop, height), min(self.crop, width)

    @property
    def whole_field(self) -> bool:
        """Whether every crop is the same: the whole field of view."""
        return self.crop_shape == self.grid.padded_shape

    def steps_together(self, chunks: int) -> int:
        """Return how many steps in a row look at the same stretches of time, each at other places.

        What a compressed file costs is decoding whole frames, however small the crop. So a stretch
        that was decoded is looked at in as many crops as rarely overlap: none but one where a crop
        is a quarter of the field or more.
        """
        height, width = self.grid.padded_shape
        crop = math.prod(self.crop_shape)
        apart = height * width // (_ROOM * crop)
        held = _GROUP_BYTES // (4 * chunks * self.length * crop)
        return max(1, min(apart, held, _MOST_TOGETHER))

    def training(self, step: int, spans: tuple[Span, ...], chunks: int) -> Batch:
        """Return the batch of a training step, on the device."""
        together = self.steps_together(chunks)
        return self.drawn(step // together, spans, chunks)[step % together].to(self.device)

    def drawn(self, group: int, spans: tuple[Span, ...], chunks: int) -> list[Batch]:
        """Draw and read the batches of a group of steps, in main memory.

        Safe to call in a thread.
        """
        together = self.steps_together(chunks)
        rngs = [np.random.default_rng([self.seed, group * together + i]) for i in range(together)]
        starts = draw_starts(self.starts(spans), chunks, rngs[0])
        corners = [self._random_corner(rng) for rng in rngs]
        return self._batches(starts, corners, rngs)

    def validation(
        self, training: tuple[Span, ...], held_out: tuple[Span, ...], chunks: int
    ) -> list[Batch]:
        """Draw the batches of every validation: fitted on training blocks, scored on held-out ones.

        The first half of each batch's chunks comes from ``training``, the second from ``held_out``.
        A large field of view is looked at in two crops.
        """
        rng = np.random.default_rng([self.seed, _VALIDATION])
        score = even_starts(self._apart(held_out), chunks // 2)
        fit = even_starts(self._apart(training), len(score))
        score = score[: len(fit)]
        starts = np.concatenate([fit, score])
        corners = [self._random_corner(rng) for _ in range(1 if self.whole_field else 2)]
        batches = self._batches(starts, corners, [rng] * len(corners))
        return [batch.to(self.device) for batch in batches]

    def starts(self, spans: tuple[Span, ...], step: int = 1) -> Starts:
        """Return the first frames of chunks in which enough frames count."""
        starts = chunk_starts(spans, self.length, step)
        enough = worth_looking_at(starts, self.length, self.config.lags, self.source.connected)
        return starts[enough]

    def _apart(self, spans: tuple[Span, ...]) -> Starts:
        """Return those of chunks that do not overlap; of any where hardly a frame counts."""
        apart = self.starts(spans, self.length)
        return apart if len(apart) else self.starts(spans)

    def _random_corner(self, rng: np.random.Generator) -> tuple[int, int]:
        free = [
            (whole - crop) // self.grid.stride
            for whole, crop in zip(self.grid.padded_shape, self.crop_shape, strict=True)
        ]
        row, column = (int(rng.integers(0, room + 1)) * self.grid.stride for room in free)
        stack = self.source.movie.stack
        return row, column if stack is None else self._in_a_plane(stack, column / (free[1] + 1))

    def _in_a_plane(self, stack: Stack, share: float) -> int:
        """Return a column, so far along all, at which a crop begins that lies in one plane."""
        plane, within = divmod(share / self.grid.stride * len(stack.planes), 1.0)
        left = int(plane) * stack.pitch
        first = -(-left // self.grid.stride)
        last = (left + stack.shape[1] - self.crop_shape[1]) // self.grid.stride
        return (first + int(within * (last - first + 1))) * self.grid.stride

    def _batches(
        self,
        starts: np.ndarray[tuple[int], np.dtype[np.int64]],
        corners: list[tuple[int, int]],
        rngs: list[np.random.Generator],
    ) -> list[Batch]:
        """Read stretches of time once and cut a batch out of them at every corner."""
        height, width = self.crop_shape
        places = [(slice(y, y + height), slice(x, x + width)) for y, x in corners]
        frames = torch.empty(len(places), len(starts), self.length, height, width)
        for index, start in enumerate(starts.tolist()):
            cut = self.source.read_crops(start, start + self.length, places)
            for place, values in enumerate(cut):
                frames[place, index] = torch.from_numpy(values)
        good = torch.from_numpy(good_chunks(starts, self.length, self.source.connected))
        return [
            self._batch(cut, good, *place, rng)
            for cut, place, rng in zip(frames, places, rngs, strict=True)
        ]

    def _batch(
        self,
        frames: torch.Tensor,
        good: torch.Tensor,
        rows: slice,
        columns: slice,
        rng: np.random.Generator,
    ) -> Batch:
        return Batch(
            frames=frames,
            good=good,
            static=torch.from_numpy(self.static[:, rows, columns]),
            inside=torch.from_numpy(self.source.inside[rows, columns]),
            split=torch.from_numpy(rng.random(self.crop_shape) < 0.5),
            weights=_crop_weights(self.crop_shape, self.config),
        )
