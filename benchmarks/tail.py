"""How often p-values beyond all draws are reached where nothing is, over what they say.

    python benchmarks/tail.py [--repetitions 300]

The largest of 24 or 552 scores, and of squared excesses over 2 (as places add them up), is
drawn from normal and t distributions. From these draws alone ``Tail`` says which value has a
p-value of 0.001, 0.0001 and 0.00001; with which probability a further draw is beyond is known.
Prints a table in markdown: the mean of this probability over the p-value. 1 is exact, below is
careful.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from napari_sparsevar.analysis.evidence.tail import Tail

Array = npt.NDArray[np.float64]

LEVELS = np.array([1e-3, 1e-4, 1e-5])
SCORES = {"normal": stats.norm, "t, 8": stats.t(8), "t, 4": stats.t(4), "t, 3": stats.t(3)}


def reached(scores: Any, hypotheses: int, draws: int, *, squared: bool, repetitions: int) -> Array:
    """Return how often each of the levels is reached, over the level."""
    rng = np.random.default_rng([hypotheses, draws, squared])
    found = np.zeros(len(LEVELS))
    for _ in range(repetitions):
        largest = scores.ppf(rng.random(draws) ** (1.0 / hypotheses))
        drawn = np.sort(np.maximum(largest - 2.0, 0.0) ** 2 if squared else largest)
        tail = Tail(drawn[-(draws // 4) - 1 :], draws)
        values = drawn[-1] * np.geomspace(1.0, 1e5, 600)
        share = tail.share(values)
        first = values[[np.argmax(share <= level) for level in LEVELS]]
        beyond = scores.sf(2.0 + np.sqrt(first) if squared else first)
        found += -np.expm1(hypotheses * np.log1p(-beyond)) / LEVELS
    return found / repetitions


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--repetitions", type=int, default=300)
    options = parser.parse_args()
    print("| largest of | scores | 59 draws | 199 draws |\n|---|---|---:|---:|")
    for squared in (False, True):
        for hypotheses in (24, 552):
            for name, scores in SCORES.items():
                cells = [
                    reached(
                        *(scores, hypotheses, draws),
                        squared=squared,
                        repetitions=options.repetitions,
                    )
                    for draws in (59, 199)
                ]
                said = " | ".join(" / ".join(f"{value:.2f}" for value in cell) for cell in cells)
                what = "squared excesses" if squared else "scores"
                print(f"| {hypotheses:,} {what} | {name} | {said} |", flush=True)


if __name__ == "__main__":
    main()
