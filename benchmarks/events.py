"""Does a target follow the events of a source? In trained runs of simulated movies, by true pairs.

    python benchmarks/events.py --out FOLDER

Movies of 2,500 frames of 64 x 64 pixels with 36 cells; the network is trained with the preset
*fast* and kept in FOLDER, a run each, so that a second call only reads. Places are the true
footprints, pairs those more than 12 pixels apart. Prints a table in markdown: of pairs of a driver
and its follower, of the same the other way round, and of pairs in which neither drives the other
and nobody drives both, in how many the second is said to follow the first; and which share of the
average of the latter lies in the band, in percent.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt

import napari_sparsevar as sv
from napari_sparsevar.analysis.evidence.event_average import (
    EventWindow,
    event_average,
    source_events,
)
from napari_sparsevar.run.run import Run, load_run
from napari_sparsevar.run.traces import place_series

MOVIES = (
    ("easy", None),
    ("medium_noise", None),
    ("strong_noise", None),
    ("weak_coupling", None),
    ("easy", 0.0),
    ("medium_noise", 0.0),
    ("strong_noise", 0.0),
)
FIRST_SEED = {None: 11, 0.0: 21}
APART_PX = 12.0


def trained(movie: sv.Movie, seed: int, folder: Path) -> Run:
    if not (folder / "run.json").exists():
        for _ in sv.train(movie, sv.TrainConfig.from_preset("fast", seed=seed), out=folder):
            pass
    return load_run(folder)


def kinds(truth: sv.Truth) -> npt.NDArray[np.str_]:
    """Return what each pair of cells is: true, reverse, unrelated, or nothing to be counted."""
    drives = truth.coupling > 0
    reached = drives | ((drives.astype(int) @ drives) > 0)
    related = reached | reached.T | ((drives.T.astype(int) @ drives) > 0)
    kind = np.where(related, "", "unrelated")
    kind[drives.T] = "reverse"
    kind[drives] = "true"
    away = np.linalg.norm(truth.centres[:, None] - truth.centres[None], axis=-1)
    kind[away < APART_PX] = ""
    return kind


def row(regime: str, coupling: float | None, seed: int, out: Path) -> str:
    movie, truth = sv.simulate_movie(2500, (64, 64), seed=seed, regime=regime, coupling=coupling)
    run = trained(movie, seed, out / f"{regime}-{seed}")
    window = EventWindow.of(run.fps)
    series = [place_series(run, footprint >= 0.5).innovation for footprint in truth.footprints]
    events = [source_events(each, window.apart) for each in series]
    pairs, follows, inside = Counter[str](), Counter[str](), []
    for (source, target), kind in np.ndenumerate(kinds(truth)):
        found = event_average(series[target], events[source], window) if kind else None
        if found is None:
            continue
        pairs[kind] += 1
        follows[kind] += found.follows
        if kind == "unrelated":
            inside.append(1.0 - found.outside.mean())
    said = [
        f"{follows[kind]} of {pairs[kind]}" if pairs[kind] else ""
        for kind in ("true", "reverse", "unrelated")
    ]
    name = regime if coupling is None else f"{regime}, nobody drives anybody"
    n_events = np.mean([len(each) for each in events])
    return f"| {name} | {n_events:.0f} | {' | '.join(said)} | {100 * np.mean(inside):.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    print("| movie | events a cell | true | the other way round | unrelated | in the band, % |")
    print("|---|---|---|---|---|---|")
    seeds = dict(FIRST_SEED)
    for regime, coupling in MOVIES:
        print(row(regime, coupling, seeds[coupling], out), flush=True)
        seeds[coupling] += 1


if __name__ == "__main__":
    main()
