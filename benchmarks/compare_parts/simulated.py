"""Pairs of sequences with the same or with other dynamics, as VARs and as calcium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Array = npt.NDArray[np.float64]
BURN_IN = 200
LARGEST_ROOT = 0.98


class Pair(NamedTuple):
    """Two sequences (T, p) and which edges (source, target) differ between them."""

    a: Array
    b: Array
    changed: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """One kind of pair.

    Parameters
    ----------
    name : str
    edges : float
        Edges between different latents, for each latent.
    strength : float
        Of an edge, in standard deviations of the target's noise for one of the source's
        (of events, the share that is passed on).
    memory : (float, float)
        Range of the coefficients of a latent's own past.
    noise_a, noise_b : callable
        Draw innovations (T, p) of A and of B.
    calcium : bool
        Events that decay, seen through noise, instead of a VAR.
    measured_a, measured_b : float
        Standard deviation of measurement noise in that of the calcium.
    changed, change : int, float
        How many edges are stronger in B and by how much.
    """

    name: str
    noise_a: Callable[[np.random.Generator, int, int], Array]
    noise_b: Callable[[np.random.Generator, int, int], Array]
    edges: float = 0.5
    strength: float = 0.2
    memory: tuple[float, float] = (0.3, 0.7)
    calcium: bool = False
    measured_a: float = 0.0
    measured_b: float = 0.0
    changed: int = 0
    change: float = 0.0


def gaussian(rng: np.random.Generator, rows: int, p: int) -> Array:
    return rng.standard_normal((rows, p))


def louder(rng: np.random.Generator, rows: int, p: int) -> Array:
    return 1.6 * rng.standard_normal((rows, p))


def louder_half(rng: np.random.Generator, rows: int, p: int) -> Array:
    """Every other latent is 1.6 times as noisy."""
    return np.where(np.arange(p) % 2, 1.6, 1.0) * rng.standard_normal((rows, p))


def heavy(rng: np.random.Generator, rows: int, p: int) -> Array:
    return rng.standard_t(3, (rows, p))


def shared(rng: np.random.Generator, rows: int, p: int) -> Array:
    """Half of the variance is common to all latents."""
    return rng.standard_normal((rows, p)) + rng.standard_normal((rows, 1))


def events(rate: float) -> Callable[[np.random.Generator, int, int], Array]:
    """Rare events of exponential size over a little noise."""

    def draw(rng: np.random.Generator, rows: int, p: int) -> Array:
        fired = (rng.random((rows, p)) < rate) * rng.exponential(1.0, (rows, p))
        return np.asarray(fired + 0.05 * rng.standard_normal((rows, p)))

    return draw


SLOW = (0.85, 0.97)
NULLS = [
    Case("same VAR", gaussian, gaussian),
    Case("noise 1.6 times in B", gaussian, louder),
    Case("noise 1.6 times in half of B's latents", gaussian, louder_half),
    Case("input common to all in B", gaussian, shared),
    Case("heavy tails (t, 3 df)", heavy, heavy),
    Case("slow, memory 0.85-0.97", gaussian, gaussian, memory=SLOW),
    Case("slow events", events(0.03), events(0.03), memory=SLOW),
    Case("events twice as often in B", events(0.03), events(0.06), memory=(0.7, 0.9)),
]
_CALCIUM = Case(
    "calcium, noise 0.5",
    events(0.03),
    events(0.03),
    strength=0.4,
    memory=(0.9, 0.9),
    calcium=True,
    measured_a=0.5,
    measured_b=0.5,
)
CALCIUM = [
    _CALCIUM,
    replace(_CALCIUM, name="calcium, events 1.6 times as often in B", noise_b=events(0.048)),
    replace(_CALCIUM, name="calcium, noise 0.5, in B 0.8", measured_b=0.8),
]


def alternatives() -> list[Case]:
    """Return cases with 1, 4 and 16 changed edges at three strengths."""
    return [
        replace(NULLS[0], name=f"{count} edges by {change}", changed=count, change=change)
        for count in (1, 4, 16)
        for change in (0.15, 0.25, 0.35)
    ]


def simulate(case: Case, p: int, length: int, seed: int) -> Pair:
    """Draw one pair."""
    rng = np.random.default_rng([seed, p, length])
    coupling = np.zeros((p, p))
    distant = np.argwhere(~np.eye(p, dtype=bool))
    chosen = distant[rng.choice(len(distant), round(case.edges * p), replace=False)]
    coupling[chosen[:, 0], chosen[:, 1]] = case.strength
    memory = rng.uniform(*case.memory, p)
    changed = np.zeros((p, p), bool)
    where = distant[rng.choice(len(distant), case.changed, replace=False)]
    changed[where[:, 0], where[:, 1]] = True
    make = _calcium if case.calcium else _var
    a = make(case.noise_a(rng, length + BURN_IN, p), coupling, memory)
    b = make(case.noise_b(rng, length + BURN_IN, p), coupling + case.change * changed, memory)
    if case.calcium:
        size = a.std()
        a = a + case.measured_a * size * rng.standard_normal(a.shape)
        b = b + case.measured_b * size * rng.standard_normal(b.shape)
    return Pair(a, b, changed)


def _var(noise: Array, coupling: Array, memory: Array) -> Array:
    """Edges count in noise of the target for one standard deviation of the source."""
    edges = coupling * np.sqrt(1 - memory**2)[:, None]
    matrix = np.diag(memory) + edges
    while _growth(matrix) > LARGEST_ROOT:  # a loop of edges that explodes
        edges *= 0.7
        matrix = np.diag(memory) + edges
    values = np.zeros_like(noise)
    for t in range(1, len(noise)):
        values[t] = values[t - 1] @ matrix + noise[t]
    return values[BURN_IN:]


def _growth(matrix: Array) -> float:
    """Return by how much a matrix without negative entries grows things in a frame, at most."""
    return float(np.linalg.matrix_power(matrix, 256).sum(axis=0).max() ** (1 / 256))


def _calcium(fired: Array, coupling: Array, memory: Array) -> Array:
    """Events evoke events one frame later; calcium decays after each."""
    for t in range(1, len(fired)):
        fired[t] += fired[t - 1] @ coupling
    columns = [lfilter([1.0], [1.0, -keep], fired[:, k]) for k, keep in enumerate(memory)]
    return np.stack(columns, axis=1)[BURN_IN:]
