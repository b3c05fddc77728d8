"""How often windows of cells seem to differ that do not, and whether a change is found.

    python benchmarks/compare_cells.py [--cases var calcium ...] [--pairs 100]

Twelve simulated cells, three of which drive four others each, 3,000 frames. They are fitted as
``sparsevar traces`` does, and two windows of 1,500 frames each are compared as
``sparsevar compare`` does, 299 draws. A row a case: share of pairs in which the tests reject, and
how many edges changed.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

import napari_sparsevar as sv

FloatArray = npt.NDArray[np.float64]

N_CELLS, N_DRIVERS, N_FOLLOWERS, N_FRAMES, TRIAL = 12, 3, 4, 3000, 100
DRAWS, FIRST_SEED = 299, 1000


@dataclass(frozen=True)
class Case:
    """What is simulated.

    Attributes
    ----------
    calcium : bool
        Events that decay, seen through noise; else a VAR with white innovations.
    changed : bool
        Whether the first cell drives nobody in the second window.
    louder : float
        How many times larger everything is in the second window.
    trials : bool
        Trials of 100 frames, every other one in the second window.
    """

    calcium: bool = False
    changed: bool = False
    louder: float = 1.0
    trials: bool = False


CASES = {
    "var": Case(),
    "var-louder": Case(louder=2.0),
    "calcium": Case(calcium=True),
    "calcium-louder": Case(calcium=True, louder=2.0),
    "trials": Case(trials=True),
    "var-changed": Case(changed=True),
    "calcium-changed": Case(calcium=True, changed=True),
}


def coupling(rng: np.random.Generator) -> FloatArray:
    """Return who drives whom, (n, n)."""
    found = np.zeros((N_CELLS, N_CELLS))
    for source in range(N_DRIVERS):
        for target in rng.choice(np.arange(N_DRIVERS, N_CELLS), N_FOLLOWERS, replace=False):
            found[source, target] = 0.3 * rng.choice([1, 1, -1])
    return found


def var(drives: FloatArray, n_frames: int, rng: np.random.Generator) -> FloatArray:
    """Return series with a memory of 0.3 of their own, (T, n)."""
    series, step = np.zeros((n_frames, N_CELLS)), rng.standard_normal((n_frames, N_CELLS))
    whole = drives + 0.3 * np.eye(N_CELLS)
    for frame in range(1, n_frames):
        series[frame] = series[frame - 1] @ whole + step[frame]
    return series


def calcium(drives: FloatArray, n_frames: int, rng: np.random.Generator) -> FloatArray:
    """Return fluorescence of events in 5 % of frames, which an event before calls forth, (T, n)."""
    events, light = np.zeros((2, n_frames, N_CELLS))
    for frame in range(1, n_frames):
        spared = np.prod(1 - np.abs(drives) * (events[frame - 1][:, None] > 0), axis=0)
        events[frame] = rng.random(N_CELLS) < 1 - 0.95 * spared
        light[frame] = 0.9 * light[frame - 1] + events[frame] * rng.uniform(0.7, 1.3, N_CELLS)
    return light + 0.3 * rng.standard_normal((n_frames, N_CELLS))


def compared(case: Case, seed: int) -> dict[str, float]:
    """Return the p-values of one pair of windows, and how many edges changed, right and wrong."""
    rng = np.random.default_rng(FIRST_SEED + seed)
    drives, make = coupling(rng), calcium if case.calcium else var
    half = N_FRAMES // 2
    if case.changed:
        later = drives.copy()
        later[0] = 0
        traces = np.concatenate([make(drives, half, rng), make(later, half, rng)])
    else:
        traces = make(drives, N_FRAMES, rng)
    traces[half:] *= case.louder
    trials = [(start, start + TRIAL) for start in range(0, N_FRAMES, TRIAL)]
    a, b = (trials[::2], trials[1::2]) if case.trials else ([(0, half)], [(half, N_FRAMES)])
    fit = sv.fit_traces(traces.astype(np.float32), 20.0, 1, trials=trials if case.trials else None)
    found = sv.compare_windows(fit, a, b, draws=DRAWS, seed=seed)
    changed = found.dynamics.changed()
    right = int((changed["source"] == 0).sum()) if case.changed else 0
    return {
        "dynamics": found.p_value,
        "anything": found.anything.p_value,
        "right": right,
        "wrong": len(changed) - right,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--pairs", type=int, default=100)
    options = parser.parse_args()
    for name in options.cases:
        table = pd.DataFrame([compared(CASES[name], seed) for seed in range(options.pairs)])
        rejected = [
            f"{100 * (table['dynamics'] <= level).mean():.0f}" for level in (0.01, 0.05, 0.1)
        ]
        print(
            f"{name}: dynamics {' / '.join(rejected)} % at 1 / 5 / 10 %, anything "
            f"{100 * (table['anything'] <= 0.05).mean():.0f} % at 5 %, edges right "
            f"{table['right'].mean():.2f} of {N_FOLLOWERS}, wrong {table['wrong'].mean():.2f} "
            f"({options.pairs} pairs)",
            flush=True,
        )


if __name__ == "__main__":
    main()
