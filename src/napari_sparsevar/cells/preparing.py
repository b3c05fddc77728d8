"""Which of the traces of some cells are fitted, and what is done to them before."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from scipy import sparse

from napari_sparsevar.cells.activity import Trials
from napari_sparsevar.cells.cells import TRACE_KINDS, BoolArray, Cells, Float32Array, TraceKind
from napari_sparsevar.cells.neuropil import (
    USUAL_SHARE,
    NeuropilShare,
    check_share,
    estimated_shares,
)
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.reading.levels import lines_through
from napari_sparsevar.movie.traces import BASELINE_PERCENTILE

TRACE_WORDS: dict[TraceKind, str] = {
    "raw": "raw fluorescence",
    "neuropil": "fluorescence of the neuropil",
    "dff": "ΔF/F",
    "denoised": "denoised fluorescence",
    "residual": "residuals",
    "deconvolved": "deconvolved events",
}

_ROUNDS = 10
"""In which what rises above a line is cut off."""

PREFERRED: tuple[TraceKind, ...] = ("raw", "dff", "denoised", "deconvolved")
"""Kinds of traces that can be fitted, the one that is taken first first."""


@dataclass(frozen=True)
class Preparation:
    """What is fitted of the traces that came.

    Parameters
    ----------
    kind : str, optional
        A ``TraceKind``; by default the first there is of raw, dff, denoised and deconvolved.
    neuropil : float or "estimated", optional
        How much of the neuropil's trace is taken from a raw one that has it; 0 takes none, and
        ``estimated`` what ``estimated_shares`` finds for each cell. By default it is what the
        program that made the traces takes (``Cells.neuropil_share``), estimated where they were
        read here.
    detrend : float, optional
        Seconds of the window whose 20th percentile is taken off as slow drift; by default none is.
    events : {"auto", "yes", "no"}
        Whether the events behind calcium transients are fitted in place of the traces. ``auto``:
        where traces are calcium, rising in transients, and not deconvolved yet.
    """

    kind: TraceKind | None = None
    neuropil: NeuropilShare | None = None
    detrend: float | None = None
    events: Literal["auto", "yes", "no"] = "auto"

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in TRACE_KINDS:
            raise UserError(f"Traces are {', '.join(TRACE_KINDS)}, not {self.kind!r}.")
        check_share(self.neuropil)
        if self.detrend is not None and not self.detrend > 0.0:
            raise UserError(f"The window of the drift is {self.detrend} s: choose more than 0.")


class Prepared(NamedTuple):
    """Traces that are ready to be fitted.

    Attributes
    ----------
    traces : ndarray of float32, shape (T, n)
    kind : str
        What they are: a ``TraceKind``.
    said : str
        What was done, in words.
    """

    traces: Float32Array
    kind: TraceKind
    said: str


def prepared(
    cells: Cells,
    wanted: Preparation,
    good: BoolArray | None = None,
    trials: Trials | None = None,
) -> Prepared:
    """Choose traces, take neuropil and drift off.

    Parameters
    ----------
    cells : Cells
    wanted : Preparation
    good : ndarray of bool, shape (T,), optional
        Frames from which the share of the neuropil is estimated; by default all.
    trials : sequence of (start, stop), optional
        Drift is taken off within each of them, and light that differs between them says nothing of
        the neuropil.

    Raises
    ------
    UserError
        If the cells have no such traces.
    """
    kind = wanted.kind or next((kind for kind in PREFERRED if kind in cells.traces), None)
    where = str(cells.source or "These cells")
    if kind is None:
        raise UserError(f"{where}: there are outlines but no traces; give the movie's run as well.")
    if kind not in cells.traces:
        raise UserError(
            f"{where}: there are no {TRACE_WORDS[kind]}; there are "
            f"{', '.join(TRACE_WORDS[found] for found in cells.traces)}."
        )
    traces, said = np.asarray(cells.traces[kind], np.float32), [TRACE_WORDS[kind]]
    if kind == "raw" and "neuropil" in cells.traces:
        share = cells.neuropil_share if wanted.neuropil is None else wanted.neuropil
        traces, taken = _less_neuropil(traces, cells.traces["neuropil"], share, good, trials)
        said += taken
    if wanted.detrend is not None:
        length = max(round(wanted.detrend * (cells.fps or 1.0)), 2)
        traces = traces.copy()
        for start, stop in [(0, len(traces))] if trials is None else trials:
            traces[start:stop] -= drift(traces[start:stop], length)
        unit = "s" if cells.fps else "frames"
        said.append(f"less its drift over {wanted.detrend:g} {unit}")
    return Prepared(traces, kind, " ".join(said))


def _less_neuropil(
    raw: Float32Array,
    neuropil: Float32Array,
    share: NeuropilShare,
    good: BoolArray | None,
    trials: Trials | None = None,
) -> tuple[Float32Array, list[str]]:
    """Return traces without the light of their surrounds, and what was done, in words."""
    if share == 0.0:
        return raw, []
    if share != "estimated":
        return raw - np.float32(share) * neuropil, [f"less {share:g} of the neuropil"]
    seen = np.ones(len(raw), bool) if good is None else good
    level_raw, level_around = (less_levels(each, seen, trials) for each in (raw, neuropil))
    shares = estimated_shares(level_raw, level_around, good)
    if (shares == USUAL_SHARE).all():  # surrounds tell nothing
        return _less_neuropil(raw, neuropil, USUAL_SHARE, good)
    low, middle, high = np.quantile(shares, [0.1, 0.5, 0.9])
    words = f"less {middle:.2g} of the neuropil ({low:.2g} to {high:.2g}, estimated for each cell)"
    return raw - shares.astype(np.float32) * neuropil, [words]


def less_levels(
    traces: Float32Array,
    good: BoolArray,
    trials: Trials | None,
    level: Literal["mean", "baseline"] = "mean",
) -> Float32Array:
    """Return traces (T, n) less the level and the slow drift that each has in each trial.

    The level is the mean, or the 20th percentile; drift is what ``lines_through`` make of a trial
    that is long enough. Traces are as they are where there are no trials, and 0 in frames of none;
    a trial without a good frame stays as it is.
    """
    if trials is None:
        return traces
    found = np.zeros_like(traces)
    for start, stop in trials:
        part, used = traces[start:stop], good[start:stop]
        found[start:stop] = part
        if used.any():
            found[start:stop] -= lines_below(part, used, level == "mean")
        if used.any() and level == "baseline":
            rest = found[start:stop]
            rest -= np.nanpercentile(rest[used], BASELINE_PERCENTILE, axis=0)
    return found


def lines_below(traces: Float32Array, good: BoolArray, through: bool) -> Float32Array:
    """Return the lines through traces (T, n) of one trial: straight ones, joined at knots.

    Parameters
    ----------
    traces : ndarray of float32, shape (T, n)
    good : ndarray of bool, shape (T,)
        Frames that count.
    through : bool
        Through the middle: least squares. Else what rises above, such as transients, is cut off at
        the noise and does not lift them.
    """
    lines = lines_through(len(traces))
    used = sparse.csr_array(lines.multiply(good[:, None]))
    inverse = np.linalg.pinv((used.T @ lines).toarray(), rcond=1e-6)
    seen = np.where(good[:, None], np.nan_to_num(traces), 0.0)
    fitted = lines @ (inverse @ (used.T @ seen))
    for _ in range(0 if through else _ROUNDS):
        above = seen - fitted
        noise = 1.4826 * np.median(np.abs(above[good]), axis=0)
        fitted = lines @ (inverse @ (used.T @ (fitted + np.minimum(above, noise))))
    return np.asarray(fitted, np.float32)


def drift(traces: Float32Array, length: int) -> Float32Array:
    """Return the slow drift of traces (T, n): the 20th percentile of windows, joined by lines."""
    n_frames = len(traces)
    edges = np.linspace(0, n_frames, max(1, round(n_frames / length)) + 1).astype(int)
    middles = (edges[:-1] + edges[1:] - 1) / 2.0
    levels = np.stack(
        [
            np.nanpercentile(traces[start:stop], BASELINE_PERCENTILE, axis=0)
            for start, stop in pairwise(edges)
        ]
    )
    frames = np.arange(n_frames)
    return np.stack(
        [np.interp(frames, middles, level) for level in levels.T], axis=1, dtype=np.float32
    )
