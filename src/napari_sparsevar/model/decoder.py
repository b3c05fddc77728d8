"""The decoder: latent maps to frames, linear in the latents, shaped by the static skip."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.encoder import gaussian_bump
from napari_sparsevar.model.skip import StaticSkip


class Decoder(nn.Module):
    """A sum of smooth footprints, each multiplied by a static feature image.

    ``D(z, S)(u) = sum_f (1 + S_f(u)) * (K_f z)(u)`` with K a transposed convolution. Being linear
    in z given S, one latent moves the same pixels at all times: what it drives can be drawn as
    a map.
    """

    FEATURES = 4

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        stride = config.pixels_per_latent
        self.spread = nn.ConvTranspose2d(
            config.channels,
            self.FEATURES,
            3 * stride,
            stride=stride,
            padding=stride,
            bias=False,
        )
        self.modulation = StaticSkip(self.FEATURES)
        self._start_as_interpolation(stride)

    def _start_as_interpolation(self, stride: int) -> None:
        footprint = gaussian_bump(3 * stride, 0.7 * stride)
        footprint = footprint * stride**2 / footprint.sum()  # overlapping footprints add up to 1
        with torch.no_grad():
            noise = 0.1 * torch.randn_like(self.spread.weight)
            self.spread.weight.copy_((1.0 + noise) * footprint / self.FEATURES)

    def forward(self, latents: Tensor, static: Tensor) -> Tensor:
        """Decode latents (n, channels, rows, columns) to frames (n, Y, X)."""
        gain = 1.0 + self.modulation(static)
        frames: Tensor = torch.einsum("nfyx,fyx->nyx", self.spread(latents), gain)
        return frames

    def footprints(self, latent_shape: tuple[int, int, int], static: Tensor) -> Tensor:
        """Return what each latent adds to a frame, (p, Y, X)."""
        size = latent_shape[0] * latent_shape[1] * latent_shape[2]
        unit = torch.eye(size, device=static.device, dtype=static.dtype)
        return self.forward(unit.unflatten(1, latent_shape), static)

    def rescale(self, gain: float) -> None:
        """Multiply everything the decoder returns by ``gain``."""
        with torch.no_grad():
            self.spread.weight.mul_(gain)
