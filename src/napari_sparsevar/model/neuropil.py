"""The slow, non-sparse background (neuropil), estimated from visible pixels only."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

BLOCK = 4
"""Edge in pixels of the blocks the background is computed on; it is smooth, nothing is lost."""


def _smoothing(length: int, diameter: float, like: Tensor) -> Tensor:
    """Return the (length, length) Gaussian smoothing between blocks along one axis."""
    sigma = diameter / 2.3548 / BLOCK  # from full width at half maximum
    position = torch.arange(length, dtype=like.dtype, device=like.device)
    return torch.exp(-0.5 * ((position[:, None] - position[None]) / sigma) ** 2)


def _interpolation(length: int, like: Tensor) -> Tensor:
    """Return the (length * BLOCK, length) linear interpolation from blocks to pixels."""
    unit = torch.eye(length, dtype=like.dtype, device=like.device)[:, None]
    spread = interpolate(unit, scale_factor=float(BLOCK), mode="linear", align_corners=False)
    return spread[:, 0].T


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
    below, right = (-length % BLOCK for length in visible.shape)
    if below or right:
        whole = background(
            pad(frames, (0, right, 0, below)), pad(visible, (0, right, 0, below)), diameter
        )
        return whole[:, : visible.shape[0], : visible.shape[1]]
    height, width = (length // BLOCK for length in visible.shape)
    rows = _smoothing(height, diameter, frames)
    columns = _smoothing(width, diameter, frames)
    tiles = (height, BLOCK, width, BLOCK)
    sums = (frames * visible).unflatten(2, tiles[2:]).unflatten(1, tiles[:2]).sum(dim=(2, 4))
    counts = visible.unflatten(1, tiles[2:]).unflatten(0, tiles[:2]).sum(dim=(1, 3))
    smooth = (rows @ sums @ columns) / (rows @ counts @ columns).clamp_min(1e-6)
    to_rows = _interpolation(height, frames)
    to_columns = _interpolation(width, frames)
    pixels: Tensor = to_rows @ smooth @ to_columns.T
    return pixels
