"""Fit traces of cells: who drives whom, without a movie and without a network."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from pydantic import NonNegativeInt, PositiveFloat

from napari_sparsevar.analysis.activity import penalty_weights
from napari_sparsevar.analysis.covariates.covariates import Covariates, known_frames
from napari_sparsevar.analysis.evidence.edge_evidence import edge_evidence
from napari_sparsevar.analysis.evidence.nulls.trials import trials_of
from napari_sparsevar.analysis.evidence.stability import N_BLOCKS, selection_stability
from napari_sparsevar.analysis.fit.deconvolution import decay_of, events_of, looks_like_calcium
from napari_sparsevar.analysis.fit.fitting import fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.analysis.fit.own_dynamics import Series, own_dynamics_of
from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.arguments import checked, pieces_of
from napari_sparsevar.cells.activity import CellActivity, Trials, usable_activity
from napari_sparsevar.cells.bursts import burst_notes
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.covariates.reading import CovariateSource, covariates_of
from napari_sparsevar.cells.covariates.samples import Frames
from napari_sparsevar.cells.given import cells_of, used_frames
from napari_sparsevar.cells.preparing import Preparation, less_levels, prepared
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.movie.reading.levels import stretches_between
from napari_sparsevar.movie.times import timing_of
from napari_sparsevar.progress import Step, returned, stage

PENALTY = 1.0
"""In units of ``universal_penalty``: few edges that are chance."""

MOST_NOISE = 0.9
"""Share of the variance that is noise, above which traces have no dynamics to speak of."""

_FEWEST_FRAMES = 16

DELAY_S, MOST_LAGS = 0.07, 6
"""How long influence takes at the most, and how many frames are looked back, where nobody says it.
With one lag at 30 Hz, followers that come at different delays seem to drive each other; with four,
cells that answer stimuli which nobody recorded do."""

_MANY, _FEWER_BLOCKS = 2048, 4
"""Predictors from which on stability is looked at with fewer blocks of time, to save memory."""


@checked
def fit_traces(
    traces: Cells | pd.DataFrame | npt.ArrayLike,
    fps: PositiveFloat | None = None,
    lags: int | None = None,
    names: Sequence[str] | None = None,
    positions: npt.ArrayLike | None = None,
    good: npt.ArrayLike | None = None,
    trials: Trials | None = None,
    covariates: CovariateSource | None = None,
    seed: NonNegativeInt = 0,
    *,
    preparation: Preparation | None = None,
) -> CellFit:
    """Fit a sparse VAR to traces of cells, and test it.

    Parameters
    ----------
    traces : array, shape (T, n), DataFrame or Cells
        Fluorescence, ΔF/F or events; a column a cell.
    fps : float, optional
        Frames per second.
    lags : int, optional
        How many past frames predict the next one; by default ``usual_lags``.
    names : sequence of str, optional
        Of the n cells; by default the columns of the table, or numbers from 0. A column of times is
        no cell.
    positions : array, shape (n, 2), optional
        y and x of each cell, in pixels.
    good : array of bool, shape (T,), optional
        Frames to be used; others are left out, and nothing is foretold across them. By default
        all but those that the program of the cells marked as bad.
    trials : sequence of (start, stop), optional
        Frames of each trial, stop exclusive. Trials are never joined.
    covariates : path, DataFrame, dict of arrays, array (T,) or (T, c), or a list of these, optional
        What was recorded beside the cells (speed, stimuli, pupil): what it and its last two seconds
        tell of each cell is taken out before anybody drives anybody. See ``covariates_of``.
    seed : int
        Same seed, same p-values.
    preparation : Preparation, optional
        What is done to the traces before.

    Returns
    -------
    CellFit

    Raises
    ------
    UserError
        If the traces cannot be fitted; the sentence says what to change.
    """
    cells = cells_of(traces, fps, names, positions)
    return returned(fitting_cells(cells, lags, good, trials, seed, preparation, covariates))


def usual_lags(fps: float | None, n_cells: int) -> int:
    """Return how many frames influence may take, ``DELAY_S``; fewer of very many cells.

    1 where the frame rate is not known.
    """
    within = 1 if fps is None else round(DELAY_S * fps)
    return max(min(within, MOST_LAGS, _MANY // max(n_cells, 1)), 1)


def fitting_cells(
    cells: Cells,
    lags: int | None = None,
    good: npt.ArrayLike | None = None,
    trials: Trials | None = None,
    seed: int = 0,
    preparation: Preparation | None = None,
    covariates: CovariateSource | None = None,
) -> Generator[Step, None, CellFit]:
    """Do as ``fit_traces`` does; yield how far it is."""
    lags = usual_lags(cells.fps, len(cells)) if lags is None else lags
    if lags < 1:
        raise UserError(f"The number of lags is {lags}: choose 1 or more.")
    yield 0.0, "Preparing the traces"
    trials = None if trials is None else pieces_of(trials, "trials")
    ready = _ready(cells, good, trials, preparation or Preparation(), covariates)
    n_frames = int(ready.activity.good.sum())
    if n_frames < max(_FEWEST_FRAMES, 2 * lags + 2):
        raise UserError(
            f"{n_frames:,} frames are too few for {lags} lag(s): bring a longer recording, or "
            "fewer lags."
        )
    activity, notes = ready.activity, [*ready.notes, *burst_notes(ready.activity, seed)]
    yield 0.05, "Fitting the sparse VAR"
    rows = StreamedRows.of(activity, lags, ready.dynamics)
    if rows.n_rows < 2 * lags + 2:
        raise UserError(
            f"{rows.n_rows} frames have {lags} good frames before them: that is too few to fit."
        )
    n_predictors = lags * len(activity.names)
    blocks = block_moments(rows, N_BLOCKS if n_predictors <= _MANY else _FEWER_BLOCKS)
    weights = torch.from_numpy(penalty_weights(activity.near, lags))
    fitted = fit_whole(rows.own, pool(blocks), weights, lags, PENALTY)
    repeating = selection_stability(fitted, blocks, seed=seed)
    stability = yield from stage(repeating, 0.2, 0.4, "Checking halves of the recording")
    del blocks  # before the test, which needs the memory
    trim_heap()
    whole, chance = trials_of(rows.frames, rows.starts)
    testing = edge_evidence(rows, fitted, seed, rows.covariates, whole)
    found = yield from stage(testing, 0.4, 1.0, "Testing edges against chance")
    spoken_of = not found.note and (whole is not None or trials is not None)
    said = found.note, chance if spoken_of else "", found.null
    notes += [*filter(None, said), *leaderless_notes(int(found.leaderless.sum()))]
    return CellFit(
        cells,
        activity,
        ready.fitted,
        fitted,
        found,
        stability,
        trials,
        cells.fps,
        ready.said,
        tuple(notes),
        seed,
        shares=None if rows.partial is None else rows.partial.shares.numpy(),
    )


class _Ready(NamedTuple):
    """What is fitted of cells.

    Attributes
    ----------
    activity : CellActivity
    fitted : ndarray of int
        Numbers of the cells that are not left out.
    dynamics : Dynamics
        What is left in the activity of the own past of a cell.
    said : str
        What the activity is, in words.
    notes : list of str
    """

    activity: CellActivity
    fitted: npt.NDArray[np.intp]
    dynamics: Dynamics
    said: str
    notes: list[str]


def _ready(
    cells: Cells,
    good: npt.ArrayLike | None,
    trials: Trials | None,
    preparation: Preparation,
    covariates: CovariateSource | None,
) -> _Ready:
    jumps = _jumps(cells)
    stretches = stretches_between(cells.n_frames or 0, trials, jumps)
    used = used_frames(good, cells) if cells.n_frames else None
    ready = prepared(cells, preparation, used, stretches)
    usable = usable_activity(
        ready.traces, cells.names, used_frames(good, cells), trials, cells.footprints, jumps
    )
    notes = [*cells.notes, *usable.notes]
    activity, said, dynamics = _events(
        usable.activity, ready.kind, ready.said, preparation, stretches
    )
    if covariates is not None:
        brought = covariates_of(covariates, Frames(len(activity.good), cells.fps, cells.times))
        activity, gaps = _beside(activity, brought)
        said, notes = f"{said}, less what {', '.join(brought.labels)} tells", [*notes, *gaps]
    return _Ready(activity, usable.fitted, dynamics, said, notes)


def leaderless_notes(cells: int) -> list[str]:
    """Say that cells go together and which of them leads is not sure."""
    if not cells:
        return []
    are = "1 cell has" if cells == 1 else f"{cells:,} cells have"
    return [
        f"{are} to do with others beyond chance but {'is' if cells == 1 else 'are'} not sure to "
        "lead: light that is shared, noise, or cells that drive each other alike look the same."
    ]


def _jumps(cells: Cells) -> list[int]:
    """Return before which frames time jumps."""
    known = set() if cells.jumps is None else {*cells.jumps.tolist()}
    if cells.times is not None:
        known |= {*timing_of(cells.times, str(cells.source or "this")).jumps}
    return sorted(known)


def _events(
    activity: CellActivity, kind: str, said: str, preparation: Preparation, trials: Trials | None
) -> tuple[CellActivity, str, Dynamics]:
    """Return what is fitted, what it is in words, and the dynamics that are left in it.

    What differs between trials throughout, such as light that was turned up, is no activity.
    """
    activity = replace(activity, series=less_levels(activity.series, activity.good, trials))
    if kind == "deconvolved" or preparation.events == "no":
        return activity, said, "none" if kind == "deconvolved" else _dynamics(activity)
    traces, good, starts = activity.series, activity.good, activity.starts
    if preparation.events == "auto" and not looks_like_calcium(traces, good):
        return activity, f"{said}, as they are: they do not rise in transients", _dynamics(activity)
    decay = decay_of(Series.of(activity))
    events = events_of(less_levels(traces, good, trials, "baseline"), good, starts, decay)
    return replace(activity, series=events), f"events behind {said}", "none"


def _beside(activity: CellActivity, covariates: Covariates) -> tuple[CellActivity, tuple[str, ...]]:
    """Return activity with covariates, in the frames in which they are known, and notes."""
    good, notes = known_frames(covariates, activity.good, activity.starts)
    series = np.where(good[:, None], activity.series, np.float32(0.0))
    return replace(activity, series=series, good=good, covariates=covariates), notes


def _dynamics(activity: CellActivity) -> Dynamics:
    """Return the dynamics to take out of traces that are no transients: none if they are white.

    A filter that takes all for noise would spread what happens over many frames, and the followers
    of one driver would seem to drive each other.
    """
    found = own_dynamics_of(activity, "calcium").dynamics
    return "none" if found.noise > MOST_NOISE else "calcium"
