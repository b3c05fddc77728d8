"""The encoder: frames with hidden pixels to latent maps."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pixel_unshuffle

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.skip import StaticSkip

RECEPTIVE_BLOCKS = 5
"""Edge of the square of latent places whose pixels one latent sees."""


def gaussian_bump(width: int, sigma: float) -> Tensor:
    """Return a (width, width) Gaussian with its peak in the middle and height 1."""
    position = torch.arange(width) - (width - 1) / 2
    profile = torch.exp(-0.5 * (position / sigma) ** 2)
    return torch.outer(profile, profile)


class Encoder(nn.Module):
    """A learned local average of the visible pixels plus a convolutional correction.

    Both are shared over frames and places, and both work on blocks: the ``stride`` x ``stride``
    pixels of a latent place become its input channels. The average starts as Gaussian pooling,
    which is already a strong encoder; how much each pixel counts in it is learned from the static
    images. The correction is scaled and shifted place by place by the static skip (feature-wise
    modulation, Perez et al. 2018), and its last layer starts at zero.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.stride = config.pixels_per_latent
        width, pixels = config.width, self.stride**2
        kernel = gaussian_bump(3 * self.stride, 0.45 * self.stride)
        self.kernel = nn.Parameter(pixel_unshuffle(kernel[None], self.stride)[None])
        self.pixel_weight = StaticSkip(1)
        self.first = nn.Conv2d(pixels, width, 3, padding=1, bias=False)
        self.modulation = StaticSkip(2 * width, stride=self.stride, extra=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.head = nn.Conv2d(width, config.channels, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

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
        blocks = pixel_unshuffle((frames * weight)[:, None], self.stride)
        scale, shift = self.modulation(torch.cat([static, visible[None]])).chunk(2)
        hidden = torch.relu(torch.addcmul(shift, self.first(blocks), 1.0 + scale))
        correction: Tensor = self.head(torch.relu(self.second(hidden)))
        return self._average(blocks, weight) + correction

    def _average(self, blocks: Tensor, weight: Tensor) -> Tensor:
        """Return the weighted local mean, (n, 1, rows, columns)."""
        total = conv2d(blocks, self.kernel, padding=1)
        norm = conv2d(pixel_unshuffle(weight[None], self.stride), self.kernel.abs(), padding=1)
        return total / norm.clamp_min(1e-3)
