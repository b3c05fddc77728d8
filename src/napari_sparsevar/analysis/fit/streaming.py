"""The rows of the regression, made piece by piece from latents that may lie on disk.

Nothing here grows with the length of the movie: every pass reads a stretch of latents at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.model.embedded_var import (
    LaggedPairs,
    Sequences,
    Standardiser,
    lagged_pairs,
    usable_targets,
)
from napari_sparsevar.model.temporal import (
    PLAIN,
    CalciumDynamics,
    dynamics_of,
    filter_on,
    longest_lag,
    share_of,
)
from napari_sparsevar.movie.reading.mapped import MappedFrames

Float32Array = npt.NDArray[np.float32]

PIECE_NUMBERS = 2**22
"""Latents looked at together: 16 MB of them."""


class _Scales(NamedTuple):
    """Standard deviations of innovations and drives, (p,) each."""

    innovation: Tensor
    drive: Tensor


@dataclass(frozen=True, eq=False)
class LatentSeries:
    """Latents (T, p) of a movie, in memory or mapped, and which of its frames are good."""

    values: Float32Array
    good: Tensor

    @property
    def size(self) -> int:
        """Number of latents p."""
        return int(self.values.shape[1])

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, Tensor]]:
        """Yield stretches of latents (t, p) from start to stop with their first frames."""
        stop = len(self.values) if stop is None else stop
        # Not through the mapping itself: it would keep every page that was looked at.
        read = MappedFrames(self.values) if MappedFrames.suits(self.values) else None
        length = max(1, PIECE_NUMBERS // self.size)
        for first in range(start, stop, length):
            last = min(first + length, stop)
            part = self.values[first:last] if read is None else read(first, last)
            yield first, torch.from_numpy(np.array(part))

    def standardiser(self) -> Standardiser:
        """Return mean and deviation of each latent over good frames, as ``embedded_var`` does."""
        n = max(int(self.good.sum()), 1)
        total = torch.zeros(self.size, dtype=torch.float64)
        for start, latents in self.pieces():
            total += latents[self.good[start : start + len(latents)]].double().sum(dim=0)
        mean, squares = total / n, torch.zeros_like(total)
        for start, latents in self.pieces():
            kept = latents[self.good[start : start + len(latents)]].double()
            squares += (kept - mean).square().sum(dim=0)
        return Standardiser(mean.float(), torch.sqrt(squares / n + 1e-8).float())

    def autocovariance(self, standard: Standardiser, start: int, stop: int) -> Tensor:
        """Return that of standardised latents at lags 1, 2, ... inside a stretch, (lags, p)."""
        longest = longest_lag(stop - start)
        sums = torch.zeros(longest, self.size, dtype=torch.float64)
        before = torch.zeros(0, self.size, dtype=torch.float64)
        for first, latents in self.pieces(start, stop):
            seen = self.good[first : first + len(latents), None]
            joined = torch.cat([before, (standard.forward(latents) * seen).double()])
            for lag in range(1, min(longest, len(joined) - 1) + 1):
                later = joined[max(lag, len(before)) :]
                earlier = joined[max(lag, len(before)) - lag : len(joined) - lag]
                sums[lag - 1] += (later * earlier).sum(dim=0)
            before = joined[-longest:]
        good = self.good[start:stop]
        counts = [int((good[lag:] & good[:-lag]).sum()) for lag in range(1, longest + 1)]
        return sums / torch.tensor(counts).clamp_min(1)[:, None]


@dataclass(frozen=True, eq=False)
class StreamedPairs:
    """Drives and innovations of a movie as rows of the regression, made when asked for.

    Attributes
    ----------
    series : LatentSeries
    lags : int
    standard : Standardiser
        Of the latents.
    dynamics : CalciumDynamics
    signal : Tensor, shape (p,)
        Share of each latent's variance that is slow activity.
    scale, drive_scale : Tensor, shape (p,)
        Standard deviations of innovations and drives of standardised latents.
    """

    series: LatentSeries
    lags: int
    standard: Standardiser
    dynamics: CalciumDynamics
    signal: Tensor
    scale: Tensor
    drive_scale: Tensor

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(usable_targets(self.series.good[None], self.lags).sum())

    def pieces(self) -> Iterator[LaggedPairs]:
        """Yield all rows in the order of time, some at a time."""
        tail: tuple[Tensor, Tensor] | None = None
        for innovation, drive, good in _filtered(self.series, self.standard, self.dynamics):
            innovation, drive = innovation / self.scale, drive / self.drive_scale
            if tail is not None:
                drive, good = torch.cat([tail[0], drive]), torch.cat([tail[1], good])
                innovation = torch.cat([torch.zeros_like(tail[0]), innovation])
            found = Sequences(
                drive[None], innovation[None], drive[None], self.scale, self.drive_scale
            )
            if len(good) > self.lags:
                yield lagged_pairs(found, good[None], self.lags)
            tail = drive[-self.lags :], good[-self.lags :]


Pairs = LaggedPairs | StreamedPairs
"""Rows of the regression, all in memory or made when asked for."""


def n_rows(pairs: Pairs) -> int:
    """Return the number of rows."""
    return len(pairs) if isinstance(pairs, StreamedPairs) else len(pairs.past)


def row_pieces(pairs: Pairs) -> Iterator[LaggedPairs]:
    """Yield all rows in the order of time, some at a time."""
    if isinstance(pairs, StreamedPairs):
        yield from pairs.pieces()
    else:
        yield pairs


def chosen_rows(pairs: Pairs, rows: Tensor) -> LaggedPairs:
    """Return some rows, given by their ascending numbers."""
    kept, first = [], 0
    for piece in row_pieces(pairs):
        last = first + len(piece.past)
        here = rows[(rows >= first) & (rows < last)] - first
        kept.append(LaggedPairs(piece.past[here], piece.following[here]))
        first = last
    return LaggedPairs(
        torch.cat([piece.past for piece in kept]), torch.cat([piece.following for piece in kept])
    )


def streamed_pairs(
    values: Float32Array, good: npt.NDArray[np.bool_], lags: int, kind: Dynamics
) -> StreamedPairs:
    """Estimate the own dynamics of latents (T, p) and what makes rows of the regression of them.

    Parameters
    ----------
    values : ndarray of float32, shape (T, p)
        Mapped, where there are many.
    good : ndarray of bool, shape (T,)
    lags : int
    kind : Dynamics
    """
    series = LatentSeries(values, torch.from_numpy(good))
    standard = series.standardiser()
    dynamics, signal = _own_dynamics(series, standard, kind)
    scales = _scales(series, standard, dynamics)
    return StreamedPairs(series, lags, standard, dynamics, signal, scales.innovation, scales.drive)


def _own_dynamics(
    series: LatentSeries, standard: Standardiser, kind: Dynamics
) -> tuple[CalciumDynamics, Tensor]:
    n_frames = len(series.values)
    if kind != "calcium":
        return PLAIN, torch.ones(series.size, dtype=torch.float64)
    middle = n_frames // 2
    dynamics = dynamics_of(
        series.autocovariance(standard, 0, middle),
        series.autocovariance(standard, middle, n_frames),
    )
    if dynamics == PLAIN:
        return dynamics, torch.ones(series.size, dtype=torch.float64)
    return dynamics, share_of(series.autocovariance(standard, 0, n_frames), dynamics)


def _scales(series: LatentSeries, standard: Standardiser, dynamics: CalciumDynamics) -> _Scales:
    squares = torch.zeros(2, series.size, dtype=torch.float64)
    for innovation, drive, good in _filtered(series, standard, dynamics):
        squares[0] += innovation[good].double().square().sum(dim=0)
        squares[1] += drive[good].double().square().sum(dim=0)
    scales = torch.sqrt(squares / max(int(series.good.sum()), 1) + 1e-8).float()
    return _Scales(scales[0], scales[1])


def _filtered(
    series: LatentSeries, standard: Standardiser, dynamics: CalciumDynamics
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield innovations and drives (t, p), not scaled, and which frames (t,) are good."""
    state = None
    for start, latents in series.pieces():
        good = series.good[start : start + len(latents)]
        found, state = filter_on(standard.forward(latents)[None], good[None], dynamics, state)
        yield found.innovation[0], found.drive[0], good
