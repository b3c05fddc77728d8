"""From frames to what the encoder looks at, in one pass on the CPU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.lasso.compiled import compiled, for_ranges
from napari_sparsevar.model.neuropil import BLOCK, Smoothing, smooth_blocks

Float32Array = npt.NDArray[np.float32]


def contrast_blocks(frames: Tensor, wide: Smoothing, weight: Tensor, stride: int) -> Tensor:
    """Return ``(frames - smooth_part(frames, wide)) * weight``, by latent place.

    The same as these operations one after the other, of which each writes and reads every frame;
    without a derivative.

    Parameters
    ----------
    frames : Tensor, shape (n, Y, X)
        Float32, on the CPU.
    wide : Smoothing
    weight : Tensor, shape (Y, X)
    stride : int

    Returns
    -------
    Tensor, shape (n, stride^2, Y / stride, X / stride)
        The pixels of a place are its channels, side by side in memory.
    """
    n, height, width = frames.shape
    sums = torch.empty(n, *(length // BLOCK for length in wide.visible.shape))
    pixels, seen, into = _arrays(frames, wide.visible, sums)
    for_ranges(lambda start, stop: _sum_up(pixels, seen, into, start, stop), n, chunk=1)
    blocks = torch.empty(n, height // stride, width // stride, stride**2)
    smooth, counts, out = _arrays(smooth_blocks(sums, wide), weight, blocks)
    for_ranges(
        lambda start, stop: _fill(pixels, smooth, counts, out, stride, start, stop), n, chunk=1
    )
    return blocks.permute(0, 3, 1, 2)


def _arrays(*tensors: Tensor) -> list[Float32Array]:
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


@compiled
def _sum_up(
    frames: Float32Array, visible: Float32Array, sums: Float32Array, start: int, stop: int
) -> None:
    """Sum what is visible of frames ``start`` to ``stop`` over blocks."""
    height, width = frames.shape[1:]
    line = np.zeros(visible.shape[1], np.float32)
    for frame in range(start, stop):
        for row in range(sums.shape[1]):
            line[:] = 0.0
            for y in range(BLOCK * row, min(BLOCK * (row + 1), height)):
                pixels, seen = frames[frame, y], visible[y]
                for x in range(width):
                    line[x] += pixels[x] * seen[x]
            for block in range(sums.shape[2]):
                total = np.float32(0.0)
                for index in range(BLOCK):
                    total += line[BLOCK * block + index]
                sums[frame, row, block] = total


@compiled
def _spread(blocks: Float32Array, pixels: Float32Array) -> None:
    """Interpolate a line of blocks linearly to its pixels, the ends going on."""
    last = blocks.size - 1
    for block in range(blocks.size):
        here = blocks[block]
        before, after = blocks[max(block - 1, 0)] - here, blocks[min(block + 1, last)] - here
        for index in range(BLOCK):
            offset = np.float32((index + 0.5) / BLOCK - 0.5)
            beside = -offset * before if offset < 0 else offset * after
            pixels[BLOCK * block + index] = here + beside


@compiled
def _fill(
    frames: Float32Array,
    smooth: Float32Array,
    weight: Float32Array,
    blocks: Float32Array,
    stride: int,
    start: int,
    stop: int,
) -> None:
    """Write the blocks of frames ``start`` to ``stop``."""
    height, width = weight.shape
    last = smooth.shape[1] - 1
    row = np.empty(smooth.shape[2], np.float32)
    line = np.empty(smooth.shape[2] * BLOCK, np.float32)
    for frame in range(start, stop):
        for y in range(height):
            at = max((y + 0.5) / BLOCK - 0.5, 0.0)
            above = int(at)
            below, share = min(above + 1, last), np.float32(at - above)
            for block in range(row.size):
                upper = smooth[frame, above, block]
                row[block] = upper + share * (smooth[frame, below, block] - upper)
            _spread(row, line)
            pixels, counts = frames[frame, y], weight[y]
            for x in range(width):
                line[x] = (pixels[x] - line[x]) * counts[x]
            places, first = blocks[frame, y // stride], (y % stride) * stride
            for place in range(width // stride):
                for index in range(stride):
                    places[place, first + index] = line[place * stride + index]
