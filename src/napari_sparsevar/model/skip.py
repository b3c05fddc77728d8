"""The skip connection: static spatial structure that goes past the latent space."""

from __future__ import annotations

import torch
from torch import Tensor, nn

N_STATIC_IMAGES = 3
"""Mean, noise scale and local correlation."""


def standardise_images(images: Tensor) -> Tensor:
    """Return static images (n, Y, X) with median 0 and robust spread 1, clipped to +-4.

    Pixels that are NaN do not count; they become 0, as the median is.
    """
    flat = images.flatten(1)
    median = flat.nanmedian(dim=1).values[:, None, None]
    deviation = (images - median).abs().flatten(1).nanmean(dim=1)[:, None, None]
    standard = ((images - median) / (1.25 * deviation).clamp_min(1e-6)).clamp(-4.0, 4.0)
    return standard.nan_to_num(0.0)


class StaticSkip(nn.Module):
    """Features of the static images that shape what each latent means at each place.

    Parameters
    ----------
    features : int
        Feature maps produced.
    stride : int
        1 for features on the pixel grid, more for a coarser grid (average pooled).
    extra : int
        Further input images beside the static ones, for example the visible mask.
    """

    def __init__(self, features: int, stride: int = 1, extra: int = 0, hidden: int = 16) -> None:
        super().__init__()
        self.stride = stride
        self.layers = nn.Sequential(
            nn.Conv2d(N_STATIC_IMAGES + extra, hidden, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden, hidden, 3, padding=1),
            nn.ReLU(),
        )
        self.head = nn.Conv2d(hidden, features, 1)
        nn.init.zeros_(self.head.weight)  # start as if there were no skip
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        """Map images (n, Y, X) to features (features, Y / stride, X / stride)."""
        hidden = self.layers(images[None])
        if self.stride > 1:
            hidden = nn.functional.avg_pool2d(hidden, self.stride)
        features: Tensor = self.head(hidden)[0]
        return features


def without_skip(images: Tensor) -> Tensor:
    """Return the static images with nothing in them, for a network without the skip."""
    return torch.zeros_like(images)
