"""The rows of the regression, made piece by piece from series that may lie on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.analysis.activity import Activity
from napari_sparsevar.analysis.covariates.covariates import Design
from napari_sparsevar.analysis.covariates.partialling import Partial, PartialSums
from napari_sparsevar.analysis.fit.own_dynamics import (
    OwnDynamics,
    Series,
    filtered,
    own_dynamics_of,
)
from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.model.embedded_var import (
    RIDGE,
    LaggedPairs,
    Moments,
    Sequences,
    lagged_pairs,
    usable_targets,
)


class LaggedRows(Protocol):
    """Drives (rows, P) and the innovations (rows, n) that followed, in the order of time."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        ...

    @property
    def frames(self) -> Tensor:
        """The frame that each row explains, (rows,)."""
        ...

    @property
    def starts(self) -> Sequence[int]:
        """Frames at which time jumps: trials begin and end there."""
        ...

    def pieces(self) -> Iterator[LaggedPairs]:
        """Yield all rows, some at a time."""
        ...


@dataclass(frozen=True, eq=False)
class StreamedRows:
    """``LaggedRows`` of an activity, made when asked for and never all in memory.

    Attributes
    ----------
    series : Series
    lags : int
    own : OwnDynamics
    partial : Partial, optional
        What covariates explain; the rows are what is left.
    """

    series: Series
    lags: int
    own: OwnDynamics
    partial: Partial | None = None

    @classmethod
    def of(cls, activity: Activity, lags: int, kind: Dynamics, recent: int = 1) -> StreamedRows:
        """Take the own dynamics of the kind and covariates out, pair what is left with its past.

        Raises
        ------
        UserError
            If there are too few rows for so many covariates.
        """
        rows = cls(Series.of(activity), lags, own_dynamics_of(activity, kind, recent))
        if activity.covariates is None:
            return rows
        return rows._less(activity.covariates.design(activity.starts))

    def _less(self, design: Design) -> StreamedRows:
        """Return the rows without what covariates explain, scaled to variance 1 again."""
        sums = PartialSums(design)
        for pairs, frames in self._with_frames():
            sums.add(pairs, frames)
        past, following = (left.sqrt() for left in sums.left())
        # A source has one scale, whatever the lag.
        drive = past.reshape(self.lags, -1).square().mean(dim=0).sqrt()
        own = replace(
            self.own, scale=self.own.scale * following, drive_scale=self.own.drive_scale * drive
        )
        partial = sums.partial().scaled(drive.repeat(self.lags), following)
        return replace(self, own=own, partial=partial)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.frames)

    @property
    def starts(self) -> Sequence[int]:
        """Frames at which time jumps."""
        return self.series.starts

    @cached_property
    def frames(self) -> Tensor:
        """The frame that each row explains, (rows,)."""
        usable = usable_targets(self.series.good[None], self.lags)[0]
        for start in self.series.starts:  # the first frames of a stretch have no past
            usable[max(start - self.lags, 0) : start] = False
        return torch.nonzero(usable)[:, 0] + self.lags

    @property
    def covariates(self) -> Tensor | None:
        """The columns of covariates that were taken out of each row, (rows, K + 1)."""
        return None if self.partial is None else self.partial.columns[self.frames]

    def pieces(self) -> Iterator[LaggedPairs]:
        """Yield all rows, some at a time, float32."""
        for pairs, frames in self._with_frames():
            yield pairs if self.partial is None else self.partial.left(pairs, frames)

    def _with_frames(self) -> Iterator[tuple[LaggedPairs, Tensor]]:
        """Yield rows before covariates are taken out, and the frames that they explain."""
        first = 0
        for pairs in self._paired():
            yield pairs, self.frames[first : first + pairs.n_rows]
            first += pairs.n_rows

    def _paired(self) -> Iterator[LaggedPairs]:
        scale, drive_scale = self.own.scale.float(), self.own.drive_scale.float()
        tail: tuple[Tensor, Tensor] | None = None
        first = 0
        for innovation, drive, good in filtered(
            self.series, self.own.standardised, self.own.dynamics, self.own.recent
        ):
            innovation, drive = innovation / scale, drive / drive_scale
            if self.series.begins(first):
                tail = None
            first += len(innovation)
            if tail is not None:
                drive, good = torch.cat([tail[0], drive]), torch.cat([tail[1], good])
                innovation = torch.cat([torch.zeros_like(tail[0]), innovation])
            found = Sequences(drive[None], innovation[None], drive[None], scale, drive_scale)
            if len(good) > self.lags:
                yield lagged_pairs(found, good[None], self.lags)
            tail = drive[-self.lags :], good[-self.lags :]


def all_rows(rows: LaggedRows) -> LaggedPairs:
    """Return all rows, float32, without ever holding them twice."""
    found: LaggedPairs | None = None
    first = 0
    for piece in rows.pieces():
        if found is None:
            past = piece.past.new_empty(rows.n_rows, piece.past.shape[1])
            found = LaggedPairs(past, past.new_empty(rows.n_rows, piece.following.shape[1]))
        last = first + piece.n_rows
        found.past[first:last], found.following[first:last] = piece.past, piece.following
        first = last
    if found is None:
        raise ValueError("There is no row.")
    return found


def chosen_rows(rows: LaggedRows, numbers: Tensor) -> LaggedPairs:
    """Return some rows, given by their ascending numbers."""
    kept, first = [], 0
    for piece in rows.pieces():
        last = first + piece.n_rows
        here = numbers[(numbers >= first) & (numbers < last)] - first
        kept.append(LaggedPairs(piece.past[here], piece.following[here]))
        first = last
    return LaggedPairs(
        torch.cat([piece.past for piece in kept]), torch.cat([piece.following for piece in kept])
    )


def block_moments(rows: LaggedRows, n_blocks: int) -> list[Moments]:
    """Return sums of products over consecutive blocks of time, float64, without ridge."""
    ends = np.cumsum([len(block) for block in np.array_split(np.arange(rows.n_rows), n_blocks)])
    blocks: list[Moments | None] = [None] * n_blocks
    first = 0
    for piece in rows.pieces():
        inside = np.clip(ends - first, 0, piece.n_rows)
        for index, stop in enumerate(inside.tolist()):
            start = int(inside[index - 1]) if index else 0
            if stop > start or blocks[index] is None:
                x, y = piece.past[start:stop].double(), piece.following[start:stop].double()
                blocks[index] = _added(blocks[index], x, y)
        first += piece.n_rows
    return [block for block in blocks if block is not None]


def _added(block: Moments | None, x: Tensor, y: Tensor) -> Moments:
    """Add rows to a block, in place."""
    if block is None:
        return Moments(x.T @ x, x.T @ y, y.square().sum(dim=0), len(x))
    block.gram.addmm_(x.T, x)
    block.cross.addmm_(x.T, y)
    block.variance.add_(y.square().sum(dim=0))
    return block._replace(n=block.n + len(x))


def pool(blocks: list[Moments], ridge: float = RIDGE) -> Moments:
    """Add up blocks of ``block_moments`` to the moments of all their frames."""
    n = max(sum(block.n for block in blocks), 1)
    gram, cross = blocks[0].gram.clone(), blocks[0].cross.clone()
    for block in blocks[1:]:  # one after the other: a stack would hold them all twice
        gram += block.gram
        cross += block.cross
    gram /= n
    cross /= n
    gram.diagonal().add_(ridge)
    variance = torch.stack([block.variance for block in blocks]).sum(dim=0) / n
    return Moments(gram, cross, variance, n)
