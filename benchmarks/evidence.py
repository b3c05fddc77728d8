"""False edges between traces, and true ones found, by this package and by others.

    python benchmarks/evidence.py [--recordings 20] [--frames 3000 12000] [--only NAME ...]
        [--lags N]

24 cells at 30 Hz, 1 event a second each, 0.25 to 0.75 high, decay 0.6 s, white noise; with
coupling, 4 cells drive 3 others each: half of their events are followed by one in the next frame.
Ours looks back as many frames as ``sv.fit_traces`` does by default (2), or N.
What we find has p <= 0.05, adjusted for all pairs (edges) or cells (sources). Turned round are
pairs of which the other direction is true. Beside it, on the same traces and on the events behind
them: multivariate Granger causality (one lag, F tests, Bonferroni or Benjamini-Hochberg over all
pairs) and scikit-learn's LassoLarsIC (BIC, one lag). Prints three tables in markdown, a row a kind:
what we find; in how many recordings each rule has a false edge, and how many edges are right; how
many are right where each method may err in 5 % of the recordings without coupling (in brackets,
recordings with coupling that then have a false edge), and median seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

import napari_sparsevar as sv
from evidence_parts.covariates import FOLLOWERS, FPS, LEVEL, N_CELLS, answer, bouts, pass_on
from evidence_parts.rivals import OURS, answers

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
    stimuli : bool
        One in 3 s; half of the cells answer, each 0 to 400 ms later.
    bursts : float
        So many a second: each cell takes part with probability 0.5, within 5 frames.
    """

    noise: float = 0.15
    differ: bool = False
    running: float = 0.0
    slow_light: float = 0.0
    scatter: float = 0.0
    rise: int = 0
    stimuli: bool = False
    bursts: float = 0.0


KINDS = {
    "noise 0.05": Kind(0.05),
    "noise 0.15": Kind(),
    "noise 0.3": Kind(0.3),
    "cells that differ": Kind(differ=True),
    "rates that rise together": Kind(running=4.0),
    "slow light that all share": Kind(slow_light=0.3),
    "light scattered to neighbours": Kind(scatter=0.15),
    "a rise of 2 frames": Kind(rise=2),
    "stimuli with latencies": Kind(stimuli=True),
    "bursts of the whole field": Kind(bursts=0.1),
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
    if kind.stimuli:
        answer(rng, events, rng.random(n_frames) < 1.0 / (3.0 * FPS))
    if kind.bursts:
        burst(rng, events, kind.bursts)
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


def burst(rng: np.random.Generator, events: npt.NDArray[np.bool_], rate: float) -> None:
    """Add moments in which half of the cells are active within 5 frames, in no order."""
    for frame in np.flatnonzero(rng.random(len(events) - 5) < rate / FPS):
        events[frame + rng.integers(0, 5, N_CELLS), np.arange(N_CELLS)] |= rng.random(N_CELLS) < 0.5


class Found(NamedTuple):
    """What is found in a recording: a row a rule, and a row a method."""

    rules: pd.DataFrame
    methods: pd.DataFrame


def found(kind: Kind, coupled: bool, n_frames: int, seed: int, lags: int | None) -> Found:
    """Count edges and sources of a recording, right and wrong, and keep what ranks them."""
    traces, truth = recording(kind, coupled, n_frames, seed)
    rules, methods = [], []
    for said, fit in answers(traces, seed, lags):
        for name, edges in said.sure.items():
            rules.append({"rule": name, **_counted(edges, truth)})
            if said.method == OURS:
                rules[-1] |= _counted_sources(fit, truth)
        methods.append(
            {
                "method": said.method,
                "seconds": said.seconds,
                "largest": said.score[~truth].max(),
                "true": said.score[truth],
            }
        )
    about = {"coupled": coupled, "seed": seed}
    return Found(pd.DataFrame(rules).assign(**about), pd.DataFrame(methods).assign(**about))


def _counted(edges: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> dict[str, float]:
    return {
        "edges": float((edges & truth).sum()),
        "false": float((edges & ~truth).sum()),
        "round": float((edges & truth.T & ~truth).sum()),
    }


def _counted_sources(fit: sv.CellFit, truth: npt.NDArray[np.bool_]) -> dict[str, float]:
    p_values = fit.drivers.set_index("name")["p_adjusted"].reindex(fit.names)
    sources = p_values.to_numpy() <= LEVEL
    return {
        "sources": float((sources & truth.any(axis=1)).sum()),
        "false sources": float((sources & ~truth.any(axis=1)).sum()),
    }


def of_kind(name: str, n_frames: int, n_recordings: int, lags: int | None) -> Found:
    """Return all that is found in recordings of a kind, without and with coupling."""
    made = [
        found(KINDS[name], coupled, n_frames, seed, lags)
        for coupled in (False, True)
        for seed in range(n_recordings)
    ]
    return Found(*(pd.concat(tables).assign(kind=name) for tables in zip(*made, strict=True)))


def ours(rules: pd.DataFrame) -> Iterator[str]:
    """Yield the table of what we find: alone / coupled."""
    yield "| traces | with a false edge | turned round | with a false source | edges | sources |"
    yield "|---|---:|---:|---:|---:|---:|"
    for kind, table in rules[rules["rule"] == OURS].groupby("kind", sort=False):
        by = table.groupby("coupled")
        wrong = [
            " / ".join(f"{value:.0f}" for value in by[column].agg(how))
            for column, how in (("false", _any), ("round", "sum"), ("false sources", _any))
        ]
        mean = table[table["coupled"]].mean(numeric_only=True)
        right = f"{mean['edges']:.1f} of 12 | {mean['sources']:.1f} of 4"
        yield f"| {kind} | {' | '.join(wrong)} | {right} |"


def beside(rules: pd.DataFrame) -> Iterator[str]:
    """Yield the table of recordings with a false edge, alone / coupled, and of right edges."""
    names = list(dict.fromkeys(rules["rule"]))
    yield f"| traces | {' | '.join(names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for kind, table in rules.groupby("kind", sort=False):
        cells = []
        for name in names:
            rule = table[table["rule"] == name]
            wrong = rule.groupby("coupled")["false"].agg(_any)
            right = rule.loc[rule["coupled"], "edges"].mean()
            cells.append(f"{wrong[False]:.0f} / {wrong[True]:.0f}, {right:.1f}")
        yield f"| {kind} | {' | '.join(cells)} |"


def alike(methods: pd.DataFrame) -> Iterator[str]:
    """Yield the table of edges that are right where each method may err as often.

    The limit of a method is what 5 % of the recordings without coupling have beyond it.
    """
    names = list(dict.fromkeys(methods["method"]))
    yield f"| traces | {' | '.join(names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for kind, table in methods.groupby("kind", sort=False):
        cells = []
        for name in names:
            alone = table[(table["method"] == name) & ~table["coupled"]]
            coupled = table[(table["method"] == name) & table["coupled"]]
            limit = alone["largest"].sort_values().to_numpy()[-1 - len(alone) // 20]
            right = np.mean([(score > limit).sum() for score in coupled["true"]])
            cells.append(f"{right:.1f} ({(coupled['largest'] > limit).sum()})")
        yield f"| {kind} | {' | '.join(cells)} |"
    seconds = methods.groupby("method", sort=False)["seconds"].median()
    yield f"| seconds | {' | '.join(f'{value:.2f}' for value in seconds)} |"


def _any(values: pd.Series[float]) -> int:
    return int((values > 0).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--recordings", type=int, default=20)
    parser.add_argument("--frames", type=int, nargs="+", default=[3000, 12000])
    parser.add_argument("--lags", type=int)
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS))
    options = parser.parse_args()
    for n_frames in options.frames:
        made = []
        for name in options.only:
            made.append(of_kind(name, n_frames, options.recordings, options.lags))
            print(f"{n_frames:,} frames, {name}: done", file=sys.stderr, flush=True)
        rules, methods = (pd.concat(tables) for tables in zip(*made, strict=True))
        print(f"\n{n_frames:,} frames, {options.recordings} recordings without and with coupling")
        for table in (ours(rules), beside(rules), alike(methods)):
            print(f"\n{chr(10).join(table)}", flush=True)


if __name__ == "__main__":
    main()
