"""Painting a region: whether a driver lights its followers, and a follower its drivers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from napari_sparsevar import Truth
from recovery_parts.answer import Direction, FloatArray, Influence
from recovery_parts.scores import neuron_scores

HALF = 0.5
"""A cell is painted where its footprint has at least this share of its peak."""


class RegionScores(NamedTuple):
    """Mean AUROC over painted drivers and painted followers; see `region_scores`."""

    outgoing_auroc: float
    incoming_auroc: float


NOT_PAINTED = RegionScores(math.nan, math.nan)
"""Of a method that has no maps of a region."""


def region_scores(influence: Influence | None, truth: Truth) -> RegionScores:
    """Paint every driver and every follower and look where the map of it is high.

    Parameters
    ----------
    influence : callable or None
        The map of a painted region, None for a method that has no such map.
    truth : Truth

    Returns
    -------
    RegionScores
        ``outgoing_auroc``: telling a painted driver's followers from all other cells, mean over
        drivers. ``incoming_auroc``: telling a painted follower's drivers from all other cells,
        mean over followers. Cells that silence are not painted. NaN where there is nothing to
        paint or no map.
    """
    if influence is None:
        return NOT_PAINTED
    drivers = np.flatnonzero((truth.coupling > 0).any(axis=1))
    followers = np.flatnonzero((truth.coupling > 0).any(axis=0))
    return RegionScores(
        _mean(painted_auroc(influence, truth, cell, "outgoing") for cell in drivers),
        _mean(painted_auroc(influence, truth, cell, "incoming") for cell in followers),
    )


def painted_auroc(influence: Influence, truth: Truth, cell: int, direction: Direction) -> float:
    """Paint a cell and return how well the map tells its partners from all other cells.

    Parameters
    ----------
    influence : callable
    truth : Truth
    cell : int
        Left out itself: its own map says nothing about others.
    direction : {"outgoing", "incoming"}
        Whether partners are the cells it drives or the cells that drive it.
    """
    image = influence(truth.footprints[cell] >= HALF, direction)
    found = neuron_scores(image.astype(np.float64), truth.footprints)
    others = np.arange(len(found)) != cell
    return float(roc_auc_score(partners(truth, cell, direction)[others], found[others]))


def partners(truth: Truth, cell: int, direction: Direction) -> NDArray[np.bool_]:
    """Return which cells a cell excites or is excited by, shape (n_cells,)."""
    coupling = truth.coupling[cell] if direction == "outgoing" else truth.coupling[:, cell]
    return np.asarray(coupling > 0)


def _mean(values: Iterable[float]) -> float:
    numbers: FloatArray = np.array(list(values))
    return float(numbers.mean()) if numbers.size else math.nan
