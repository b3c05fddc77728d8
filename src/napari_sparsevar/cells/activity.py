"""Traces of cells as activity: which frames and cells can be used, and which cells are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.analysis.covariates.covariates import Covariates
from napari_sparsevar.cells.surround import core_pixels
from napari_sparsevar.errors import UserError

Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
Trials = Sequence[tuple[int, int]]

SAME_CELL = 0.995
"""Two traces whose changes from frame to frame correlate as much are taken for copies of one:
cells that are active together still have noise of their own."""

SHARED_WEIGHT = 0.5
"""Of a footprint: with as much of it inside another, both are taken for one cell."""

MOST_MISSING = 0.1
"""Share of frames in which a cell may be NaN; the frames are left out, above it the cell is."""

FEWEST_CELLS = 2


@dataclass(frozen=True, eq=False)
class CellActivity:
    """Traces of the m cells that can be fitted, an ``Activity``.

    Attributes
    ----------
    series : ndarray of float32, shape (T, m)
        0 where it is not known.
    good : ndarray of bool, shape (T,)
    starts : tuple of int
        Frames at which time jumps.
    names : tuple of str
    near : ndarray of bool, shape (m, m)
        Cells that are one.
    covariates : Covariates, optional
        Known in every good frame.
    """

    series: Float32Array
    good: BoolArray
    starts: tuple[int, ...]
    names: tuple[str, ...]
    near: BoolArray
    covariates: Covariates | None = None


class Usable(NamedTuple):
    """What of some traces can be fitted.

    Attributes
    ----------
    activity : CellActivity
    fitted : ndarray of int, shape (m,)
        Number of each fitted cell among the n that came.
    notes : tuple of str
        What was left out and why, a sentence each.
    """

    activity: CellActivity
    fitted: npt.NDArray[np.intp]
    notes: tuple[str, ...]


def usable_activity(
    traces: Float32Array,
    names: Sequence[str],
    good: BoolArray,
    trials: Trials | None,
    footprints: sparse.csr_array | None = None,
    jumps: Sequence[int] = (),
) -> Usable:
    """Leave out what cannot be fitted, and say so.

    A cell that never changes or is NaN in more than a tenth of the good frames is left out; so are
    frames in which any other cell is NaN, and frames outside all trials.

    Parameters
    ----------
    traces : ndarray of float32, shape (T, n)
    names : sequence of str
    good : ndarray of bool, shape (T,)
    trials : sequence of (start, stop) or None
        Frames, stop exclusive, in order of time.
    footprints : csr_array, shape (n, Y X), optional
    jumps : sequence of int
        Frames before which time jumps, also inside a trial.

    Raises
    ------
    UserError
        If fewer than two cells are left.
    """
    inside, starts = _stretches(len(traces), trials)
    starts = tuple(sorted({*starts, *jumps}))
    good = good & inside
    finite = np.isfinite(traces)
    missing = 1.0 - finite[good].mean(axis=0) if good.any() else np.ones(len(names))
    present = missing <= MOST_MISSING
    if present.any():
        good = good & finite[:, present].all(axis=1)
    still = np.zeros(len(names), bool)
    still[present] = _never_changes(traces[good][:, present])
    kept = np.flatnonzero(present & ~still)
    notes = [
        *_named("is NaN in more than a tenth of the frames", names, ~present),
        *_named("never changes", names, still),
    ]
    if len(kept) < FEWEST_CELLS:
        raise UserError(
            f"Of {len(names)} cells {len(kept)} can be fitted, and it takes two: "
            f"{' '.join(notes) or 'bring more.'}"
        )
    series = np.ascontiguousarray(traces[:, kept], dtype=np.float32)
    series[~good] = 0.0
    near = same_cells(series[good], None if footprints is None else footprints[kept])
    named = tuple(np.asarray(names)[kept].tolist())
    notes += _copies(near, named)
    return Usable(CellActivity(series, good, starts, named, near), kept, tuple(notes))


def same_cells(series: Float32Array, footprints: sparse.csr_array | None) -> BoolArray:
    """Return which traces (T, m) are of one cell, (m, m): copies, or one outline in another."""
    centred = np.diff(series, axis=0)
    centred -= centred.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=0), 1e-12)
    near = np.asarray(np.abs(centred.T @ centred) >= SAME_CELL)
    if footprints is not None:
        weights = sparse.csr_array(abs(footprints))
        inside = (weights @ core_pixels(footprints).T).toarray()
        share = inside / np.maximum(weights.sum(axis=1), 1e-12)[:, None]
        near |= (share >= SHARED_WEIGHT) | (share.T >= SHARED_WEIGHT)
    np.fill_diagonal(near, True)
    return near


def _stretches(n_frames: int, trials: Trials | None) -> tuple[BoolArray, tuple[int, ...]]:
    """Return which frames lie in trials, and where time jumps."""
    if trials is None:
        return np.ones(n_frames, bool), ()
    inside, last = np.zeros(n_frames, bool), 0
    starts = set()
    for start, stop in trials:
        if not last <= start < stop <= n_frames:
            raise UserError(
                f"The trial {start}:{stop} is not inside the {n_frames} frames, or begins before "
                "the one before it ends: give trials as start and stop, in order of time."
            )
        inside[start:stop] = True
        starts |= {start, stop}
        last = stop
    return inside, tuple(sorted(starts - {0, n_frames}))


def _never_changes(series: Float32Array) -> BoolArray:
    if not len(series):
        return np.zeros(series.shape[1], bool)
    reach = np.ptp(series, axis=0)
    return np.asarray(reach <= 1e-6 * np.maximum(np.abs(series).max(axis=0), 1e-30))


def _named(what: str, names: Sequence[str], which: BoolArray) -> list[str]:
    """Return a sentence on some cells; none where there are none."""
    found = [str(name) for name in np.asarray(names)[which]]
    if not found:
        return []
    if len(found) == 1:
        return [f"Cell {found[0]} {what} and is left out."]
    first = ", ".join(found[:5]) + (" and others" if len(found) > 5 else "")
    return [f"{len(found)} cells ({first}): each {what} and is left out."]


def _copies(near: BoolArray, names: tuple[str, ...]) -> list[str]:
    """Return a sentence on cells that are one."""
    first, second = np.nonzero(np.triu(near, 1))
    if not len(first):
        return []
    pairs = [f"{names[a]} and {names[b]}" for a, b in zip(first[:3], second[:3], strict=True)]
    more = f" and {len(first) - 3} more pairs" if len(first) > 3 else ""
    return [f"Taken for one cell, so that neither drives the other: {'; '.join(pairs)}{more}."]
