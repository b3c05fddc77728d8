r"""Cells that answer a stimulus one after the other: shifts in time and whole trials as chance.

    PYTHONPATH=benchmarks python benchmarks/evidence_parts/trials.py \
        [--recordings 30] [--trials 30 60] [--frames 3000]

24 cells at 30 Hz, 1 event a second each, 0.25 to 0.75 high, decay 0.6 s, white noise 0.15. A third
into each trial a stimulus comes; half of the cells answer it with probability 0.7, each with its
own latency of 0-400 ms. With coupling, 4 cells drive 3 others each: a share of their events is
followed by one in the next frame. Found is what has p <= 0.05, adjusted for all pairs (edges) or
cells (sources). Prints a table in markdown: in how many recordings anything false is found, and
what is found that is true.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

import napari_sparsevar as sv
from evidence_parts.covariates import FOLLOWERS, FPS, LEVEL, N_CELLS, pass_on

Array = npt.NDArray[np.float64]

DECAY = float(np.exp(-1.0 / (0.6 * FPS)))


def recording(share: float, n_trials: int, length: int, seed: int) -> Array:
    """Return traces (T, 24) of trials of so many frames, one after the other."""
    rng = np.random.default_rng([17, seed, n_trials, length])
    events = rng.random((n_trials * length, N_CELLS)) < 1.0 / FPS
    shown = np.arange(n_trials) * length + length // 3
    latency = rng.integers(0, round(0.4 * FPS) + 1, N_CELLS)
    for cell in rng.permutation(N_CELLS)[: N_CELLS // 2]:
        events[(shown + latency[cell])[rng.random(n_trials) < 0.7], cell] = True
    if share:
        pass_on(rng, events, share)
    size = events * rng.uniform(0.25, 0.75, events.shape)
    light = lfilter([1.0], [1.0, -DECAY], size, axis=0)
    return light + 0.15 * rng.standard_normal(light.shape)


def found(traces: Array, trials: list[tuple[int, int]] | None, share: float) -> dict[str, float]:
    """Return how many edges and sources are found, right and wrong."""
    fit = sv.fit_traces(traces, FPS, 1, trials=trials)
    truth = np.zeros((N_CELLS, N_CELLS), bool)
    if share:
        for driver, followers in FOLLOWERS.items():
            truth[driver, list(followers)] = True
    edges = fit.matrix("p_adjusted") <= LEVEL
    p_values = fit.drivers.set_index("name")["p_adjusted"].reindex(fit.names)
    sources = p_values.to_numpy() <= LEVEL
    return {
        "edges": float((edges & truth).sum()),
        "false edge": float((edges & ~truth).any()),
        "sources": float((sources & truth.any(axis=1)).sum()),
        "false source": float((sources & ~truth.any(axis=1)).any()),
    }


def rows(n_trials: int, length: int, share: float, n_recordings: int) -> Iterator[str]:
    starts = np.arange(n_trials) * length
    trials = [(int(start), int(start + length)) for start in starts]
    for name, given in (("shifts", None), ("whole trials", trials)):
        table = pd.DataFrame(
            [
                found(recording(share, n_trials, length, seed), given, share)
                for seed in range(n_recordings)
            ]
        )
        right = f"{table['edges'].mean():.1f} / {table['sources'].mean():.1f}" if share else ""
        wrong = f"{table['false edge'].sum():.0f} / {table['false source'].sum():.0f}"
        yield f"| {n_trials} of {length} | {share:g} | {name} | {wrong} | {right} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--recordings", type=int, default=30)
    parser.add_argument("--trials", type=int, nargs="+", default=[30, 60])
    parser.add_argument("--frames", type=int, default=3000)
    given = parser.parse_args()
    print(f"| trials of frames | followed | chance | false, of {given.recordings} | right |")
    print("|---|---:|---|---:|---:|")
    for n_trials in given.trials:
        for share in (0.0, 0.5, 0.15):
            for row in rows(n_trials, given.frames // n_trials, share, given.recordings):
                print(row, flush=True)


if __name__ == "__main__":
    main()
