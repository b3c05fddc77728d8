"""What each latent adds to a frame, sparse: the decoder is linear and local."""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.network import SparseVarAutoencoder

_FOOTPRINT_BLOCKS = 3
"""Edge of the square of latent places the decoder spreads one latent over."""


def sparse_footprints(
    network: SparseVarAutoencoder, grid: LatentGrid, static: Tensor, inside: Tensor | None = None
) -> sparse.csr_array:
    """Return what each latent adds to a frame, (p, Y X) of the padded field of view.

    Latents further apart than a footprint share no pixel, so decoding once serves a whole lattice
    of them.

    Parameters
    ----------
    network : SparseVarAutoencoder
    grid : LatentGrid
    static : Tensor, shape (3, Y, X)
        Standardised static images on the padded field of view, on the network's device.
    inside : Tensor, shape (Y, X), optional
        1 for pixels that count; nothing is added to others.
    """
    reach, spacing = _FOOTPRINT_BLOCKS * grid.stride, _FOOTPRINT_BLOCKS
    pieces = []
    with torch.no_grad():
        for channel in range(grid.channels):
            for row in range(min(spacing, grid.rows)):
                for column in range(min(spacing, grid.columns)):
                    unit = torch.zeros(1, *grid.latent_shape, device=static.device)
                    unit[:, channel, row::spacing, column::spacing] = 1.0
                    frame = network.decode(unit, static)[0]
                    frame = frame if inside is None else frame * inside
                    origin = (channel, row, column)
                    pieces.append(_patches(frame, grid, origin, spacing, reach))
    return _assemble(pieces, grid)


Triplets = tuple[np.ndarray, np.ndarray, np.ndarray]


def _patches(
    image: Tensor, grid: LatentGrid, origin: tuple[int, int, int], spacing: int, reach: int
) -> Triplets:
    """Cut the patch of ``reach`` pixels round every latent of a lattice out of one image."""
    channel, first_row, first_column = origin
    values = image.detach().cpu().numpy()
    height, width = grid.padded_shape
    latents, pixels, entries = [], [], []
    for row in range(first_row, grid.rows, spacing):
        y = _span(row, grid.stride, reach, height)
        for column in range(first_column, grid.columns, spacing):
            x = _span(column, grid.stride, reach, width)
            patch = values[y, x]
            index = np.arange(y.start, y.stop)[:, None] * width + np.arange(x.start, x.stop)
            kept = np.abs(patch) > 1e-7
            pixels.append(index[kept])
            entries.append(patch[kept])
            latent = (channel * grid.rows + row) * grid.columns + column
            latents.append(np.full(int(kept.sum()), latent))
    return np.concatenate(latents), np.concatenate(pixels), np.concatenate(entries)


def _span(position: int, stride: int, reach: int, length: int) -> slice:
    start = position * stride - (reach - stride) // 2
    return slice(max(0, start), min(length, start + reach))


def _assemble(pieces: list[Triplets], grid: LatentGrid) -> sparse.csr_array:
    latents, pixels, entries = (np.concatenate(part) for part in zip(*pieces, strict=True))
    n_pixels = grid.padded_shape[0] * grid.padded_shape[1]
    shape = grid.channels * grid.rows * grid.columns, n_pixels
    every = sparse.csr_array((entries, (latents, pixels)), shape=shape)
    return every if grid.kept is None else every[list(grid.kept)]
