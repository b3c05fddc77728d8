"""The latents of a whole movie."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.network import SparseVarAutoencoder
from napari_sparsevar.movie.standardised import StandardisedFrames

N_SPLITS = 2
"""Random splits into blind halves that are averaged; two see every pixel from four sides."""

_PIXELS_PER_BLOCK = 2**20


def inside_field(grid: LatentGrid) -> Tensor:
    """Return 1 inside the field of view and 0 in its padding, shape (Y, X) padded."""
    inside = torch.zeros(grid.padded_shape)
    inside[: grid.shape[0], : grid.shape[1]] = 1.0
    return inside


def fixed_splits(grid: LatentGrid) -> Tensor:
    """Return the splits into halves used after training, (splits, Y, X) of bool.

    They depend on the shape of the field of view only, so that a movie always has the same code.
    """
    rng = np.random.default_rng(grid.padded_shape)
    return torch.from_numpy(rng.random((N_SPLITS, *grid.padded_shape)) < 0.5)


def encode_movie(
    network: SparseVarAutoencoder, frames: StandardisedFrames, grid: LatentGrid, static: Tensor
) -> Generator[float, None, npt.NDArray[np.float32]]:
    """Encode every frame of a movie; yield the fraction done.

    Parameters
    ----------
    network : SparseVarAutoencoder
    frames : StandardisedFrames
    grid : LatentGrid
    static : Tensor, shape (3, Y, X)
        Standardised static images on the padded field of view, on the network's device.

    Returns
    -------
    ndarray of float32, shape (T, p)
        Zero for bad frames.
    """
    n_frames = frames.movie.n_frames
    block = max(1, _PIXELS_PER_BLOCK // static[0].numel())
    inside = inside_field(grid).to(static.device)
    with torch.no_grad():
        halves = [
            network.guide(static, split.to(static.device), inside) for split in fixed_splits(grid)
        ]
    latents = np.zeros((n_frames, grid.size), np.float32)
    for start, standardised in frames.pieces(block):
        stop = start + len(standardised)
        piece = torch.from_numpy(standardised).to(static.device)
        with torch.no_grad():
            codes = [network.encode_guided(piece, pair).latents for pair in halves]
        latents[start:stop] = torch.stack(codes).mean(dim=0).flatten(1).cpu().numpy()
        yield stop / n_frames
    latents[~frames.good] = 0.0
    return latents
