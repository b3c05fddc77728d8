"""Which stretches of time train the model and which are held out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from napari_sparsevar.errors import UserError
from napari_sparsevar.model.embedded_var import usable_targets
from napari_sparsevar.model.grid import BoolArray

Span = tuple[int, int]
Starts = npt.NDArray[np.int64]

_LEAST_USABLE = 0.1


@dataclass(frozen=True)
class TimeBlocks:
    """Training and held-out stretches, each (start, stop) in frames, stop exclusive."""

    training: tuple[Span, ...]
    held_out: tuple[Span, ...]


def split_time(n_frames: int, chunk: int, fraction: float) -> TimeBlocks:
    """Hold out whole blocks spread over the movie, never single random frames.

    The movie is cut into cycles; the end of every cycle is held out. Blocks are at least one chunk
    long where the movie allows it, so that neighbouring frames do not leak.

    Parameters
    ----------
    n_frames : int
    chunk : int
        Frames of one uninterrupted stretch.
    fraction : float
        Share of the frames to hold out.
    """
    cycles = max(1, min(8, int(n_frames * fraction / chunk)))
    edges = np.linspace(0, n_frames, cycles + 1).astype(int)
    training, held_out = [], []
    for start, stop in itertools.pairwise(edges):
        cut = stop - max(2, round((stop - start) * fraction))
        training.append((int(start), int(cut)))
        held_out.append((int(cut), int(stop)))
    return TimeBlocks(tuple(training), tuple(held_out))


def chunk_length(n_frames: int, wanted: int, fraction: float, lags: int) -> int:
    """Return the chunk length that fits the movie, at most ``wanted``.

    Raises
    ------
    UserError
        If the movie is too short to fit and to score a VAR with this many lags.
    """
    length = min(wanted, int(n_frames * fraction))
    if length < lags + 2:
        needed = int(np.ceil((lags + 2) / fraction))
        raise UserError(
            f"There are {n_frames} frames to train on, too few for {lags} lag(s): "
            f"use at least {needed} frames or fewer lags."
        )
    return length


def chunk_starts(spans: tuple[Span, ...], length: int, step: int = 1) -> Starts:
    """Return the first frames of all chunks in some stretches, so many frames apart."""
    return np.concatenate([np.arange(a, b - length + 1, step) for a, b in spans])


def worth_looking_at(starts: Starts, length: int, lags: int, connected: BoolArray) -> BoolArray:
    """Return which chunks hold frames with a past, at least a tenth of them, (chunks,).

    Parameters
    ----------
    starts : ndarray of int
    length : int
        Frames of a chunk.
    lags : int
    connected : ndarray of bool, shape (T,)
        Frames that count and that frames before may foretell: ``StandardisedFrames.connected``.
    """
    usable = usable_targets(torch.from_numpy(connected)[None], lags)[0].numpy()
    before = np.concatenate([[0], np.cumsum(usable)])
    inside = before[starts + length - lags] - before[starts]
    return np.asarray(inside >= max(1.0, _LEAST_USABLE * (length - lags)))


def draw_starts(starts: Starts, count: int, rng: np.random.Generator) -> Starts:
    """Draw the first frames of ``count`` chunks, every one of some equally likely."""
    return rng.choice(starts, size=count, replace=len(starts) < count)


def even_starts(starts: Starts, count: int) -> Starts:
    """Return up to ``count`` of some first frames of chunks, spread evenly."""
    chosen = np.unique(np.linspace(0, len(starts) - 1, min(count, len(starts))).round().astype(int))
    picked: Starts = starts[chosen]
    return picked


def good_chunks(starts: Starts, length: int, good: BoolArray) -> BoolArray:
    """Return which frames of each chunk are good, shape (chunks, length)."""
    inside: BoolArray = good[starts[:, None] + np.arange(length)]
    return inside
