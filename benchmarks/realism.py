"""How simulated movies compare with a recording: photons, brightness, signals, what is shared.

    python benchmarks/realism.py --recording MOVIE --fps 30 [--regimes optics all] [--seeds 1-4]

Everything is estimated from frames alone, in the same way of both. Photons: of a pixel of median
brightness in a frame, from how noise grows with light. Bright: 95th percentile of the mean image,
in units of its median. Signals: standard deviation over time of what is averaged over 2 pixels
(Gaussian) and a third of a second, without drift (a parabola over the movie) and what photons make
of it, in units of the median brightness: half, 9 in 10 and 99 in 100 pixels have less. Shared:
correlation over time of blocks of 8 x 8 pixels, the darker half of them, 15 to 30 and more than 45
pixels apart. Motion: standard deviation of the shifts of registration. Prints a table in markdown,
means over seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.ndimage import gaussian_filter

import napari_sparsevar as sv
from napari_sparsevar.movie import REGIMES
from napari_sparsevar.movie.registration.interpolation import moved
from napari_sparsevar.movie.registration.register import estimating_shifts
from napari_sparsevar.movie.simulation.photon_transfer import photon_transfer
from napari_sparsevar.progress import returned
from places import seeds_of

Array = npt.NDArray[np.float32]

SMOOTHING_PX, AVERAGED_S, BLOCK_PX, RIM_PX = 2.0, 1.0 / 3.0, 8, 8
NEAR_PX, FAR_PX = (15.0, 30.0), 45.0


class Look(NamedTuple):
    """What a movie is like; a column of the table each."""

    photons: float
    bright: float
    half: float
    most: float
    strongest: float
    near: float
    far: float
    motion: float


def look_at(movie: sv.Movie) -> Look:
    """Estimate what a movie is like."""
    transfer, shifts = photon_transfer(movie), returned(estimating_shifts(movie))
    frames = np.asarray(movie.data, dtype=np.float32) - transfer.dark
    pairs = zip(frames, shifts.values, strict=True)
    rim = slice(RIM_PX, -RIM_PX)
    still = np.stack([moved(frame, shift) for frame, shift in pairs])[:, rim, rim]
    averaged = max(1, round(AVERAGED_S * (movie.fps or 30.0)))
    calm = in_runs(gaussian_filter(still, (0, SMOOTHING_PX, SMOOTHING_PX)), averaged)
    mean, calm = calm.mean(axis=0), without_drift(calm)
    photon_noise = transfer.gain * mean / (averaged * 4 * np.pi * SMOOTHING_PX**2)
    median = float(np.median(mean))
    signal = np.sqrt(np.maximum(calm.var(axis=0) - photon_noise, 0.0)) / median
    near, far = shared(in_runs(still, averaged))
    return Look(
        median / transfer.gain,
        float(np.quantile(mean, 0.95)) / median,
        *(float(each) for each in np.quantile(signal, (0.5, 0.9, 0.99))),
        near,
        far,
        float(shifts.values.std()),
    )


def in_runs(frames: Array, length: int) -> Array:
    """Return means of successive runs of frames."""
    whole = len(frames) // length * length
    return np.asarray(frames[:whole].reshape(-1, length, *frames.shape[1:]).mean(axis=1))


def without_drift(courses: Array) -> Array:
    """Return time courses (T, ...) less the parabola that fits them best."""
    flat, time = courses.reshape(len(courses), -1), np.linspace(-1.0, 1.0, len(courses))
    slow = np.linalg.qr(np.vander(time, 3))[0]
    return np.asarray((flat - slow @ (slow.T @ flat)).reshape(courses.shape))


def shared(frames: Array) -> tuple[float, float]:
    """Return how alike dark blocks are over time, near and far from each other."""
    rows, columns = (side // BLOCK_PX for side in frames.shape[1:])
    cut = frames[:, : rows * BLOCK_PX, : columns * BLOCK_PX]
    blocks = cut.reshape(len(cut), rows, BLOCK_PX, columns, BLOCK_PX).mean(axis=(2, 4))
    light = blocks.mean(axis=0)
    places = np.argwhere(light <= np.median(light))
    courses = without_drift(blocks[:, places[:, 0], places[:, 1]])
    away = BLOCK_PX * np.linalg.norm(places[:, None] - places, axis=-1)
    alike = np.corrcoef(courses.T)
    near = (away >= NEAR_PX[0]) & (away <= NEAR_PX[1])
    return float(alike[near].mean()), float(alike[away > FAR_PX].mean())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--recording", type=Path, nargs="*", default=[])
    parser.add_argument("--fps", type=float, help="of the recordings")
    parser.add_argument("--regimes", nargs="*", choices=REGIMES, default=["easy", "optics", "all"])
    parser.add_argument("--seeds", type=seeds_of, default=range(1, 5), help="for example 1-4")
    parser.add_argument("--frames", type=int, default=1000)
    options = parser.parse_args()
    columns = "photons | bright | signals: half | 9 in 10 | 99 in 100 | shared, near | far | motion"
    print(f"| movie | {columns} |\n|---|{'---:|' * len(Look._fields)}")
    for path in options.recording:
        show(path.stem, [look_at(sv.open_movie(path, fps=options.fps))])
    for regime in options.regimes:
        movies = (
            sv.simulate_movie(options.frames, regime=regime, seed=seed)[0] for seed in options.seeds
        )
        show(regime, [look_at(movie) for movie in movies])


def show(name: str, looks: list[Look]) -> None:
    """Print a row."""
    mean = pd.DataFrame(looks).mean()
    print(f"| {name} | {' | '.join(f'{value:.2f}' for value in mean)} |", flush=True)


if __name__ == "__main__":
    main()
