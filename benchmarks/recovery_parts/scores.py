"""How well a map and a list of edges agree with the truth of a simulated movie."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from napari_sparsevar import Truth
from recovery_parts.answer import Answer, Edges, FloatArray

MATCH_RADII = 1.5
"""An end of an edge belongs to a neuron within so many cell radii of its centre."""


class Scores(NamedTuple):
    """The figures of one method on one movie; see `score`."""

    auroc: float
    average_precision: float
    edge_precision: float
    edge_recall: float
    localised: bool
    n_pairs: int
    listed_right: float
    listed_wrong: float


class EdgeScores(NamedTuple):
    """Precision and recall of the strongest pairs of neurons, and how many pairs there were."""

    precision: float
    recall: float
    n_pairs: int


def score(answer: Answer, truth: Truth, cell_radius_px: float) -> Scores:
    """Compare an answer with the truth.

    Parameters
    ----------
    answer : Answer
    truth : Truth
    cell_radius_px : float

    Returns
    -------
    Scores
        ``auroc`` and ``average_precision`` of telling drivers from other neurons by
        `neuron_scores`; ``localised``: whether the map's peak lies inside a driver; `edge_scores`;
        and drivers listed, `listed_scores`.
    """
    drives, found = truth.is_driver, neuron_scores(answer.map, truth.footprints)
    edges = edge_scores(answer.edges, truth, cell_radius_px)
    return Scores(
        float(roc_auc_score(drives, found)),
        float(average_precision_score(drives, found)),
        edges.precision,
        edges.recall,
        is_localised(answer.map, truth.driver_mask),
        edges.n_pairs,
        *listed_scores(answer.listed, truth, cell_radius_px),
    )


def neuron_scores(image: FloatArray, footprints: NDArray[np.float32]) -> FloatArray:
    """Return the mean of a map over each footprint, weighted by it.

    Parameters
    ----------
    image : ndarray, shape (Y, X)
    footprints : ndarray, shape (neurons, Y, X)

    Returns
    -------
    ndarray, shape (neurons,)
    """
    weights = footprints.astype(np.float64)
    sums = np.einsum("nyx,yx->n", weights, image)
    means: FloatArray = sums / weights.sum(axis=(1, 2))
    # Means of an even map differ in the last digit, and that would rank the neurons.
    return np.round(means, 12)


def is_localised(image: FloatArray, driver_mask: NDArray[np.bool_]) -> bool:
    """Tell whether the highest pixel lies inside a driver; an even map has no highest pixel."""
    if np.ptp(image) == 0:
        return False
    return bool(driver_mask.flat[int(np.argmax(image))])


def listed_scores(
    listed: FloatArray | None, truth: Truth, cell_radius_px: float
) -> tuple[float, float]:
    """Return how many drivers a list has right, and how many of its places are none.

    A place is that of the cell with the nearest centre, within `MATCH_RADII` cell radii. NaN where
    nothing is listed because nothing was tested.
    """
    if listed is None:
        return float("nan"), float("nan")
    away = np.linalg.norm(truth.centres[:, None] - listed[None], axis=-1)
    nearest = away.argmin(axis=0)
    right = truth.is_driver[nearest] & (away.min(axis=0) <= MATCH_RADII * cell_radius_px)
    return float(len(np.unique(nearest[right]))), float((~right).sum())


def edge_scores(edges: Edges, truth: Truth, cell_radius_px: float) -> EdgeScores:
    """Return precision and recall of the K strongest pairs, K being the number of true edges.

    An end of an edge belongs to the neuron with the nearest centre, if that is within `MATCH_RADII`
    cell radii. Edges inside one neuron do not count. Several edges between the same two neurons
    are one pair, with the strength of the strongest; an edge with an end at no neuron is a
    pair of its own and false. A method that lists fewer than K pairs is judged by those.
    Without any pair both figures are 0.

    Parameters
    ----------
    edges : Edges
    truth : Truth
    cell_radius_px : float
    """
    reach = MATCH_RADII * cell_radius_px
    source = nearest_neuron(edges.sources, truth.centres, reach)
    target = nearest_neuron(edges.targets, truth.centres, reach)
    true_pairs = {(int(s), int(t)) for s, t in np.argwhere(truth.coupling)}
    found: list[bool] = []
    seen: set[tuple[int, int]] = set()
    for edge in np.argsort(-edges.strengths, kind="stable"):
        pair = (int(source[edge]), int(target[edge]))
        placed = min(pair) >= 0
        if placed and (pair[0] == pair[1] or pair in seen):
            continue
        seen.add(pair)
        found.append(placed and pair in true_pairs)
    strongest = found[: len(true_pairs)]
    if not strongest or not true_pairs:
        return EdgeScores(0.0, 0.0, len(found))
    hits = sum(strongest)
    return EdgeScores(hits / len(strongest), hits / len(true_pairs), len(found))


def nearest_neuron(
    places: FloatArray, centres: NDArray[np.float32], reach: float
) -> NDArray[np.int64]:
    """Return the neuron nearest to each place, -1 where none is within reach.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
    centres : ndarray, shape (neurons, 2)
    reach : float
        Largest distance in pixels.
    """
    distance = np.linalg.norm(places[:, None] - centres[None].astype(np.float64), axis=2)
    nearest = distance.argmin(axis=1).astype(np.int64)
    return np.where(distance.min(axis=1) <= reach, nearest, -1)
