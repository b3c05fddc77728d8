"""The encoder: frames with hidden pixels to latent maps."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad, pixel_unshuffle

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.skip import StaticSkip


def gaussian_bump(width: int, sigma: float) -> Tensor:
    """Return a (width, width) Gaussian with its peak in the middle and height 1."""
    position = torch.arange(width) - (width - 1) / 2
    profile = torch.exp(-0.5 * (position / sigma) ** 2)
    return torch.outer(profile, profile)


def _in_blocks(frames: Tensor, stride: int) -> Tensor:
    """Return frames (n, Y, X) as ``pixel_unshuffle`` does, the channels of a place side by side.

    (n, stride^2, Y / stride, X / stride), on a CPU convolved in half of the time.
    """
    rows, columns = (length // stride for length in frames.shape[1:])
    blocks = frames.reshape(-1, rows, stride, columns, stride).permute(0, 1, 3, 2, 4)
    return blocks.reshape(-1, rows, columns, stride**2).permute(0, 3, 1, 2)


def _local_sum(blocks: Tensor, kernel: Tensor) -> Tensor:
    """Return ``conv2d(blocks, kernel[None], padding=1)`` of a kernel (channels, 3, 3).

    One product for all nine shifts: for a single output it takes a quarter of the time.
    """
    n, channels, rows, columns = blocks.shape
    by_place = blocks.permute(0, 2, 3, 1).reshape(n, rows * columns, channels)
    parts = torch.bmm(kernel.flatten(1).T.expand(n, 9, channels), by_place.transpose(1, 2))
    padded = pad(parts.view(n, 9, rows, columns), (1, 1, 1, 1))
    shifted = [
        padded[:, 3 * down + right, down : down + rows, right : right + columns]
        for down in range(3)
        for right in range(3)
    ]
    return torch.stack(shifted).sum(dim=0)[:, None]


def _channels_last(image: Tensor) -> Tensor:
    """Return the same image (channels, Y, X), the channels of a place side by side in memory."""
    return image.permute(1, 2, 0).contiguous().permute(2, 0, 1)


class Guidance(NamedTuple):
    """How the static images and the visible pixels shape the encoder, the same for all frames.

    Attributes
    ----------
    weight : Tensor, shape (Y, X)
        How much each pixel counts; 0 where it is hidden.
    norm : Tensor, shape (1, rows, columns)
        Summed weight under the kernel of the average.
    scale, shift : Tensor, shape (width, rows, columns)
        Modulation of the first layer.
    """

    weight: Tensor
    norm: Tensor
    scale: Tensor
    shift: Tensor


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

    def guide(self, visible: Tensor, static: Tensor) -> Guidance:
        """Return what does not depend on the frame.

        Parameters
        ----------
        visible : Tensor, shape (Y, X)
            1 where the encoder may look, else 0.
        static : Tensor, shape (3, Y, X)
        """
        weight = visible * torch.exp(self.pixel_weight(static)[0])
        norm = conv2d(pixel_unshuffle(weight[None], self.stride), self.kernel.abs(), padding=1)
        scale, shift = self.modulation(torch.cat([static, visible[None]])).chunk(2)
        modulation = _channels_last(scale), _channels_last(shift)
        return Guidance(weight, norm.clamp_min(1e-3), *modulation)

    def forward(self, frames: Tensor, guidance: Guidance) -> Tensor:
        """Encode frames of which only part is visible.

        Parameters
        ----------
        frames : Tensor, shape (n, Y, X)
            Standardised frames without background.
        guidance : Guidance

        Returns
        -------
        Tensor, shape (n, channels, Y / stride, X / stride)
        """
        return self.code(_in_blocks(frames * guidance.weight, self.stride), guidance)

    def code(self, blocks: Tensor, guidance: Guidance) -> Tensor:
        """Encode weighted pixels, those of a place as its channels (n, stride^2, rows, columns)."""
        average = _local_sum(blocks, self.kernel[0]) / guidance.norm
        hidden = torch.addcmul(guidance.shift, self.first(blocks), 1.0 + guidance.scale)
        correction: Tensor = self.head(torch.relu_(self.second(torch.relu_(hidden))))
        return average + correction
