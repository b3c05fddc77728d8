"""The encoder: frames with hidden pixels to latent maps."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.skip import StaticSkip


def gaussian_bump(width: int, sigma: float) -> Tensor:
    """Return a (width, width) Gaussian with its peak in the middle and height 1."""
    position = torch.arange(width) - (width - 1) / 2
    profile = torch.exp(-0.5 * (position / sigma) ** 2)
    return torch.outer(profile, profile)


def receptive_field(stride: int) -> int:
    """Return the edge in pixels of the square of pixels one latent can see."""
    halvings = int(math.log2(stride))
    correction = 4 + sum(3 * 2**layer for layer in range(1, halvings)) + 2 * stride
    return int(max(correction, 3 * stride))


class Encoder(nn.Module):
    """A learned local average of the visible pixels plus a convolutional correction.

    Both are shared over frames and places. The average starts as Gaussian pooling, which is already
    a strong encoder; how much each pixel counts in it is learned from the static images. The first
    layer of the correction is scaled and shifted place by place by the static skip (feature-wise
    modulation, Perez et al. 2018), and its last layer starts at zero.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, stride = config.width, config.pixels_per_latent
        self.kernel = nn.Parameter(gaussian_bump(3 * stride, 0.45 * stride)[None, None])
        self.pool_stride = stride
        self.pixel_weight = StaticSkip(1)
        self.first = nn.Conv2d(1, width, 4, stride=2, padding=1, bias=False)
        self.modulation = StaticSkip(2 * width, stride=2, extra=1)
        layers: list[nn.Module] = []
        maps = width
        for _ in range(int(math.log2(stride)) - 1):
            layers += [nn.Conv2d(maps, 2 * maps, 4, stride=2, padding=1), nn.ReLU()]
            maps *= 2
        layers += [nn.Conv2d(maps, maps, 3, padding=1), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Conv2d(maps, config.channels, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def _average(self, frames: Tensor, weight: Tensor) -> Tensor:
        """Return the weighted local mean, (n, 1, rows, columns)."""
        stride = self.pool_stride
        total = nn.functional.conv2d(
            (frames * weight)[:, None], self.kernel, stride=stride, padding=stride
        )
        norm = nn.functional.conv2d(
            weight[None, None], self.kernel.abs(), stride=stride, padding=stride
        )
        return total / norm.clamp_min(1e-3)

    def forward(self, frames: Tensor, visible: Tensor, static: Tensor) -> Tensor:
        """Encode frames of which only part is visible.

        Parameters
        ----------
        frames : Tensor, shape (n, Y, X)
            Standardised frames without background.
        visible : Tensor, shape (Y, X)
            1 where the encoder may look, else 0.
        static : Tensor, shape (3, Y, X)

        Returns
        -------
        Tensor, shape (n, channels, Y / stride, X / stride)
        """
        weight = visible * torch.exp(self.pixel_weight(static)[0])
        scale, shift = self.modulation(torch.cat([static, visible[None]])).chunk(2)
        hidden = self.first((frames * visible)[:, None])
        hidden = torch.relu(torch.addcmul(shift, hidden, 1.0 + scale))
        correction: Tensor = self.head(self.layers(hidden))
        return self._average(frames, weight) + correction
