"""What each series does by itself over time, estimated piece by piece from series on disk or not.

Nothing here grows with the length of the movie: every pass reads a stretch of it at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.analysis.activity import Activity, Float32Array
from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.model.embedded_var import Standardiser
from napari_sparsevar.model.temporal import (
    PLAIN,
    CalciumDynamics,
    dynamics_of,
    filter_on,
    longest_lag,
    share_of,
)
from napari_sparsevar.movie.reading.mapped import MappedFrames

PIECE_NUMBERS = 2**22
"""Numbers of the series looked at together: 16 MB of them."""


OWN_TENSORS = ("mean", "deviation", "scale", "drive_scale", "signal")
"""Fields of ``OwnDynamics`` with a number for each series."""


@dataclass(frozen=True, eq=False)
class OwnDynamics:
    """How n series become the drives and innovations that the VAR is fitted to.

    All tensors are (n,) of float64.

    Attributes
    ----------
    mean, deviation : Tensor
        Standardisation of the series.
    scale : Tensor
        Standard deviation of the innovations of standardised series.
    drive_scale : Tensor
        Standard deviation of their drives.
    signal : Tensor
        Share of each series' variance that is slow activity and not noise.
    dynamics : CalciumDynamics
        Decay and noise that were taken out.
    recent : int
        Frames that a drive adds up: when an event was is known to a frame or two.
    """

    mean: Tensor
    deviation: Tensor
    scale: Tensor
    drive_scale: Tensor
    signal: Tensor
    dynamics: CalciumDynamics
    recent: int = 1

    @property
    def innovation(self) -> Tensor:
        """Standard deviation of each innovation in units of the series, (n,)."""
        return self.deviation * self.scale

    def standardised(self, values: Tensor) -> Tensor:
        """Bring series (..., n) to mean 0 and variance 1, in their own precision."""
        return (values - self.mean.to(values)) / self.deviation.to(values)


def own_dynamics_of(activity: Activity, kind: Dynamics, recent: int = 1) -> OwnDynamics:
    """Estimate the own dynamics of all series, in a few passes over them."""
    series = Series.of(activity)
    standard = series.standardiser()
    dynamics, signal = _calcium(series, standard, kind)
    scale, drive_scale = _scales(series, standard, dynamics, recent)
    return OwnDynamics(
        standard.mean.double(),
        standard.deviation.double(),
        scale.double(),
        drive_scale.double(),
        signal,
        dynamics,
        recent,
    )


@dataclass(frozen=True, eq=False)
class Series:
    """Series (T, n), in memory or mapped, which frames are good, and where time jumps."""

    values: Float32Array
    good: Tensor
    starts: tuple[int, ...] = ()

    @classmethod
    def of(cls, activity: Activity) -> Series:
        """Return the series of an activity."""
        return cls(activity.series, torch.from_numpy(activity.good), tuple(activity.starts))

    @property
    def size(self) -> int:
        """Number of series n."""
        return int(self.values.shape[1])

    def begins(self, frame: int) -> bool:
        """Return whether nothing before a frame belongs to it."""
        return frame == 0 or frame in self.starts

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, Tensor]]:
        """Yield stretches of them (t, n) from start to stop with their first frames.

        None reaches over a frame at which time jumps.
        """
        stop = len(self.values) if stop is None else stop
        # Not through the mapping itself: it would keep every page that was looked at.
        read = MappedFrames(self.values) if MappedFrames.suits(self.values) else None
        length = max(1, PIECE_NUMBERS // self.size)
        ends = [start, *(frame for frame in self.starts if start < frame < stop), stop]
        for begin, end in pairwise(ends):
            for first in range(begin, end, length):
                last = min(first + length, end)
                part = self.values[first:last] if read is None else read(first, last)
                yield first, torch.from_numpy(np.array(part))

    def standardiser(self) -> Standardiser:
        """Return mean and deviation of each series over good frames, as ``embedded_var`` does."""
        n = max(int(self.good.sum()), 1)
        total = torch.zeros(self.size, dtype=torch.float64)
        for start, values in self.pieces():
            total += values[self.good[start : start + len(values)]].double().sum(dim=0)
        mean, squares = total / n, torch.zeros_like(total)
        for start, values in self.pieces():
            kept = values[self.good[start : start + len(values)]].double()
            squares += (kept - mean).square().sum(dim=0)
        return Standardiser(mean.float(), torch.sqrt(squares / n + 1e-8).float())

    def autocovariance(
        self, standard: Standardiser, start: int, stop: int, longest: int | None = None
    ) -> Tensor:
        """Return that of standardised series at lags 1, 2, ... inside a stretch, (lags, n)."""
        longest = longest or longest_lag(stop - start)
        sums = torch.zeros(longest, self.size, dtype=torch.float64)
        counts = torch.zeros(longest, dtype=torch.float64)
        before = torch.zeros(0, self.size, dtype=torch.float64)
        seen_before = torch.zeros(0, dtype=torch.bool)
        for first, values in self.pieces(start, stop):
            if self.begins(first):
                before, seen_before = before[:0], seen_before[:0]
            good = self.good[first : first + len(values)]
            seen, joined_seen = good[:, None], torch.cat([seen_before, good])
            joined = torch.cat([before, (standard.forward(values) * seen).double()])
            for lag in range(1, min(longest, len(joined) - 1) + 1):
                later = joined[max(lag, len(before)) :]
                earlier = joined[max(lag, len(before)) - lag : len(joined) - lag]
                sums[lag - 1] += (later * earlier).sum(dim=0)
                both = joined_seen[max(lag, len(before)) :]
                counts[lag - 1] += (
                    both & joined_seen[max(lag, len(before)) - lag : len(joined) - lag]
                ).sum()
            before, seen_before = joined[-longest:], joined_seen[-longest:]
        return sums / counts.clamp_min(1.0)[:, None]


def _calcium(
    series: Series, standard: Standardiser, kind: Dynamics
) -> tuple[CalciumDynamics, Tensor]:
    """Return decay and noise of all series, and the share of each that is signal, (n,)."""
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


def _scales(
    series: Series, standard: Standardiser, dynamics: CalciumDynamics, recent: int
) -> tuple[Tensor, Tensor]:
    """Return the standard deviations of innovations and of drives, (n,) each."""
    squares = torch.zeros(2, series.size, dtype=torch.float64)
    for innovation, drive, good in filtered(series, standard.forward, dynamics, recent):
        squares[0] += innovation[good].double().square().sum(dim=0)
        squares[1] += drive[good].double().square().sum(dim=0)
    scales = torch.sqrt(squares / max(int(series.good.sum()), 1) + 1e-8).float()
    return scales[0], scales[1]


def filtered(
    series: Series,
    standardised: Callable[[Tensor], Tensor],
    dynamics: CalciumDynamics,
    recent: int = 1,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield innovations and drives (t, n), not scaled, and which frames (t,) are good.

    Pieces are those of ``Series.pieces``; the filter begins anew where time jumps.
    """
    state, before = None, torch.zeros(recent - 1, series.size)
    for start, values in series.pieces():
        if series.begins(start):
            state, before = None, torch.zeros_like(before)
        good = series.good[start : start + len(values)]
        found, state = filter_on(standardised(values)[None], good[None], dynamics, state)
        joined = torch.cat([before, found.drive[0]])
        before = joined[len(joined) - len(before) :]
        yield found.innovation[0], added_up(joined, recent), good


def added_up(drives: Tensor, recent: int) -> Tensor:
    """Return the sums of so many drives (t, n) one after the other, (t - recent + 1, n)."""
    return drives if recent == 1 else drives.unfold(0, recent, 1).sum(dim=-1)
