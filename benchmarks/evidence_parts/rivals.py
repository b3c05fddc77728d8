"""Edges between traces by what people use instead, with what each calls sure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import f, false_discovery_control

import napari_sparsevar as sv
from cell_parts.rivals import granger, lasso_by_criterion
from evidence_parts.covariates import FPS, LEVEL

Array = npt.NDArray[np.float64]

OURS = "ours"


class Answer(NamedTuple):
    """What one method says of all pairs, rows drive columns.

    Attributes
    ----------
    method : str
    score : ndarray, shape (n, n)
        The larger, the surer.
    sure : dict of ndarray of bool, shape (n, n)
        Edges, by the rule that decides.
    seconds : float
    """

    method: str
    score: Array
    sure: dict[str, npt.NDArray[np.bool_]]
    seconds: float


def answers(
    traces: Array, seed: int, lags: int | None = None
) -> Iterator[tuple[Answer, sv.CellFit]]:
    """Yield what each method says, and our fit; rivals see traces and the events of our fit."""
    began = time.perf_counter()
    fit = sv.fit_traces(traces, FPS, lags, seed=seed)
    p_values = fit.matrix("p_adjusted")
    with np.errstate(invalid="ignore"):
        sure = {OURS: p_values <= LEVEL}
    score = -np.log10(np.nan_to_num(p_values, nan=1.0))
    yield Answer(OURS, score, sure, time.perf_counter() - began), fit
    events = np.nan_to_num(fit.series.astype(float))
    for name, signals in (("traces", traces), ("events", events)):
        yield _by_granger(f"Granger, {name}", signals), fit
        yield _by_lasso(f"LassoLarsIC, {name}", signals), fit


def _by_granger(name: str, signals: Array) -> Answer:
    """Test multivariate Granger causality, one lag, by F over all pairs."""
    began = time.perf_counter()
    n_frames, n = signals.shape
    ratio = np.abs(granger(signals, np.ones(n_frames, bool)))
    pairs = ~np.eye(n, dtype=bool)
    p_values = f.sf(ratio[pairs], 1, n_frames - 1 - n)
    found = {}
    for rule, adjusted in (
        ("Bonferroni", p_values * pairs.sum()),
        ("BH", false_discovery_control(p_values)),
    ):
        found[f"{name}, {rule}"] = np.zeros((n, n), bool)
        found[f"{name}, {rule}"][pairs] = adjusted <= LEVEL
    return Answer(name, np.where(pairs, ratio, 0.0), found, time.perf_counter() - began)


def _by_lasso(name: str, signals: Array) -> Answer:
    """Choose the lasso by the BIC, one lag: whatever is not zero is an edge."""
    began = time.perf_counter()
    found = np.abs(lasso_by_criterion(signals, np.ones(len(signals), bool)))
    np.fill_diagonal(found, 0.0)
    return Answer(name, found, {name: found > 0.0}, time.perf_counter() - began)
