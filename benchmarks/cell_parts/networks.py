"""Every method on every simulated network, one row each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

import napari_sparsevar as sv
from cell_parts.cases import CASES, Recording, record
from cell_parts.rivals import (
    BoolArray,
    FloatArray,
    correlation,
    granger,
    lasso_by_criterion,
    partial_correlation,
    pcmci,
)
from cell_parts.transfer_entropy import transfer_entropy
from napari_sparsevar.analysis.fit.deconvolution import decay_of, events_of
from napari_sparsevar.analysis.fit.own_dynamics import Series

QUIET_SHARE = 0.7
"""Frames that are dim on average over cells: those outside of bursts. Of 0.5, 0.7, 0.85 and 1 the
best for transfer entropy on seeds 101 and 102."""

CHANGE = (0.12,)
"""Between two classes of changes, a little less than a spike. On the same seeds it was better than
0.07 and than three classes."""

LEVEL = 0.05

PYTHON = Path.home() / ".cache" / "napari-sparsevar-rivals" / "tigramite" / "bin" / "python"
NOT_INSTALLED = (
    "PCMCI is left out: there is no {python}. Make an environment there with `python -m venv` and "
    "install tigramite and joblib into it, or name its Python with --tigramite."
)


class Seen(NamedTuple):
    """What a method is given.

    Attributes
    ----------
    traces : ndarray, shape (T, n)
    events : ndarray, shape (T, n)
        Behind the traces, by our deconvolution.
    every, quiet : ndarray of bool, shape (T,)
        All frames, and those outside of bursts.
    fps : float
    """

    traces: FloatArray
    events: FloatArray
    every: BoolArray
    quiet: BoolArray
    fps: float


class Found(NamedTuple):
    """What a method says of pairs of cells, (n, n) each.

    Attributes
    ----------
    score : ndarray
        Rows drive columns, the more the surer.
    listed : ndarray of bool, optional
        Edges that it calls beyond chance, family-wise p at most 0.05.
    """

    score: FloatArray
    listed: BoolArray | None = None


Method = Callable[[Seen], Found]
Rival = Callable[[FloatArray, BoolArray], FloatArray]

QUIET = ", events, quiet frames"


def methods(python: Path) -> dict[str, Method]:
    """Return all methods by name; PCMCI where its environment is there."""
    rivals: dict[str, Rival] = {
        "correlation": correlation,
        "partial correlation": partial_correlation,
        "Granger causality": granger,
        "LassoLarsIC": lasso_by_criterion,
    }
    if python.is_file():
        rivals["PCMCI"] = partial(pcmci, python=python)
    found: dict[str, Method] = {"generalised transfer entropy": _entropy}
    for name, rival in rivals.items():
        found[name] = partial(_plain, rival)
        found[name + QUIET] = partial(_helped, rival)
    ours = {"ours": False, "ours, quiet frames": True}
    return {**found, **{name: partial(_ours, only_quiet=only) for name, only in ours.items()}}


def rows(
    case: str, seed: int, n_frames: int, chosen: dict[str, Method]
) -> Iterator[dict[str, object]]:
    """Yield the scores of each method on one recording.

    Directed pairs are ranked: a link the other way round is a wrong one.
    """
    if not chosen:
        return
    recording = record(CASES[case], n_frames, seed)
    seen = _seen(recording, CASES[case].fps)
    said = {"case": case, "seed": seed, "frames": n_frames}
    activity = {"rate Hz": recording.rate_hz, "bursts Hz": recording.bursts_hz}
    for name, method in chosen.items():
        start = time.perf_counter()
        found = method(seen)
        seconds = time.perf_counter() - start
        yield {**said, "method": name, **_scores(recording.wired, found), "s": seconds, **activity}


def warm_up() -> None:
    """Load what is compiled before the clock starts."""
    noise = np.random.default_rng(0).standard_normal((400, 3))
    sv.fit_traces(noise**2, 20.0)
    transfer_entropy(noise.astype(np.float32), np.ones(400, bool), CHANGE)


def medians(table: pd.DataFrame) -> pd.DataFrame:
    """Return medians over seeds, in the order of the table."""
    columns = ["AUROC", "AP", "listed", "right", "s", "rate Hz", "bursts Hz"]
    return table.groupby(["case", "method"], sort=False)[columns].median().reset_index()


def _scores(wired: BoolArray, found: Found) -> dict[str, float]:
    apart = ~np.eye(len(wired), dtype=bool)
    truth, said = wired[apart], found.score[apart]
    listed = found.listed
    return {
        "AUROC": float(roc_auc_score(truth, said)),
        "AP": float(average_precision_score(truth, said)),
        "listed": np.nan if listed is None else int(listed.sum()),
        "right": np.nan if listed is None else int((listed & wired).sum()),
    }


def _seen(recording: Recording, fps: float) -> Seen:
    every = np.ones(len(recording.traces), bool)
    decay = decay_of(Series(recording.traces, torch.from_numpy(every)))
    events = events_of(recording.traces, every, (), decay).astype(np.float64)
    brightness = recording.traces.mean(axis=1)
    quiet = brightness <= np.quantile(brightness, QUIET_SHARE)
    return Seen(recording.traces.astype(np.float64), events, every, quiet, fps)


def _plain(rival: Rival, seen: Seen) -> Found:
    return Found(rival(seen.traces, seen.every))


def _helped(rival: Rival, seen: Seen) -> Found:
    return Found(rival(seen.events, seen.quiet))


def _entropy(seen: Seen) -> Found:
    return Found(transfer_entropy(seen.traces.astype(np.float32), seen.quiet, CHANGE))


def _ours(seen: Seen, only_quiet: bool) -> Found:
    fit = sv.fit_traces(seen.traces, seen.fps, 1, good=seen.quiet if only_quiet else None)
    return Found(fit.matrix(), fit.matrix("p_adjusted") <= LEVEL)
