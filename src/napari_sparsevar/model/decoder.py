"""The decoder: latent maps to frames, linear in the latents, shaped by the static skip."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import unfold

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
        self.stride = stride = config.pixels_per_latent
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
        """Return what each latent adds to a frame, (p, Y, X).

        The kernel times the gain under it, written to where each latent lies.
        """
        channels, rows, columns = latent_shape
        gain = 1.0 + self.modulation(static)
        windows = unfold(gain[None], 3 * self.stride, padding=self.stride, stride=self.stride)
        windows = windows.view(self.FEATURES, -1, rows * columns)  # (features, window, place)
        kernels = self.spread.weight.flatten(2)  # (channels, features, window)
        patches = torch.einsum("fwp,cfw->cpw", windows, kernels)
        height, width = ((length + 2) * self.stride for length in (rows, columns))
        where = _window_pixels(rows, columns, self.stride, width).to(static.device)
        canvas = patches.new_zeros(channels, rows * columns, height * width)
        canvas = canvas.scatter(2, where.expand(channels, -1, -1), patches)
        whole = canvas.view(channels * rows * columns, height, width)
        return whole[:, self.stride : -self.stride, self.stride : -self.stride]

    def rescale(self, gain: float) -> None:
        """Multiply everything the decoder returns by ``gain``."""
        with torch.no_grad():
            self.spread.weight.mul_(gain)


def _window_pixels(rows: int, columns: int, stride: int, width: int) -> Tensor:
    """Return the flat pixels under each place's window, (places, window), canvas ``width`` wide."""
    offset = torch.arange(3 * stride)
    window = (offset[:, None] * width + offset).flatten()
    corner = torch.arange(rows)[:, None] * stride * width + torch.arange(columns) * stride
    return corner.flatten()[:, None] + window
