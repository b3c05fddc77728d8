"""Registration: how far off its shifts are, how long they take, and what it leaves alone.

python benchmarks/register.py                             a table of simulated motion
python benchmarks/register.py --movie PATH                also what a movie of your own gains
python benchmarks/register.py --drivers 21-24             only the maps of moving movies

A field of view drifts, jitters and, in the lower half of the table, bends by about a pixel. Error
is what is left of the motion, rms over pixels and frames, in the inner four fifths of the field.
suite2p's rigid registration stands beside it where `make suite2p` has made its environment.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie import Nuisances, open_movie, register, simulate_movie
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.registration.lines import line_phase
from napari_sparsevar.movie.registration.register import estimating_shifts
from napari_sparsevar.movie.registration.shifts import KINDS, Kind, Shifts
from napari_sparsevar.progress import returned
from register_parts.drivers import driver_aurocs
from register_parts.motion import Moving, left_of, moving_movie
from register_parts.rival import is_installed, seconds_of_suite2p

CASES = [
    ("easy", 128, False),
    ("medium_noise", 128, False),
    ("strong_noise", 128, False),
    ("easy", 256, True),
    ("medium_noise", 256, True),
    ("strong_noise", 256, True),
]
NAMES = ("movie", "pixels", "bends", "kind", "moves", "error", "before", "after", "crisp", "ms")


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--frames", type=int, default=300)
    options.add_argument("--seed", type=int, default=11)
    options.add_argument("--movie", type=Path)
    options.add_argument("--drivers", metavar="FIRST-LAST", help="seeds")
    chosen = options.parse_args()
    if chosen.drivers is not None:
        first, _, last = chosen.drivers.partition("-")
        return drivers(range(int(first), int(last or first) + 1))
    line(NAMES)
    for regime, side, bends in CASES:
        moving = moving_movie(regime, side, chosen.frames, chosen.seed, bends)
        for kind in KINDS:
            row(moving, kind, regime, bends)
    left_alone(chosen.frames, chosen.seed)
    lines_off(chosen.frames, chosen.seed)
    if is_installed():
        beside_suite2p(chosen.frames, chosen.seed)
    if chosen.movie is not None:
        one_movie(open_movie(chosen.movie))


def drivers(seeds: range) -> None:
    """Print how well the map tells drivers, still, moving and held still."""
    for seed in seeds:
        found = driver_aurocs(seed)
        print(seed, *(f"{name} {auroc:.3f}" for name, auroc in found.items()), flush=True)


def row(moving: Moving, kind: Kind, regime: str, bends: bool) -> None:
    """Print how well one movie is held still."""
    shifts, seconds = timed(moving.movie, kind)
    before, after = left_of(None, moving.field), left_of(shifts, moving.field)
    line(
        (
            regime,
            moving.movie.shape[0],
            "yes" if bends else "no",
            kind,
            f"{before:.2f}",
            f"{after:.2f}",
            f"{shifts.before.mean():.2f}",
            f"{shifts.alike.mean():.2f}",
            f"{shifts.crispness:.2f}",
            f"{1000 * seconds / moving.movie.n_frames:.1f}",
        )
    )


def left_alone(n_frames: int, seed: int) -> None:
    """Print what becomes of movies that lie still, and of one that was registered."""
    print("\nmovies that lie still (left alone: yes or no; shift of one frame in a hundred, rms)")
    for regime in ("easy", "medium_noise", "strong_noise"):
        movie, _ = simulate_movie(n_frames, (128, 128), seed=seed, regime=regime)
        for kind in KINDS:
            said(movie, kind, regime)
    moving = moving_movie("easy", 128, n_frames, seed, bends=False)
    still = register(moving.movie)
    frames = np.nan_to_num(still.data.compute())
    said(replace(still, data=open_movie(frames).data, registered=None), "rigid", "registered")


def said(movie: Movie, kind: Kind, name: str) -> None:
    """Print whether a movie is left alone."""
    alone = register(movie, kind).data is movie.data
    shifts = returned(estimating_shifts(movie, kind))
    answer = "yes" if alone else "no"
    seen = f"{shifts.largest:.2f} px, {shifts.moves:.2f} px beyond noise"
    print(f"{name:>14} {kind:>9}  {answer:>3}  {seen}", flush=True)


def lines_off(n_frames: int, seed: int) -> None:
    """Print what is found of a line phase, five movies each, and where there is none."""
    print("\nline phase in pixels: what is found in five movies")
    for regime in ("easy", "medium_noise", "strong_noise"):
        for phase in (0.0, 0.3, 0.5, 1.0, 3.0):
            found = [
                _line_phase(n_frames, number, regime, phase) for number in range(seed, seed + 5)
            ]
            print(f"{regime:>14} {phase:4.1f}  {' '.join(f'{each:5.2f}' for each in found)}")


def _line_phase(n_frames: int, seed: int, regime: str, phase: float) -> float:
    nuisances = Nuisances().adding(f"line_phase:px={phase}") if phase else None
    movie, _ = simulate_movie(n_frames, (96, 96), seed=seed, regime=regime, nuisances=nuisances)
    return line_phase(movie.data.compute())


def beside_suite2p(n_frames: int, seed: int) -> None:
    """Print the time of both on the same frames, 512 x 512."""
    movie = moving_movie("easy", 512, n_frames, seed, bends=False).movie
    frames: NDArray[np.uint16] = movie.data.compute()
    ours = timed(movie, "rigid")[1]
    theirs = seconds_of_suite2p(frames)
    print(f"\n512 x 512, {n_frames} frames, rigid: {ours:.1f} s, suite2p {theirs:.1f} s")


def one_movie(movie: Movie) -> None:
    """Print what a movie gains."""
    for kind in KINDS:
        shifts, seconds = timed(movie, kind)
        print(f"\n{movie.name}, {kind}, {1000 * seconds / movie.n_frames:.1f} ms a frame")
        print(shifts.sentence(), f"Crispness {shifts.crispness:.2f}.")
        print(shifts.quality().round(2).to_string(index=False), flush=True)


def timed(movie: Movie, kind: Kind) -> tuple[Shifts, float]:
    """Return the shifts of a movie and the seconds they took."""
    began = time.perf_counter()
    shifts = returned(estimating_shifts(movie, kind))
    return shifts, time.perf_counter() - began


def line(cells: tuple[object, ...]) -> None:
    """Print a line of the table."""
    print("  ".join(f"{cell!s:>12}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
