"""A movie with known drivers and the optics of a two-photon microscope: cells that differ.

Cells are rings with dim nuclei and a dendrite, may touch, and differ in rate and brightness
(log-normal); GCaMP6s rises in 60 ms, decays in 0.6 to 1.2 s and saturates (Hill 2.3). Over them lie
neuropil that is slow and shared, photon noise, bleaching by 30 % and a rest of motion of 0.5 px.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from napari_sparsevar import Movie, Truth
from napari_sparsevar.movie.reading.lazy_frames import from_memory

FloatArray = NDArray[np.float64]

SHAPE, FPS = (96, 96), 30.0
N_CELLS, N_DRIVERS, N_FOLLOWERS, COUPLING = 24, 4, 3, 0.5
RATE_HZ, RATE_SIGMA, SIZE_SIGMA = 0.7, 1.0, 0.6
RISE_S, DECAY_S, HILL = 0.06, (0.6, 1.2), 2.3
PHOTONS, BLEACHED, MOTION_PX = 3.0, 0.3, 0.5
NEUROPIL, NEUROPIL_S, N_FIELDS = (0.3, 0.7), 1.0, 3
TAILS = 0.05
"""Of its largest weight: less is no part of a footprint that a person would draw."""


class Wiring(NamedTuple):
    """Who drives whom: drivers, ascending, and coupling (n, n), rows drive columns."""

    drivers: NDArray[np.int64]
    coupling: NDArray[np.float32]


def simulate_optics(n_frames: int, seed: int) -> tuple[Movie, Truth]:
    """Return a movie of 96 x 96 pixels at 30 Hz, and the truth."""
    rng = np.random.default_rng([77, seed])
    centres = scattered(rng)
    footprints = np.stack([footprint(centre, rng) for centre in centres])
    wiring = wired(rng)
    traces = fluorescence(events(n_frames, wiring.coupling, rng), rng)
    frames = photographed(footprints, traces, rng)
    movie = Movie(data=from_memory(frames), fps=FPS, pixel_size_um=1.0, name=f"optics {seed}")
    drawn = np.where(footprints < TAILS, 0.0, footprints).astype(np.float32)
    placed, seen = centres.astype(np.float32), traces.astype(np.float32)
    return movie, Truth(drawn, placed, seen, wiring.coupling, wiring.drivers)


def scattered(rng: np.random.Generator) -> FloatArray:
    centres: list[FloatArray] = []
    while len(centres) < N_CELLS:
        centre = rng.uniform(6.0, np.array(SHAPE) - 6.0)
        if all(np.hypot(*(centre - other)) > 10.5 for other in centres):
            centres.append(centre)
    return np.array(centres)


def footprint(centre: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return a ring around a dim nucleus, with one dendrite, 1 at its brightest pixel."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    away, radius = np.hypot(y - centre[0], x - centre[1]), rng.uniform(4.5, 6.5)
    nucleus = 0.6 * np.exp(-2.0 * (away / radius) ** 2)
    body = (1.0 - nucleus) / (1.0 + np.exp((away - radius) / 0.7))
    angle, length = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(8.0, 18.0)
    for along in np.linspace(radius, radius + length, 30):
        row, column = centre + along * np.array([np.sin(angle), np.cos(angle)])
        spot = np.exp(-0.5 * ((y - row) ** 2 + (x - column) ** 2) / 1.2**2)
        body = np.maximum(body, 0.35 * spot)
    return np.asarray(body / body.max())


def wired(rng: np.random.Generator) -> Wiring:
    drivers = np.sort(rng.choice(N_CELLS, N_DRIVERS, replace=False)).astype(np.int64)
    others = rng.permutation(np.setdiff1d(np.arange(N_CELLS), drivers))
    coupling = np.zeros((N_CELLS, N_CELLS), np.float32)
    for number, driver in enumerate(drivers):
        coupling[driver, others[N_FOLLOWERS * number :][:N_FOLLOWERS]] = COUPLING
    return Wiring(drivers, coupling)


def events(n_frames: int, coupling: NDArray[np.float32], rng: np.random.Generator) -> FloatArray:
    """Return the size of the event of each cell in each frame, 10 s before the first included."""
    shape = (n_frames + round(10 * FPS), N_CELLS)
    rates = np.clip(RATE_HZ * np.exp(RATE_SIGMA * rng.standard_normal(N_CELLS)), 0.1, 5.0)
    fired = rng.random(shape) < rates / FPS
    for source, target in zip(*np.nonzero(coupling), strict=True):
        evoked = fired[:-1, source] & (rng.random(shape[0] - 1) < coupling[source, target])
        fired[1:, target] |= evoked
    return fired * rng.gamma(4.0, 0.25, shape)


def fluorescence(fired: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the light of each cell above rest, (T, n)."""
    seen = np.empty_like(fired)
    for cell in range(N_CELLS):
        decay = rng.uniform(*DECAY_S)
        t = np.arange(0.0, 6.0 * decay, 1.0 / FPS)
        kernel = (1.0 - np.exp(-t / RISE_S)) * np.exp(-t / decay)
        bound = signal.fftconvolve(fired[:, cell], kernel / kernel.max())[: len(fired)]
        seen[:, cell] = np.clip(bound, 0.0, None) ** HILL
    brightness = 2.0 * np.exp(np.hypot(SIZE_SIGMA, 0.3) * rng.standard_normal(N_CELLS))
    return np.asarray(brightness * seen / (seen + 1.0))[round(10 * FPS) :]


def photographed(
    footprints: FloatArray, traces: FloatArray, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Return the frames as a detector counts them, (T, Y, X)."""
    n_frames, flat = len(traces), footprints.reshape(N_CELLS, -1)
    tissue = np.clip(1.2 + 1.8 * ndimage.gaussian_filter(rng.standard_normal(SHAPE), 3), 0.4, None)
    rest = tissue.ravel() + 0.6 * flat.sum(axis=0)
    fields = np.stack(
        [ndimage.gaussian_filter(rng.standard_normal(SHAPE), 20) for _ in range(N_FIELDS)]
    )
    fields = 1.0 + 0.8 * fields / fields.std(axis=(1, 2), keepdims=True)
    courses = slow(n_frames, N_FIELDS, NEUROPIL_S * FPS, rng)
    neuropil = 0.35 * rng.uniform(*NEUROPIL) * courses @ fields.reshape(N_FIELDS, -1)
    motion = MOTION_PX * slow(n_frames, 2, 10.0, rng)
    gain = PHOTONS / rest.mean() * (1.0 - BLEACHED * np.arange(n_frames) / n_frames)
    frames = np.empty((n_frames, *SHAPE), np.uint16)
    for t in range(n_frames):
        light = rest + traces[t] @ flat + np.maximum(neuropil[t], -0.5)
        moved = ndimage.shift(light.reshape(SHAPE), motion[t], order=1, mode="nearest")
        frames[t] = 100 + 50 * rng.poisson(gain[t] * np.maximum(moved, 0.01))
    return frames


def slow(n_frames: int, n: int, memory: float, rng: np.random.Generator) -> FloatArray:
    """Return courses of variance 1 that forget after so many frames, (T, n)."""
    steps = rng.standard_normal((n_frames + 600, n))
    courses = signal.lfilter([1.0], [1.0, -np.exp(-1.0 / memory)], steps, axis=0)[600:]
    return np.asarray(courses / courses.std(axis=0))
