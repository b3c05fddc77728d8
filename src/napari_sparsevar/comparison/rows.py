"""Rows of the regression in each window: what happened, and what had gone before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.covariates.covariates import Design
from napari_sparsevar.analysis.covariates.partialling import PartialSums
from napari_sparsevar.analysis.fit.own_dynamics import Series, filtered
from napari_sparsevar.comparison.subject import FittedActivity
from napari_sparsevar.comparison.windows import Piece, Window
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.model.embedded_var import LaggedPairs, Sequences, sequences, standardiser
from napari_sparsevar.model.temporal import own_dynamics

_STILL = 1e-6
"""Standard deviation, of 1, below which a latent counts as constant in a window."""


class Rows(NamedTuple):
    """Lagged pairs of one window.

    Attributes
    ----------
    past : Tensor, shape (n, P), float32
        Drives of the frames before, lag-major.
    following : Tensor, shape (n, p), float32
        Innovations.
    piece : ndarray of int, shape (n,)
        Piece of the window each row belongs to.
    """

    past: Tensor
    following: Tensor
    piece: npt.NDArray[np.int64]


def rows_of_activity(source: FittedActivity, windows: Sequence[Window]) -> list[Rows]:
    """Return the lagged pairs of windows of an activity.

    The own dynamics are those of the whole recording, and the filter runs through it once; a pair
    is kept if the frame and its past lie in the same piece of the same window, are good, and time
    does not jump between them. Covariates are taken out of each window by itself: that cells run,
    or see, otherwise is no other dynamics among them.

    Parameters
    ----------
    source : FittedActivity
        Results of a run, or a fit of cells.
    windows : sequence of Window

    Raises
    ------
    UserError
        If a window is too short for so many covariates.
    """
    activity, own, lags = source.activity, source.fitted.own, source.fitted.lags
    parts = list(filtered(Series.of(activity), own.standardised, own.dynamics, own.recent))
    scale, size = own.scale.float(), own.drive_scale.float()
    drive = torch.cat([part[1] for part in parts])[None] / size
    innovation = torch.cat([part[0] for part in parts])[None] / scale
    found = Sequences(drive, innovation, drive, scale, size)
    pieces = [cut(window.pieces, activity.starts) for window in windows]
    rows = [_rows(found, activity.good, each, lags) for each in pieces]
    if activity.covariates is None:
        return rows
    design = activity.covariates.design(activity.starts)
    frames = [_frames(activity.good, each, lags)[0] for each in pieces]
    return [_less(each, design, which) for each, which in zip(rows, frames, strict=True)]


def _less(rows: Rows, design: Design, frames: npt.NDArray[np.int64]) -> Rows:
    """Return rows without what covariates explain in their window."""
    pairs, explained = LaggedPairs(rows.past, rows.following), torch.from_numpy(frames)
    sums = PartialSums(design)
    sums.add(pairs, explained)
    left = sums.partial().left(pairs, explained)
    return Rows(left.past, left.following, rows.piece)


def cut(pieces: Sequence[Piece], starts: Sequence[int]) -> list[Piece]:
    """Return pieces cut where time jumps, such as at the first frame of a trial."""
    found = []
    for start, stop in pieces:
        ends = [start, *(frame for frame in starts if start < frame < stop), stop]
        found += list(pairwise(ends))
    return found


def rows_of_sequences(
    sequences_given: Sequence[Sequence[npt.ArrayLike]], lags: int, kind: Dynamics
) -> list[Rows]:
    """Return the lagged pairs of plain arrays, one sequence of pieces (T, p) for each window.

    Raises
    ------
    UserError
        If arrays do not fit each other, are not finite or hold a column that never changes.
    """
    try:
        windows = [
            [np.asarray(piece, np.float32) for piece in pieces] for pieces in sequences_given
        ]
    except (TypeError, ValueError) as error:
        raise UserError("Sequences are numbers: give arrays (frames, latents).") from error
    _check_arrays(windows)
    every = [piece for pieces in windows for piece in pieces]
    stacked, good = _stack(every)
    standard = standardiser(stacked, good).forward(stacked)
    found = sequences(standard, good, own_dynamics(standard, good, kind))
    rows, first = [], 0
    for pieces in windows:
        parts = []
        for index in range(first, first + len(pieces)):
            here = slice(index, index + 1)
            one = found._replace(
                expected=found.expected[here],
                innovation=found.innovation[here],
                drive=found.drive[here],
            )
            length = len(every[index])
            parts.append(_rows(one, np.ones(length, bool), ((0, length),), lags))
        first += len(pieces)
        rows.append(_together(parts))
    return rows


def _rows(
    found: Sequences,
    good: npt.NDArray[np.bool_],
    pieces: Sequence[tuple[int, int]],
    lags: int,
) -> Rows:
    """Pair frames of each piece with their past, (1, T, p) to rows."""
    frames, piece = _frames(good, pieces, lags)
    rows = torch.from_numpy(frames)
    past = torch.cat([found.drive[0, rows - lag] for lag in range(1, lags + 1)], dim=1)
    return Rows(past.float(), found.innovation[0, rows].float(), piece)


def _frames(
    good: npt.NDArray[np.bool_], pieces: Sequence[tuple[int, int]], lags: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the frames that rows explain, and the piece that each is of."""
    kept, piece = [], []
    for number, (start, stop) in enumerate(pieces):
        frames = np.arange(start + lags, stop)
        usable = np.ones(len(frames), bool)
        for lag in range(lags + 1):
            usable &= good[frames - lag]
        kept.append(frames[usable])
        piece.append(np.full(int(usable.sum()), number))
    return np.concatenate(kept), np.concatenate(piece)


def _together(parts: list[Rows]) -> Rows:
    """Join rows of several pieces, numbering the pieces."""
    piece = [np.full(len(part.past), number) for number, part in enumerate(parts)]
    past = torch.cat([part.past for part in parts])
    return Rows(past, torch.cat([part.following for part in parts]), np.concatenate(piece))


def _stack(pieces: list[npt.NDArray[np.float32]]) -> tuple[Tensor, Tensor]:
    """Return pieces padded to one length, (pieces, T, p), and which frames are theirs."""
    longest = max(len(piece) for piece in pieces)
    stacked = np.zeros((len(pieces), longest, pieces[0].shape[1]), np.float32)
    good = np.zeros((len(pieces), longest), bool)
    for index, piece in enumerate(pieces):
        stacked[index, : len(piece)], good[index, : len(piece)] = piece, True
    return torch.from_numpy(stacked), torch.from_numpy(good)


def _check_arrays(windows: list[list[npt.NDArray[np.float32]]]) -> None:
    widths = set()
    for label, pieces in zip("ab", windows, strict=True):
        if not pieces:
            raise UserError(f"Sequence {label} is empty: give arrays (frames, latents).")
        for piece in pieces:
            if piece.ndim != 2 or 0 in piece.shape:
                raise UserError(
                    f"Sequence {label} has the shape {piece.shape}: give arrays (frames, latents)."
                )
            if not np.isfinite(piece).all():
                raise UserError(f"Sequence {label} holds values that are not finite: remove them.")
            widths.add(piece.shape[1])
    if len(widths) != 1:
        raise UserError(f"The sequences have {sorted(widths)} latents: they must have the same.")
    for label, pieces in zip("ab", windows, strict=True):
        joined = np.concatenate(pieces)
        still = np.flatnonzero(joined.std(axis=0) <= _STILL * np.abs(joined).max(initial=1e-30))
        if still.size:
            raise UserError(
                f"Latent {still[0]} never changes in sequence {label}: leave it out of both."
            )


def check_rows(rows: Sequence[Rows], labels: Sequence[str], lags: int) -> None:
    """Raise UserError if a window has no pair of frame and past, or nothing changes in it."""
    for found, label in zip(rows, labels, strict=True):
        if len(found.past) < 2:
            raise UserError(
                f"Window {label} is shorter than the {lags} past frames a prediction needs: "
                "mark a longer one."
            )
        if not bool((found.following.std(dim=0) > _STILL).any()):
            raise UserError(f"Nothing changes in window {label}: mark another stretch of time.")
