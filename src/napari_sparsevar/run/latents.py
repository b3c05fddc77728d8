"""The latents of a whole movie, in memory or in a scratch file of its run directory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.network import GuidedHalf, SparseVarAutoencoder
from napari_sparsevar.movie.reading.read_ahead import ahead_of
from napari_sparsevar.movie.reading.standardised import StandardisedFrames

Float32Array = npt.NDArray[np.float32]

N_SPLITS, LARGE_FIELD = 2, 2048
"""Random splits into blind halves that are averaged; two see every pixel from four sides. A field
of more latents is encoded with one, in half of the time: codes correlate with the true activity of
simulated cells by 0.001 to 0.005 less."""

SCRATCH = ".latents-"
"""How files begin that hold latents until the analysis is complete."""

_PIXELS_PER_BLOCK = 2**21
_ON_A_GPU = 2
"""Times as many, where starting to work takes longer than the work."""


def fixed_splits(grid: LatentGrid) -> Tensor:
    """Return the splits into halves used after training, (splits, Y, X) of bool.

    They depend on the shape of the field of view only, so that a movie always has the same code.
    """
    rng = np.random.default_rng(grid.padded_shape)
    n_splits = N_SPLITS if grid.size <= LARGE_FIELD else 1
    return torch.from_numpy(rng.random((n_splits, *grid.padded_shape)) < 0.5)


def encode_movie(
    network: SparseVarAutoencoder,
    frames: StandardisedFrames,
    grid: LatentGrid,
    static: Tensor,
    file: Path | None = None,
) -> Generator[float, None, npt.NDArray[np.float32]]:
    """Encode every frame of a movie; yield the fraction done.

    Parameters
    ----------
    network : SparseVarAutoencoder
    frames : StandardisedFrames
    grid : LatentGrid
    static : Tensor, shape (3, Y, X)
        Standardised static images on the padded field of view, on the network's device.
    file : Path, optional
        Where to write them (``.npy``); otherwise they are kept in memory, which a long recording
        may not leave room for.

    Returns
    -------
    ndarray of float32, shape (T, p)
        Zero for bad frames; with a file, a map of it.
    """
    if file is None:
        latents = np.empty((frames.movie.n_frames, grid.size), np.float32)
        for start, piece in _encoded(network, frames, grid, static):
            latents[start : start + len(piece)] = piece
            yield (start + len(piece)) / len(latents)
        return latents
    shape = (frames.movie.n_frames, grid.size)
    pieces = (piece for _, piece in _encoded(network, frames, grid, static))
    for done in written(file, shape, pieces):
        yield done / shape[0]
    return mapped_latents(file)


def written(file: Path, shape: tuple[int, int], pieces: Iterable[Float32Array]) -> Iterator[int]:
    """Write latents (T, p), some frames after the other; yield how many are written."""
    done = 0
    with file.open("wb") as opened:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(opened, header)
        for piece in pieces:
            opened.write(piece.astype("<f4", copy=False).tobytes())
            done += len(piece)
            yield done


def mapped_latents(file: Path) -> Float32Array:
    """Return a map of latents in a file."""
    mapped: Float32Array = np.load(file, mmap_mode="r", allow_pickle=False)
    return mapped


def _encoded(
    network: SparseVarAutoencoder, frames: StandardisedFrames, grid: LatentGrid, static: Tensor
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """Yield the latents (t, p) of pieces of the movie with their first frames, in order."""
    device = static.device
    pixels = _PIXELS_PER_BLOCK * (1 if device.type == "cpu" else _ON_A_GPU)
    block = max(1, pixels // static[0].numel())
    inside = torch.from_numpy(frames.inside).to(device)
    with torch.no_grad():
        splits = [network.guide(static, split.to(device), inside) for split in fixed_splits(grid)]
    halves = [half for split in splits for half in split]
    pieces = ((start, _to_send(piece, device)) for start, piece in frames.pieces(block))
    for start, sent in ahead_of(pieces):
        latents = _code(network, sent.to(device, non_blocking=True), halves).cpu().numpy()
        latents[~frames.good[start : start + len(latents)]] = 0.0
        yield start, latents


def _code(network: SparseVarAutoencoder, frames: Tensor, halves: list[GuidedHalf]) -> Tensor:
    """Return the latents (t, p) of frames, some at a time where memory does not hold them all."""
    try:
        with torch.no_grad():
            return network.latents(frames, halves).flatten(1)
    except torch.OutOfMemoryError:
        if len(frames) == 1:
            raise
    middle = len(frames) // 2
    parts = [_code(network, part, halves) for part in (frames[:middle], frames[middle:])]
    return torch.cat(parts)


def _to_send(frames: npt.NDArray[np.float32], device: torch.device) -> Tensor:
    """Return frames as a tensor, in memory from which a GPU copies while it computes."""
    tensor = torch.from_numpy(frames)
    return tensor.pin_memory() if device.type == "cuda" else tensor


@contextmanager
def scratch_latents(folder: Path) -> Iterator[Path]:
    """Give an empty file for latents in a run directory; gone afterwards unless it was moved."""
    handle, name = tempfile.mkstemp(prefix=SCRATCH, suffix=".npy", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
