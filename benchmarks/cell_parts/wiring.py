"""Directed networks whose clustering is as wanted, and layers that feed forward."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]

_CHECK_EVERY, _MOST_SWAPS = 200, 400_000


def clustering(wired: BoolArray) -> float:
    """Return the clustering of a directed network (n, n), mean over neurons.

    Share of the triangles around a neuron that are closed, whichever way their links point (Fagiolo
    2007, Phys. Rev. E 76:026107).
    """
    links = wired.astype(np.float64)
    both = links + links.T
    closed = np.einsum("ij,jk,ki->i", both, both, both, optimize=True) / 2.0
    degree = both.sum(axis=1)
    possible = degree * (degree - 1.0) - 2.0 * np.einsum("ij,ji->i", links, links)
    return float(np.mean(closed / np.maximum(possible, 1.0)))


def clustered(n: int, probability: float, wanted: float, rng: np.random.Generator) -> BoolArray:
    """Return a random network (n, n), rows drive columns, rewired until its clustering is enough.

    Two links exchange their targets where that closes triangles: every neuron keeps the number of
    its inputs and of its targets.
    """
    wired = rng.random((n, n)) < probability
    np.fill_diagonal(wired, False)
    for swap in range(_MOST_SWAPS):
        if swap % _CHECK_EVERY == 0 and clustering(wired) >= wanted:
            return wired
        _exchange(wired, rng)
    raise ValueError(f"A clustering of {wanted} was not reached: {clustering(wired):.2f}.")


def _exchange(wired: BoolArray, rng: np.random.Generator) -> None:
    """Let two random links exchange their targets if their ends then share more neighbours."""
    a, c = rng.integers(len(wired), size=2)
    if not (wired[a].any() and wired[c].any()):
        return
    b, d = rng.choice(np.flatnonzero(wired[a])), rng.choice(np.flatnonzero(wired[c]))
    if len({a, b, c, d}) < 4 or wired[a, d] or wired[c, b]:
        return
    both = wired[[a, b, c, d]].astype(np.int64) + wired[:, [a, b, c, d]].T
    shared = both @ both.T
    if shared[0, 3] + shared[2, 1] > shared[0, 1] + shared[2, 3]:
        wired[a, [b, d]] = False, True
        wired[c, [d, b]] = False, True


def layered(n: int, layers: int, inputs: int, rng: np.random.Generator) -> BoolArray:
    """Return layers (n, n) in each of which a neuron has so many inputs from the layer before."""
    wired = np.zeros((n, n), bool)
    parts = np.array_split(rng.permutation(n), layers)
    for before, after in pairwise(parts):
        for target in after:
            wired[rng.choice(before, inputs, replace=False), target] = True
    return wired
