"""The slow, non-sparse background (neuropil), estimated from visible pixels only."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

BLOCK = 4
"""Edge in pixels of the blocks the background is computed on; it is smooth, nothing is lost."""


class Smoothing(NamedTuple):
    """What of an estimate of the background is the same for all frames.

    Attributes
    ----------
    visible : Tensor, shape (Y, X)
        Padded to whole blocks.
    rows, columns : Tensor, shapes (h, h) and (w, w)
        Gaussian smoothing between blocks along each axis.
    weight : Tensor, shape (h, w)
        How much is visible around each block.
    """

    visible: Tensor
    rows: Tensor
    columns: Tensor
    weight: Tensor


def smoothing(visible: Tensor, diameter: float) -> Smoothing:
    """Return how to estimate the background; arguments as in ``background``."""
    below, right = (-length % BLOCK for length in visible.shape)
    whole = pad(visible, (0, right, 0, below))
    rows, columns = (_gaussian(length // BLOCK, diameter, whole) for length in whole.shape)
    weight = (rows @ _block_sums(whole[None])[0] @ columns).clamp_min(1e-6)
    return Smoothing(whole, rows, columns, weight)


def background(frames: Tensor, visible: Tensor, diameter: float) -> Tensor:
    """Return the smooth part of frames, looking only at visible pixels.

    Normalised convolution with a Gaussian, smooth(x m) / smooth(m) (Knutsson & Westin 1993).

    Parameters
    ----------
    frames : Tensor, shape (n, Y, X)
    visible : Tensor, shape (Y, X)
        1 where the pixel may be looked at, 0 where it is hidden.
    diameter : float
        Full width at half maximum of the smoothing, in pixels.

    Returns
    -------
    Tensor, shape (n, Y, X)
    """
    return smooth_part(frames, smoothing(visible, diameter))


def smooth_part(frames: Tensor, how: Smoothing) -> Tensor:
    """Return the ``background`` of frames (n, Y, X), estimated as ``smoothing`` says."""
    height, width = frames.shape[1:]
    below, right = (
        whole - length for whole, length in zip(how.visible.shape, (height, width), strict=True)
    )
    whole = pad(frames, (0, right, 0, below)) if below or right else frames
    return _pixels(smooth_blocks(_block_sums(whole * how.visible), how))[:, :height, :width]


def smooth_blocks(sums: Tensor, how: Smoothing) -> Tensor:
    """Return the background on blocks, (n, h, w), of the sums of what is visible in each."""
    rows = how.rows.expand(len(sums), *how.rows.shape)
    return torch.bmm(rows, sums @ how.columns) / how.weight


def _gaussian(length: int, diameter: float, like: Tensor) -> Tensor:
    """Return the (length, length) Gaussian smoothing between blocks along one axis."""
    sigma = diameter / 2.3548 / BLOCK  # from full width at half maximum
    position = torch.arange(length, dtype=like.dtype, device=like.device)
    return torch.exp(-0.5 * ((position[:, None] - position[None]) / sigma) ** 2)


def _block_sums(frames: Tensor) -> Tensor:
    """Return the sums over blocks of frames (n, Y, X) of whole blocks."""
    n, height, width = frames.shape
    by_rows = frames.reshape(n, height // BLOCK, BLOCK, width).sum(dim=2)
    return by_rows.view(n, height // BLOCK, width // BLOCK, BLOCK).sum(dim=3)


def _pixels(blocks: Tensor) -> Tensor:
    """Return blocks (n, h, w) interpolated linearly to their pixels, the edges going on.

    Along rows by torch, along columns as sums of whole rows: half the time of both by torch.
    """
    wide = interpolate(blocks, scale_factor=float(BLOCK), mode="linear", align_corners=False)
    before = torch.cat([wide[:, :1], wide[:, :-1]], dim=1)
    after = torch.cat([wide[:, 1:], wide[:, -1:]], dim=1)
    offsets = [(index + 0.5) / BLOCK - 0.5 for index in range(BLOCK)]
    rows = [
        torch.lerp(before, wide, 1.0 + offset) if offset < 0 else torch.lerp(wide, after, offset)
        for offset in offsets
    ]
    return torch.stack(rows, dim=2).flatten(1, 2)
