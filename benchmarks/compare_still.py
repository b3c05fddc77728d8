"""How often the tests say that something changed in recordings in which nothing did.

    python benchmarks/compare_still.py [--only traces movies stopped] [--frames 3000 12000]
        [--pairs 200] [--movies 20] [--latents FOLDER] [--rows compare_still.csv] [--report]

*traces*: 40 cells that are silent most of the time (``compare_parts/quiet.py``), halves compared.
*movies*: simulated movies, encoded by a network of 4 training steps that knows no windows; the
halves are compared, and the quarters of each half. *stopped*: the same movies with a coupling of
0.5 that stops half-way, which should be found. Latents of movies are kept in a folder, so that a
test that has changed is measured again without training. 199 draws; rejections in percent.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

import napari_sparsevar as sv
from compare_parts.quiet import QUIET, quiet_traces
from napari_sparsevar.comparison.anything import anything_test
from napari_sparsevar.comparison.dynamics import dynamics_test
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.rows import Rows, rows_of_activity, rows_of_sequences
from napari_sparsevar.comparison.subject import filtered_activity
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.errors import UserError
from napari_sparsevar.progress import returned
from napari_sparsevar.training.events import ResultsReady

DRAWS, STEPS = 199, 4
LEVELS = (0.01, 0.05, 0.10)
COLUMNS = ["part", "case", "frames", "seed", "windows", "latents", "method", "p_value", "block"]
WINDOWS = {
    "halves": ((0.0, 0.5), (0.5, 1.0)),
    "first half": ((0.0, 0.25), (0.25, 0.5)),
    "second half": ((0.5, 0.75), (0.75, 1.0)),
}
KINDS: dict[str, dict[str, Any]] = {
    "dense": {"shape": (48, 48)},
    "sparse": {"shape": (80, 80), "event_rate_hz": 0.2, "decay_s": 1.0, "fps": 30.0},
}
"""Twenty cells that fire once a second and decay in 0.5 s at 15 Hz, or that are mostly silent."""


class Latents(NamedTuple):
    """Lagged pairs of a whole recording, and the penalty weights of its VAR."""

    rows: Rows
    weights: torch.Tensor


class Still(NamedTuple):
    """A kind of movie, with which coupling it begins and ends, and its first seed."""

    kind: str
    coupling: float
    first: int
    later: float | None = None

    @property
    def name(self) -> str:
        """In the table."""
        after = "" if self.later is None else f", then {self.later:g}"
        return f"{self.kind}, coupling {self.coupling:g}{after}"


STILL = [
    Still(kind, coupling, 20 if coupling == 0 else 0) for kind in KINDS for coupling in (0, 0.5)
]
STOPPED = [Still(kind, 0.5, 100, 0.0) for kind in KINDS]


def latents_of(case: Still, frames: int, seed: int, folder: Path) -> Latents:
    """Simulate a movie and encode it, unless that was done before."""
    path = folder / f"{case.name} {frames} {seed}.pt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(_encoded(case, frames, seed)._asdict(), path)
    kept = torch.load(path, weights_only=True)
    past, following = kept["past"], kept["following"]
    return Latents(Rows(past, following, np.zeros(len(past), np.int64)), kept["weights"])


class _Kept(NamedTuple):
    past: torch.Tensor
    following: torch.Tensor
    weights: torch.Tensor


def _encoded(case: Still, frames: int, seed: int) -> _Kept:
    movie, _ = sv.simulate_movie(
        frames,
        seed=seed,
        n_cells=20,
        n_drivers=4,
        n_followers=3,
        coupling=case.coupling,
        later_coupling=case.later,
        **KINDS[case.kind],
    )
    model = sv.ModelConfig(stride=4, width=4)
    config = sv.TrainConfig(steps=STEPS, seed=seed, chunk_frames=32, chunks=4, crop=32, model=model)
    with tempfile.TemporaryDirectory() as folder:
        training = sv.train(movie, config, out=Path(folder) / "run", device="cpu")
        next(event for event in training if isinstance(event, ResultsReady))
        results = sv.load_run(Path(folder) / "run").results
        rows = rows_of_activity(filtered_activity(results), [Window.of("all", (0, frames))])[0]
    return _Kept(rows.past, rows.following, results.fitted.weights)


def cut(rows: Rows, name: str) -> list[Rows]:
    """Return two windows of a whole recording."""
    n = len(rows.past)
    bounds = [slice(int(start * n), int(stop * n)) for start, stop in WINDOWS[name]]
    return [Rows(rows.past[one], rows.following[one], rows.piece[one]) for one in bounds]


def tested(rows: list[Rows], weights: torch.Tensor, seed: int) -> Iterator[dict[str, object]]:
    """Yield what both tests say; NaN where they refuse."""
    options = ComparisonOptions(DRAWS, 0.05, seed)
    common = {"latents": weights.shape[1], "p_value": np.nan, "block": 0}
    try:
        anything = anything_test(rows, "AB", weights, options)
        said = {"p_value": anything.p_value, "block": anything.block_length}
    except UserError:
        said = {}
    yield {**common, "method": "anything", **said}
    try:
        test = returned(dynamics_test(rows, "AB", weights, weights > 0, options)).test
        said = {"p_value": test.p_value, "block": test.block_length}
    except UserError:
        said = {}
    yield {**common, "method": "dynamics", **said}


def work(options: argparse.Namespace) -> Iterator[tuple[str, Any, int, int]]:
    """Yield what is asked for: part, case, frames, seed."""
    for frames in options.frames:
        if "traces" in options.only:
            for seed in range(options.pairs):
                yield from (("traces", case, frames, seed) for case in QUIET)
        for part, cases in (("movies", STILL), ("stopped", STOPPED)):
            if part in options.only:
                for seed in range(options.movies):
                    yield from ((part, case, frames, case.first + seed) for case in cases)


def measure(part: str, case: Any, frames: int, seed: int, folder: Path) -> list[dict[str, object]]:
    """Return the rows of one recording."""
    if part == "traces":
        traces = quiet_traces(case, frames, seed)
        half = frames // 2
        rows = rows_of_sequences([[traces[:half]], [traces[half:]]], 1, "calcium")
        weights = 1.0 - torch.eye(traces.shape[1], dtype=torch.float64)
        return [{"windows": "halves", **row} for row in tested(rows, weights, seed)]
    found = latents_of(case, frames, seed, folder)
    names = WINDOWS if part == "movies" else ["halves"]
    return [
        {"windows": name, **row}
        for name in names
        for row in tested(cut(found.rows, name), found.weights, seed)
    ]


def run(options: argparse.Namespace) -> None:
    """Do what is not there yet."""
    path: Path = options.rows
    if not path.exists():
        pd.DataFrame(columns=COLUMNS).to_csv(path, index=False)
    table = pd.read_csv(path)
    done = set(zip(table.part, table.case, table.frames, table.seed, strict=True))
    for part, case, frames, seed in work(options):
        if (part, case.name, frames, seed) not in done:
            common = {"part": part, "case": case.name, "frames": frames, "seed": seed}
            rows = measure(part, case, frames, seed, options.latents)
            table = pd.DataFrame([{**common, **row} for row in rows], columns=COLUMNS)
            table.to_csv(path, mode="a", header=False, index=False)


def report(path: Path) -> None:
    """Print the table."""
    table = pd.read_csv(path)
    print("| case | frames | windows | latents | pairs | anything | blocks | dynamics | blocks |")
    print("|---" * 9 + "|")
    for key, rows in table.groupby(["part", "case", "frames", "windows"], sort=False):
        cells = [str(cell) for cell in (*key[1:], rows.latents.iloc[0], rows.seed.nunique())]
        for method in ("anything", "dynamics"):
            one = rows[rows.method == method]
            known = one.p_value.dropna()
            said = " / ".join(f"{100 * (known <= level).mean():.1f}" for level in LEVELS)
            refused = len(one) - len(known)
            cells.append(said + (f" ({refused} refused)" if refused else ""))
            low, middle, high = np.percentile(one.block, [5, 50, 95])
            cells.append(f"{middle:.0f} ({low:.0f}-{high:.0f})")
        print("| " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parts = ["traces", "movies", "stopped"]
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    parser.add_argument("--frames", type=int, nargs="+", default=[3000, 12000])
    parser.add_argument("--pairs", type=int, default=200, help="of traces, each case")
    parser.add_argument("--movies", type=int, default=20, help="each case")
    parser.add_argument("--latents", type=Path, default=Path("compare_still"))
    parser.add_argument("--rows", type=Path, default=Path("compare_still.csv"))
    parser.add_argument("--report", action="store_true", help="only print the table")
    options = parser.parse_args()
    print(f"{platform.machine()}, torch {torch.__version__}, {DRAWS} draws\n")
    if not options.report:
        torch.set_num_threads(1)
        run(options)
    report(options.rows)


if __name__ == "__main__":
    main()
