"""Draw the three pictures of docs/drivers.md: two cells, how they came about, what the fit says.

python scripts/drivers_for_docs.py [--out docs/images]

Simulated calcium at 30 Hz, 6,000 frames, of two cells among nine that have nothing to do with them.
What stands above each picture is what `fit_traces` finds in these traces.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

import napari_sparsevar as sv

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
FPS, N_FRAMES, N_OTHERS, SEED = 30.0, 6000, 9, 0
DECAY_S, NOISE, RATE_HZ, PASSED_ON = 0.6, 0.15, 0.4, 0.7
AROUND, SHOWN = 8, 150

Array = NDArray[np.float64]


class Pair(NamedTuple):
    """Events of two cells, and light that both share, (T,)."""

    name: str
    truth: str
    first: Array
    second: Array
    light: Array


def pairs(rng: np.random.Generator) -> Iterator[Pair]:
    """Yield a cell that drives another, two that share light, and two with a hidden source."""
    dark = np.zeros(N_FRAMES)
    first = events(rng)
    follower = events(rng) + passed_on(first, 1, rng)
    yield Pair(
        "drives", "A drives B: an event of A, one frame later one of B", first, follower, dark
    )
    slow = lfilter([1.0], [1.0, -np.exp(-1.0 / FPS)], rng.standard_normal(N_FRAMES))
    light = 0.6 * slow / slow.std()
    yield Pair("light", "A and B lie under the same slow light", events(rng), events(rng), light)
    hidden = events(rng, 2 * RATE_HZ)
    early, late = (events(rng) + passed_on(hidden, delay, rng) for delay in (1, 2))
    truth = "A cell that nobody sees reaches A after one frame and B after two"
    yield Pair("hidden", truth, early, late, dark)


def events(rng: np.random.Generator, rate: float = RATE_HZ) -> Array:
    """Return sizes of events, (T,)."""
    return (rng.random(N_FRAMES) < rate / FPS) * rng.uniform(0.5, 1.5, N_FRAMES)


def passed_on(source: Array, delay: int, rng: np.random.Generator) -> Array:
    """Return the events that those of a source evoke some frames later, (T,)."""
    evoked = np.zeros(N_FRAMES)
    heard = (source > 0) & (rng.random(N_FRAMES) < PASSED_ON)
    evoked[delay:] = heard[:-delay] * rng.uniform(0.5, 1.5, N_FRAMES - delay)
    return evoked


def recorded(pair: Pair, rng: np.random.Generator) -> Array:
    """Return traces of A, B and the others, (T, n)."""
    others = [events(rng) for _ in range(N_OTHERS)]
    fired = np.column_stack([pair.first, pair.second, *others])
    calcium = lfilter([1.0], [1.0, -np.exp(-1.0 / (DECAY_S * FPS))], fired, axis=0)
    calcium[:, :2] += pair.light[:, None]
    return np.asarray(calcium + NOISE * rng.standard_normal(calcium.shape))


def said(traces: Array) -> str:
    """Return what a fit says of A and B."""
    names = ["A", "B", *(f"other {number + 1}" for number in range(N_OTHERS))]
    fit = sv.fit_traces(traces, FPS, names=names)
    edges = fit.edges[fit.edges["source"].isin(["A", "B"]) & fit.edges["target"].isin(["A", "B"])]
    found = edges[edges["p_adjusted"] <= 0.05]
    if len(found):
        return ", ".join(
            f"{e.source} drives {e.target}, p = {e.p_adjusted:.3f}" for e in found.itertuples()
        )
    sure = bool(fit.evidence.leaderless[:2].any())
    return (
        "they have to do with each other, nobody is sure to lead"
        if sure
        else "nobody drives anybody"
    )


def draw(pair: Pair, traces: Array, sentence: str, out: Path) -> None:
    """Write the picture of a pair."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9, 2.6), width_ratios=(2.4, 1), layout="constrained"
    )
    onsets = np.flatnonzero(pair.first > 0)
    onsets = onsets[(onsets > AROUND) & (onsets < N_FRAMES - AROUND)]
    followed = onsets[pair.second[onsets + 1] > 0]
    shown = (followed if len(followed) else onsets).clip(SHOWN // 2, N_FRAMES - SHOWN)
    begin = int(np.median(shown)) - SHOWN // 2
    seconds = np.arange(SHOWN) / FPS
    lags = np.arange(-AROUND, AROUND + 1)
    for row, (name, colour) in enumerate((("A", "#d95f02"), ("B", "#1b6ca8"))):
        left.plot(seconds, traces[begin : begin + SHOWN, row] - 3.0 * row, color=colour, label=name)
        left.text(-0.1, -3.0 * row, name, color=colour, ha="right", weight="bold")
        around = traces[onsets[:, None] + lags, row].mean(axis=0)
        right.plot(1000 * lags / FPS, around - around[:AROUND].mean(), color=colour)
    left.set(xlabel="time (s)", yticks=[], title=f"{pair.truth}.")
    right.set(xlabel="time from events of A (ms)", title=f"The fit: {sentence}.")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.title.set_fontsize(9)
        axes.title.set_wrap(True)
    figure.savefig(out / f"driver-{pair.name}.png", dpi=90)
    plt.close(figure)


def main() -> None:
    """Draw them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder for the pictures")
    options = parser.parse_args()
    rng = np.random.default_rng(SEED)
    for pair in pairs(rng):
        traces = recorded(pair, rng)
        sentence = said(traces)
        print(f"{pair.truth}: {sentence}")
        draw(pair, traces, sentence, options.out)


if __name__ == "__main__":
    main()
