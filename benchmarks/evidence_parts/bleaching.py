r"""Cells that bleach anew in every trial: what it costs, and what taking it out brings.

    PYTHONPATH=benchmarks python benchmarks/evidence_parts/bleaching.py \
        [--recordings 30] [--trials 6 20] [--frames 3000]

The cells of ``trials.py`` without a stimulus, on 1 to 8 times the light of an event at rest. In
every trial this light goes down by 20 % of itself, with a time constant of a fifth to three fifths
of the trial. Taken out is the level of each trial, or level and drift as ``sv.fit_traces`` does.
Prints a table in markdown: in how many recordings anything false is found, and what is found that
is true.
"""

from __future__ import annotations

import argparse
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

from evidence_parts.covariates import FPS, N_CELLS, pass_on
from evidence_parts.trials import DECAY, found
from napari_sparsevar.movie.reading import levels

Array = npt.NDArray[np.float64]

DEPTH = 0.2
_NEVER = 10**9


def recording(share: float, n_trials: int, length: int, seed: int, depth: float) -> Array:
    """Return traces (T, 24) of trials of so many frames, one after the other."""
    rng = np.random.default_rng([19, seed, n_trials, length])
    events = rng.random((n_trials * length, N_CELLS)) < 1.0 / FPS
    if share:
        pass_on(rng, events, share)
    size = events * rng.uniform(0.25, 0.75, events.shape)
    light = lfilter([1.0], [1.0, -DECAY], size, axis=0) + rng.uniform(0.5, 4.0, N_CELLS)
    time = np.arange(length) / length
    taus = rng.uniform(0.2, 0.6, n_trials)
    left = np.concatenate([1.0 - depth * (1.0 - np.exp(-time / tau)) for tau in taus])
    return light * left[:, None] + 0.15 * rng.standard_normal(light.shape)


def row(name: str, n_trials: int, length: int, share: float, n_recordings: int) -> str:
    """Return a line of the table."""
    trials = [(length * number, length * (number + 1)) for number in range(n_trials)]
    depth = 0.0 if name == "no bleaching" else DEPTH
    shortest = _NEVER if name == "level" else levels.DRIFT_FRAMES
    with patch.object(levels, "DRIFT_FRAMES", shortest):
        table = pd.DataFrame(
            [
                found(recording(share, n_trials, length, seed, depth), trials, share)
                for seed in range(n_recordings)
            ]
        )
    right = f"{table['edges'].mean():.1f} / {table['sources'].mean():.1f}" if share else ""
    wrong = f"{table['false edge'].sum():.0f} / {table['false source'].sum():.0f}"
    return f"| {n_trials} of {length} | {share:g} | {name} | {wrong} | {right} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--recordings", type=int, default=30)
    parser.add_argument("--trials", type=int, nargs="+", default=[6, 20])
    parser.add_argument("--frames", type=int, default=3000)
    given = parser.parse_args()
    print(f"| trials of frames | followed | taken out | false, of {given.recordings} | right |")
    print("|---|---:|---|---:|---:|")
    for n_trials in given.trials:
        for share in (0.0, 0.3):
            for name in ("no bleaching", "level", "level and drift"):
                length = given.frames // n_trials
                print(row(name, n_trials, length, share, given.recordings), flush=True)


if __name__ == "__main__":
    main()
