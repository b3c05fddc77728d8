"""False edges between traces, and true ones found: noise, light that is shared, rates that rise.

    python benchmarks/evidence.py [--recordings 20] [--frames 3000 12000] [--only NAME ...]

24 cells at 30 Hz, 1 event a second each, 0.25 to 0.75 high, decay 0.6 s, white noise; with
coupling, 4 cells drive 3 others each: half of their events are followed by one in the next frame.
What is found has p <= 0.05, adjusted for all pairs (edges) or cells (sources). Turned round are
pairs of which the other direction is true. Prints a table in markdown, a row a kind and length.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

import napari_sparsevar as sv
from evidence_parts.covariates import FOLLOWERS, FPS, LEVEL, N_CELLS, bouts, pass_on

Array = npt.NDArray[np.float64]

DECAY = float(np.exp(-1.0 / (0.6 * FPS)))


class Kind(NamedTuple):
    """What traces have: white noise, and what makes them hard.

    Attributes
    ----------
    noise : float
        Standard deviation.
    differ : bool
        Rates and amplitudes are log-normal, sigma 1 and 0.6.
    running : float
        Bouts raise all rates by up to this factor.
    slow_light : float
        Standard deviation of light that all share, decay 1 s.
    scatter : float
        Share of its light that each cell adds to four others.
    rise : int
        Frames over which an event rises.
    """

    noise: float = 0.15
    differ: bool = False
    running: float = 0.0
    slow_light: float = 0.0
    scatter: float = 0.0
    rise: int = 0


KINDS = {
    "noise 0.05": Kind(0.05),
    "noise 0.15": Kind(),
    "noise 0.3": Kind(0.3),
    "cells that differ": Kind(differ=True),
    "rates that rise together": Kind(running=4.0),
    "slow light that all share": Kind(slow_light=0.3),
    "light scattered to neighbours": Kind(scatter=0.15),
    "a rise of 2 frames": Kind(rise=2),
}


def recording(
    kind: Kind, coupled: bool, n_frames: int, seed: int
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return traces (T, 24) and who drives whom (24, 24)."""
    rng = np.random.default_rng([11, seed, n_frames, coupled])
    rates, size = np.full(N_CELLS, 1.0 / FPS), np.ones(N_CELLS)
    if kind.differ:
        rates *= np.exp(rng.normal(-0.5, 1.0, N_CELLS))
        size *= np.exp(rng.normal(0.0, 0.6, N_CELLS))
    state, _ = bouts(rng, n_frames, spread=0.0)
    more = rng.uniform(0.0, kind.running, N_CELLS)
    events = rng.random((n_frames, N_CELLS)) < rates * (1.0 + state[:, None] * more)
    truth = np.zeros((N_CELLS, N_CELLS), bool)
    if coupled:
        pass_on(rng, events, 0.5)
        for driver, followers in FOLLOWERS.items():
            truth[driver, list(followers)] = True
    light = lfilter([1.0], [1.0, -DECAY], events * rng.uniform(0.25, 0.75, events.shape), axis=0)
    if kind.rise:
        light = lfilter(np.ones(kind.rise + 1) / (kind.rise + 1), [1.0], light, axis=0)
    light *= size
    neighbours = sum(np.roll(light, steps, axis=1) for steps in (-2, -1, 1, 2))
    slow = lfilter([1.0], [1.0, -np.exp(-1.0 / FPS)], rng.standard_normal(n_frames))
    traces = light + kind.scatter * neighbours + kind.slow_light * (slow / slow.std())[:, None]
    return traces + kind.noise * rng.standard_normal(traces.shape), truth


def found(kind: Kind, coupled: bool, n_frames: int, seed: int) -> dict[str, float]:
    """Return how many edges and sources of a recording are found, right and wrong."""
    traces, truth = recording(kind, coupled, n_frames, seed)
    fit = sv.fit_traces(traces, FPS, seed=seed)
    edges = fit.matrix("p_adjusted") <= LEVEL
    p_values = fit.drivers.set_index("name")["p_adjusted"].reindex(fit.names)
    sources = p_values.to_numpy() <= LEVEL
    return {
        "edges": float((edges & truth).sum()),
        "false": float((edges & ~truth).sum()),
        "round": float((edges & truth.T & ~truth).sum()),
        "sources": float((sources & truth.any(axis=1)).sum()),
        "false sources": float((sources & ~truth.any(axis=1)).sum()),
    }


def row(name: str, coupled: bool, n_frames: int, n_recordings: int) -> dict[str, object]:
    table = pd.DataFrame(
        [found(KINDS[name], coupled, n_frames, seed) for seed in range(n_recordings)]
    )
    mean, any_of = table.mean(), (table > 0).sum()
    return {
        "traces": name,
        "frames": f"{n_frames:,}",
        "coupled": "yes" if coupled else "no",
        "with a false edge": f"{any_of['false']} of {n_recordings}",
        "turned round": f"{table['round'].sum():.0f}",
        "with a false source": f"{any_of['false sources']} of {n_recordings}",
        "edges found": f"{mean['edges']:.1f} of 12" if coupled else "",
        "sources found": f"{mean['sources']:.1f} of 4" if coupled else "",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--recordings", type=int, default=20)
    parser.add_argument("--frames", type=int, nargs="+", default=[3000, 12000])
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS))
    options = parser.parse_args()
    head = False
    for n_frames in options.frames:
        for name in options.only:
            for coupled in (False, True):
                cells = row(name, coupled, n_frames, options.recordings)
                if not head:
                    print(f"| {' | '.join(cells)} |\n{'|---' * len(cells)}|")
                    head = True
                print(f"| {' | '.join(map(str, cells.values()))} |", flush=True)


if __name__ == "__main__":
    main()
