"""The whole network: one object that encodes, decodes and knows its static images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.contrast import contrast_blocks
from napari_sparsevar.model.decoder import Decoder
from napari_sparsevar.model.encoder import Encoder, Guidance
from napari_sparsevar.model.neuropil import Smoothing, smooth_part, smoothing
from napari_sparsevar.model.skip import without_skip


class GuidedHalf(NamedTuple):
    """One blind half: which pixels it sees (Y, X), and the encoder's guidance for them.

    ``wide`` says how its background is estimated; ``alive`` (rows, columns) is 0 for latents
    without any pixel that counts.
    """

    visible: Tensor
    wide: Smoothing
    guidance: Guidance
    alive: Tensor


class BlindCode(NamedTuple):
    """Codes of two complementary halves of every frame.

    Attributes
    ----------
    halves : Tensor, shape (2, n, channels, rows, columns)
        Latents of each half; each is scored on the pixels of the other.
    contrast : Tensor, shape (2, n, Y, X)
        Frames without the background, as each half sees it.
    visible : Tensor, shape (2, Y, X)
        Which pixels each half saw.
    """

    halves: Tensor
    contrast: Tensor
    visible: Tensor

    @property
    def latents(self) -> Tensor:
        """The code of the whole frame: the mean of its halves, (n, channels, rows, columns)."""
        return self.halves.mean(dim=0)


class SparseVarAutoencoder(nn.Module):
    """Convolutional autoencoder with a static skip; the sparse VAR works on its latents.

    Frames are standardised: ``(x - mean) / noise scale``, pixel by pixel. Encoding is blind: the
    pixels are split at random into two complementary halves, each encoded without the other, so
    that reconstructing the other half never rewards coding pixel noise.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config.with_typical_cell()
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def _static(self, static: Tensor) -> Tensor:
        return static if self.config.skip else without_skip(static)

    def encode(self, frames: Tensor, static: Tensor, split: Tensor, inside: Tensor) -> BlindCode:
        """Encode both halves of standardised frames.

        Parameters
        ----------
        frames : Tensor, shape (n, Y, X)
        static : Tensor, shape (3, Y, X)
        split : Tensor of bool, shape (Y, X)
            True for pixels of the first half.
        inside : Tensor, shape (Y, X)
            1 for pixels that count, 0 for others and padding (never looked at, never scored).
        """
        return self.encode_guided(frames, self.guide(static, split, inside))

    def guide(self, static: Tensor, split: Tensor, inside: Tensor) -> tuple[GuidedHalf, GuidedHalf]:
        """Return the two halves of a split with their guidance; arguments as in ``encode``.

        Worth keeping where many blocks of frames are encoded with the same split.
        """
        static = self._static(static)
        alive = max_pool2d(inside[None], self.encoder.stride)[0]

        def half(visible: Tensor) -> GuidedHalf:
            wide = smoothing(visible, self.config.background_diameter)
            return GuidedHalf(visible, wide, self.encoder.guide(visible, static), alive)

        return half(inside * split), half(inside * ~split)

    def encode_guided(self, frames: Tensor, halves: tuple[GuidedHalf, GuidedHalf]) -> BlindCode:
        """Encode standardised frames (n, Y, X) with halves from ``guide``."""
        visible = torch.stack([half.visible for half in halves])
        contrast = torch.stack([frames - smooth_part(frames, half.wide) for half in halves])
        codes = [self._coded(*each) for each in zip(contrast, halves, strict=True)]
        return BlindCode(torch.stack(codes), contrast, visible)

    def latents(self, frames: Tensor, halves: Iterable[GuidedHalf]) -> Tensor:
        """Return the mean code of halves of standardised frames, and nothing else of them.

        (n, channels, rows, columns), of frames (n, Y, X); for both halves of one split
        ``encode_guided(frames, halves).latents``.
        """
        simple = frames.is_cpu and frames.dtype == torch.float32
        if simple and not torch.is_grad_enabled():
            codes = [self._coded_at_once(frames, half) for half in halves]
        else:
            codes = [self._coded(frames - smooth_part(frames, half.wide), half) for half in halves]
        return torch.stack(codes).mean(dim=0)

    def _coded_at_once(self, frames: Tensor, half: GuidedHalf) -> Tensor:
        guidance = half.guidance
        blocks = contrast_blocks(frames, half.wide, guidance.weight, self.encoder.stride)
        return self.encoder.code(blocks, guidance) * half.alive

    def _coded(self, contrast: Tensor, half: GuidedHalf) -> Tensor:
        coded: Tensor = self.encoder(contrast, half.guidance) * half.alive
        return coded

    def decode(self, latents: Tensor, static: Tensor) -> Tensor:
        """Decode latents (n, channels, rows, columns) to frames (n, Y, X) without background."""
        frames: Tensor = self.decoder(latents, self._static(static))
        return frames

    def footprints(self, latent_shape: tuple[int, int, int], static: Tensor) -> Tensor:
        """Return what each of the p latents adds to a frame, (p, Y, X).

        The decoder is linear, so ``latents (n, p) @ footprints (p, Y X)`` decodes; for a crop and
        many frames that is several times faster than the convolutions.
        """
        return self.decoder.footprints(latent_shape, self._static(static))
