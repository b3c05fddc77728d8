"""What covariates repair: running bouts and stimuli that reach every cell, with and without them.

    python benchmarks/evidence_parts/covariates.py [--recordings 20] [--frames 3000 12000]
        [--only NAME ...] [--seed 0] [--movies N]

24 cells at 30 Hz, 1 event a second each at rest, calcium that decays in 0.6 s, an event 0.25 to
0.75 high in white noise of 0.15. With coupling, 4 cells drive 3 others each: half of their events
are followed by one in the next frame. What reaches all:

- running: bouts of 2-10 s, 30 % of the time, raise the rate of each cell 1-4 times (uniform). The
  covariate is a speed: 20 cm/s in every bout, and noise of 1 cm/s.
- running, loosely told: the same, but the animal runs at 12 to 28 cm/s from bout to bout, and cells
  do not mind how fast.
- stimuli: one in 3 s on average; half of the cells answer it with probability 0.7, each with its
  own latency of 0-400 ms. The covariate is when they came.
- a hidden source: its events, 1 a second, are followed by those of six cells that drive nobody,
  each with probability 0.5 and its own delay of 1 to 9 frames. The covariate is when they were, as
  nobody can know; *factors* are the three largest principal components of what all cells did in the
  frames before, smoothed over 0.2 s: what can be made of the recording itself.
- nothing: a speed, a pupil and stimuli are given that do nothing; and once more with drivers of
  whose events 12 % (weak) are followed, not half.

Prints a table in markdown: a row a kind of recording, length and set of covariates. Found is what
has p <= 0.05, adjusted for all pairs (edges) or cells (sources). A source is false if it drives
nobody; % is the share of a cell's variance that covariates tell.

--movies N makes N movies of 16 of these cells, running, with and without coupling, at each length:
56 x 56 pixels, each cell a bump of 3 pixels, white noise of 0.15 in every pixel. The network stays
nearly as it starts (8 steps); latents with p <= 0.05 are counted, in brackets the
movies with a wrong one.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

import napari_sparsevar as sv
from napari_sparsevar.training.events import Finished

Array = npt.NDArray[np.float64]

N_CELLS, FPS, LEVEL = 24, 30.0, 0.05
FOLLOWERS = {0: (4, 5, 6), 1: (7, 8, 9), 2: (10, 11, 12), 3: (13, 14, 15)}
INPUTS = (
    "running",
    "running, loosely told",
    "stimuli",
    "nothing",
    "nothing, weak",
    "hidden source",
)


class Recording(NamedTuple):
    """Traces (T, 24), who drives whom (24, 24), and what was recorded beside."""

    traces: Array
    truth: npt.NDArray[np.bool_]
    beside: dict[str, Array]


def recording(reaching: str, coupled: bool, n_frames: int, seed: int) -> Recording:
    rng = np.random.default_rng([seed, n_frames, coupled, INPUTS.index(reaching)])
    state, speed = bouts(rng, n_frames, spread=0.4 if "loosely" in reaching else 0.0)
    shown = rng.random(n_frames) < 1.0 / (3.0 * FPS)
    gain = rng.uniform(1.0, 4.0, N_CELLS) - 1.0
    rate = np.full((n_frames, N_CELLS), 1.0 / FPS)
    if "running" in reaching:
        rate *= 1.0 + state[:, None] * gain
    events = rng.random(rate.shape) < rate
    if reaching == "stimuli":
        answer(rng, events, shown)
    hidden = np.zeros(n_frames, bool)
    if reaching == "hidden source":
        hidden = rng.random(n_frames) < 1.0 / FPS
        reach_some(rng, events, hidden)
    if coupled:
        pass_on(rng, events, 0.12 if "weak" in reaching else 0.5)
    traces = events * rng.uniform(0.25, 0.75, events.shape)
    decay = np.exp(-1.0 / (0.6 * FPS))
    for t in range(1, n_frames):
        traces[t] += decay * traces[t - 1]
    traces += 0.15 * rng.standard_normal(traces.shape)
    truth = np.zeros((N_CELLS, N_CELLS), bool)
    for driver, followers in FOLLOWERS.items():
        truth[driver, list(followers)] = coupled
    beside = {"speed (cm/s)": speed, "stimulus": shown.astype(float)}
    if reaching == "hidden source":
        beside = {"hidden": hidden.astype(float)}
    elif "running" in reaching:
        del beside["stimulus"]
    elif reaching == "stimuli":
        del beside["speed (cm/s)"]
    else:
        walk = np.cumsum(rng.standard_normal(n_frames))
        beside["pupil (mm)"] = walk - np.convolve(walk, np.ones(900) / 900, "same")
    return Recording(traces, truth, beside)


def bouts(rng: np.random.Generator, n_frames: int, spread: float) -> tuple[Array, Array]:
    """Return how much it runs, 0 to 1, and its speed in cm/s, (T,) each."""
    running, speed, t = np.zeros(n_frames), np.zeros(n_frames), 0
    while t < n_frames:
        t += int(FPS * rng.exponential(14.0))
        stop = t + int(FPS * rng.uniform(2.0, 10.0))
        running[t:stop], speed[t:stop] = 1.0, 20.0 * rng.uniform(1.0 - spread, 1.0 + spread)
        t = stop
    rise = np.ones(15) / 15.0
    noise = rng.standard_normal(n_frames)
    return np.convolve(running, rise, "same"), np.convolve(speed, rise, "same") + noise


def answer(
    rng: np.random.Generator, events: npt.NDArray[np.bool_], shown: npt.NDArray[np.bool_]
) -> None:
    """Add what half of the cells do after each stimulus."""
    latency = rng.integers(0, round(0.4 * FPS) + 1, N_CELLS)
    for cell in rng.permutation(N_CELLS)[: N_CELLS // 2]:
        frames = np.flatnonzero(shown) + latency[cell]
        frames = frames[(frames < len(events)) & (rng.random(len(frames)) < 0.7)]
        events[frames, cell] = True


def reach_some(
    rng: np.random.Generator, events: npt.NDArray[np.bool_], hidden: npt.NDArray[np.bool_]
) -> None:
    """Add what six of the cells that drive nobody do after each event of a hidden source."""
    delays = rng.integers(1, 10, 6)
    for cell, delay in zip(rng.permutation(np.arange(16, N_CELLS))[:6], delays, strict=True):
        frames = np.flatnonzero(hidden) + delay
        events[frames[(frames < len(events)) & (rng.random(len(frames)) < 0.5)], cell] = True


def factors(traces: Array) -> Array:
    """Return three principal components of the frames before, (T, 3)."""
    rises = lfilter([1.0, -np.exp(-1.0 / (0.6 * FPS))], [1.0], traces, axis=0)
    recent = lfilter([1.0], [1.0, -np.exp(-1.0 / (0.2 * FPS))], rises / rises.std(axis=0), axis=0)
    left, size, _ = np.linalg.svd(recent - recent.mean(axis=0), full_matrices=False)
    return np.concatenate([np.zeros((1, 3)), (left * size)[:-1, :3]])


def pass_on(rng: np.random.Generator, events: npt.NDArray[np.bool_], probability: float) -> None:
    """Have events of drivers followed one frame later."""
    for driver, followers in FOLLOWERS.items():
        frames = np.flatnonzero(events[:-1, driver])
        for follower in followers:
            kept = frames[rng.random(len(frames)) < probability]
            events[kept + 1, follower] = True


def found(made: Recording, given: str, seed: int) -> dict[str, float]:
    """Return how many edges and sources are found, right and wrong."""
    beside: pd.DataFrame | Array | None = None
    if given != "not given":
        beside = factors(made.traces) if given == "factors" else pd.DataFrame(made.beside)
    fit = sv.fit_traces(made.traces, FPS, 1, covariates=beside, seed=seed)
    edges = fit.matrix("p_adjusted") <= LEVEL
    sources = (fit.drivers.set_index("name")["p_adjusted"] <= LEVEL).reindex(fit.names).to_numpy()
    drives = made.truth.any(axis=1)
    share = np.nan if beside is None else fit.covariates["share"].sum()
    return {
        "false edges": float((edges & ~made.truth).sum()),
        "false sources": float((sources & ~drives).sum()),
        "any false edge": float((edges & ~made.truth).any()),
        "any false source": float((sources & ~drives).any()),
        "true edges": float((edges & made.truth).sum()),
        "true sources": float((sources & drives).sum()),
        "share": share,
    }


def rows(reaching: str, n_frames: int, n_recordings: int, seed: int) -> Iterator[str]:
    sets = ("not given", "given", "factors")[: 3 if reaching == "hidden source" else 2]
    for coupled in (False, True):
        if "weak" in reaching and not coupled:
            continue
        kept: dict[str, list[dict[str, float]]] = {given: [] for given in sets}
        for number in range(n_recordings):
            made = recording(reaching, coupled, n_frames, seed + number)
            for given, results in kept.items():
                results.append(found(made, given, number))
        for given, results in kept.items():
            table = pd.DataFrame(results)
            mean = table.mean()
            said = f"{mean['true edges']:.2f} of 12, {mean['true sources']:.2f} of 4"
            yield (
                f"| {reaching} | {n_frames:,} | {'yes' if coupled else 'no'} "
                f"| {given} "
                f"| {mean['false edges']:.2f} ({int(table['any false edge'].sum())}) "
                f"| {mean['false sources']:.2f} ({int(table['any false source'].sum())}) "
                f"| {said if coupled else ''} | {100 * mean['share']:.1f} |"
            )


def movie_row(n_frames: int, coupled: bool, n_movies: int, seed: int) -> str:
    """Return how many places are found in movies of cells that run, right and wrong."""
    config = sv.TrainConfig(steps=8, model=sv.ModelConfig(cell_diameter=7.0))
    said = []
    for given in (False, True):
        found = []
        for number in range(seed, seed + n_movies):
            made = recording("running", coupled, n_frames, number)
            movie = sv.open_movie(pictured(made, number), fps=FPS)
            with tempfile.TemporaryDirectory() as folder:
                beside = made.beside if given else None
                out = Path(folder) / "run"
                stream = sv.train(movie, config, out=out, covariates=beside, until="drivers")
                last = list(stream)[-1]
                assert isinstance(last, Finished), last
                found.append(places_of(sv.load_run(out), made.truth))
        table = np.array(found)
        said.append(
            f"{table[:, 0].mean():.2f} / {table[:, 1].mean():.2f} ({(table[:, 1] > 0).sum()})"
        )
    return f"| {n_frames:,} | {'yes' if coupled else 'no'} | {n_movies} | {said[0]} | {said[1]} |"


def places_of(run: sv.Run, truth: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return how many latents drive beyond chance whose nearest cell does, and does not."""
    found = (run.results.significance.place_p <= LEVEL).numpy()
    away = run.results.grid.centres()[:, None] - centres()
    nearest = np.linalg.norm(away, axis=-1).argmin(axis=1)
    drives = truth.any(axis=1)[nearest]
    return int((found & drives).sum()), int((found & ~drives).sum())


def centres() -> Array:
    """Return y and x of the 16 cells of a movie."""
    row, column = np.divmod(np.arange(16), 4)
    return np.stack([row, column], axis=1) * 13.0 + 8.5


def pictured(made: Recording, seed: int) -> npt.NDArray[np.float32]:
    """Return a movie (T, 56, 56) of the first 16 cells."""
    rng = np.random.default_rng([seed, 1])
    pixels = np.stack(np.meshgrid(*[np.arange(56.0)] * 2, indexing="ij"), -1)
    away = np.linalg.norm(pixels[None] - centres()[:, None, None], axis=-1)
    bumps = np.exp(-0.5 * (away / 3.0) ** 2).reshape(16, -1)
    light = made.traces[:, :16].astype(np.float32) @ bumps.astype(np.float32)
    light += 0.15 * rng.standard_normal(light.shape, np.float32)
    return (1000.0 + 100.0 * light).reshape(-1, 56, 56)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recordings", type=int, default=20)
    parser.add_argument("--frames", type=int, nargs="+", default=[3000, 12000])
    parser.add_argument("--only", nargs="+", choices=INPUTS, default=list(INPUTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--movies", type=int, default=0)
    given = parser.parse_args()
    began = time.perf_counter()
    if given.movies:
        print("| frames | coupled | movies | not given: right / wrong | given: right / wrong |")
        print("|---|---|---|---|---|")
        for n_frames in given.frames:
            for coupled in (False, True):
                print(movie_row(n_frames, coupled, given.movies, given.seed), flush=True)
        return
    print(f"{given.recordings} recordings a row; in brackets, in how many there is any\n")
    print(
        "| reaches all | frames | coupled | covariates | false edges | false sources | true | % |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for reaching in given.only:
        for n_frames in given.frames:
            for row in rows(reaching, n_frames, given.recordings, given.seed):
                print(row, flush=True)
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
