"""What every method hands over, and how units become a map and edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Direction = Literal["outgoing", "incoming"]
Influence = Callable[[NDArray[np.bool_], Direction], NDArray[np.floating]]
"""From a painted region (Y, X) to a signed map (Y, X) of what it drives or what drives it."""


class Edges(NamedTuple):
    """Influences from place to place, in any order.

    Attributes
    ----------
    sources, targets : ndarray, shape (n, 2)
        Row and column in pixels.
    strengths : ndarray, shape (n,)
        The larger, the surer.
    """

    sources: FloatArray
    targets: FloatArray
    strengths: FloatArray


class Answer(NamedTuple):
    """What a method says about a movie.

    Attributes
    ----------
    map : ndarray, shape (Y, X)
        How much each pixel drives others.
    edges : Edges
    note : str
        What a reader of the table should know, empty where all went as usual.
    influence : callable or None
        The map of a painted region, None where a method has no such map.
    listed : ndarray, shape (n, 2), optional
        Row and column of the drivers it lists as beyond chance, None where it tests none.
    """

    map: FloatArray
    edges: Edges
    note: str = ""
    influence: Influence | None = None
    listed: FloatArray | None = None


def edges_between(strengths: FloatArray, places: FloatArray) -> Edges:
    """List the positive entries of a matrix of strengths.

    Parameters
    ----------
    strengths : ndarray, shape (units, units)
        From source (row) to target (column); what is not positive is no edge.
    places : ndarray, shape (units, 2)
        Row and column of each unit in pixels.
    """
    source, target = np.nonzero(strengths > 0)
    return Edges(places[source], places[target], strengths[source, target])


def paint(strengths: FloatArray, images: FloatArray) -> FloatArray:
    """Draw every unit's strength over its own pixels.

    Parameters
    ----------
    strengths : ndarray, shape (units,)
    images : ndarray, shape (units, Y, X)
        How much each pixel belongs to each unit; scaled here to a largest value of 1.

    Returns
    -------
    ndarray, shape (Y, X)
        Sums where units overlap.
    """
    largest = images.max(axis=(1, 2), initial=0.0)
    scaled = strengths / np.where(largest > 0, largest, 1.0)
    painted: FloatArray = np.tensordot(scaled, images, axes=1)
    return painted


def nothing_found(shape: tuple[int, int], note: str) -> Answer:
    """Return the answer of a method that found nothing: an even map, no edges."""
    none = np.zeros((0, 2))
    return Answer(np.zeros(shape), Edges(none, none, np.zeros(0)), note)
