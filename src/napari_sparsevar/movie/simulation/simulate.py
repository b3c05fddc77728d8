"""A movie with known drivers."""

from __future__ import annotations

from dataclasses import dataclass

import dask.array as da
import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.sparse import csr_array

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.simulation import tissue
from napari_sparsevar.movie.simulation.activity import calcium, connect
from napari_sparsevar.movie.simulation.regime import Regime, find_regime
from napari_sparsevar.movie.simulation.truth import Truth

# Grey values: a typical cell's signal (standard deviation), its rest, and the tissue around it.
_SIGNAL, _CELL_REST, _TISSUE = 200.0, 300.0, 1000.0
_SHOT_SHARE = 0.7  # of the noise variance grows with brightness, the rest is read noise
_NEUROPIL_FIELDS, _NEUROPIL_TAU_S = 3, 1.5
_BLOCK_BYTES = 16 * 2**20  # of float32 work at a time
_EAGER_BYTES = 256 * 2**20  # smaller movies are kept in memory, larger ones drawn when read


@dataclass(frozen=True, eq=False)
class _Scene:
    """Everything that is the same in every block of frames."""

    static: NDArray[np.float32]  # (pixels,)
    fields: NDArray[np.float32]  # (n_fields, pixels)
    footprints: csr_array  # (n_cells, pixels)
    noise: float  # grey values
    offset: float  # grey values, so that noise is rarely cut off at 0


def simulate_movie(
    n_frames: int = 3000,
    shape: tuple[int, int] = (64, 64),
    *,
    seed: int = 0,
    regime: str | Regime = "easy",
    noise: float | None = None,
    coupling: float | None = None,
    later_coupling: float | None = None,
    fps: float = 15.0,
    pixel_size_um: float = 2.0,
    n_cells: int = 36,
    n_drivers: int = 6,
    n_followers: int = 4,
    decay_s: float = 0.5,
    event_rate_hz: float = 1.0,
    cell_radius_px: float = 3.0,
    neuropil: float = 1.0,
) -> tuple[Movie, Truth]:
    """Simulate a calcium movie in which some cells drive others one frame later.

    Cells fire at random, calcium decays after each event, and an event of a driver evokes events
    of its followers in the next frame. Around them are tissue of uneven brightness, dark vessels
    and a neuropil signal that is slow and shared over space; shot noise and read noise lie on
    top. Rate, temporal statistics, variance and brightness of a cell do not depend on its role.

    Parameters
    ----------
    n_frames : int
        Number of frames T.
    shape : tuple of int
        Height and width of the field of view in pixels.
    seed : int
        The same arguments and seed give the same movie, to the last bit.
    regime : str or Regime
        How hard it is: ``easy``, ``medium_noise``, ``strong_noise``, ``weak_coupling``.
    noise, coupling : float, optional
        Override the regime's, see `Regime`.
    later_coupling : float, optional
        Coupling in the second half of the movie, at most that of the first; the rate of events
        stays the same. `Truth` says that of the first half.
    fps : float
        Frames per second.
    pixel_size_um : float
        Edge of a pixel in micrometres; it does not change the picture.
    n_cells, n_drivers, n_followers : int
        Cells in all, how many of them drive others, and how many followers each driver has.
    decay_s : float
        Time constant of calcium in seconds; 0 for none.
    event_rate_hz : float
        Events per second and cell.
    cell_radius_px : float
        Mean radius of a cell in pixels; centres are at least two radii and a pixel apart.
    neuropil : float
        Standard deviation of the neuropil signal in units of a typical cell's signal.

    Returns
    -------
    movie : Movie
        Frames of uint16; drawn when they are read where the movie is large.
    truth : Truth
        Cells, traces and connections.

    Raises
    ------
    UserError
        If the numbers contradict each other, for example more cells than fit.
    """
    chosen = find_regime(regime)
    noise = chosen.noise if noise is None else noise
    coupling = chosen.coupling if coupling is None else coupling
    later = coupling if later_coupling is None else later_coupling
    if not 0 <= later <= coupling:
        raise UserError(
            f"later_coupling is {later:g}: choose 0 to {coupling:g}, that of the first half."
        )
    _check(n_frames, shape, n_cells, n_drivers, n_followers)
    _check_ranges(
        coupling,
        positive={"fps": fps, "pixel_size_um": pixel_size_um, "cell_radius_px": cell_radius_px},
        other={"decay_s": decay_s, "noise": noise, "neuropil": neuropil},
    )
    # One stream for each part: adding a frame or more noise does not move the cells.
    rngs = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)]
    scatter, shapes, wiring, spikes, slow = rngs
    distance = 2 * cell_radius_px + 1
    centres = tissue.place_cells(
        shape, n_cells, min_distance_px=distance, margin_px=cell_radius_px, rng=scatter
    )
    footprints = tissue.draw_footprints(shape, centres, cell_radius_px, shapes)
    drivers, matrix = connect(centres, n_drivers, n_followers, coupling, 2 * distance, wiring)
    traces = calcium(
        n_frames,
        matrix,
        fps=fps,
        decay_s=decay_s,
        event_rate_hz=event_rate_hz,
        rng=spikes,
        later_share=later / coupling if coupling else 1.0,
    )
    brightness = np.exp(0.3 * shapes.standard_normal(n_cells)).astype(np.float32)
    traces *= _SIGNAL * brightness
    scene = _make_scene(footprints, brightness, noise * _SIGNAL, neuropil * _SIGNAL, shapes)
    courses = _neuropil_courses(n_frames, fps, slow)
    movie = Movie(
        data=_frames(scene, courses, traces, shape, seed),
        fps=fps,
        pixel_size_um=pixel_size_um,
        name=f"simulated (seed {seed})",
    )
    truth = Truth(
        footprints=footprints, centres=centres, traces=traces, coupling=matrix, drivers=drivers
    )
    return movie, truth


def _check(
    n_frames: int, shape: tuple[int, int], n_cells: int, n_drivers: int, n_followers: int
) -> None:
    if n_frames < 1 or min(shape) < 1:
        raise UserError("A simulated movie needs at least one frame and one pixel.")
    if n_cells < 1 or n_drivers < 0 or n_followers < 0:
        raise UserError("n_cells must be at least 1; n_drivers and n_followers at least 0.")


def _check_ranges(coupling: float, positive: dict[str, float], other: dict[str, float]) -> None:
    for name, value in positive.items():
        if not 0 < value < float("inf"):
            raise UserError(f"{name} must be a positive number, not {value:g}.")
    for name, value in other.items():
        if not 0 <= value < float("inf"):
            raise UserError(f"{name} must be 0 or a positive number, not {value:g}.")
    if not 0 <= coupling <= 1:
        raise UserError(f"coupling is a probability from 0 to 1, not {coupling:g}.")


def _make_scene(
    footprints: NDArray[np.float32],
    brightness: NDArray[np.float32],
    noise: float,
    neuropil: float,
    rng: np.random.Generator,
) -> _Scene:
    shape = footprints.shape[1:]
    cells = csr_array(footprints.reshape(len(footprints), -1))
    width = min(24.0, 0.25 * max(shape))
    light = tissue.draw_vessels(shape, rng)
    tissue_image = (
        _TISSUE * light * np.clip(1 + 0.15 * tissue.smooth_field(shape, width, rng), 0.4, 2)
    )
    static = tissue_image.ravel() + _CELL_REST * (cells.T @ brightness)
    amplitude = neuropil / np.sqrt(_NEUROPIL_FIELDS)
    fields = np.stack(
        [
            # Neuropil rises and falls together; it differs over space in how much.
            (amplitude * light * (0.6 + 0.8 * tissue.smooth_field(shape, width, rng))).ravel()
            for _ in range(_NEUROPIL_FIELDS)
        ]
    )
    return _Scene(
        static=static.astype(np.float32),
        fields=fields,
        footprints=cells,
        noise=noise,
        offset=100.0 + 3.0 * noise,
    )


def _neuropil_courses(n_frames: int, fps: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return slow random time courses of variance 1, shape (T, n_fields)."""
    keep = np.exp(-1.0 / (_NEUROPIL_TAU_S * fps))
    start = rng.standard_normal((1, _NEUROPIL_FIELDS))
    steps = np.sqrt(1 - keep**2) * rng.standard_normal((n_frames, _NEUROPIL_FIELDS))
    courses, _ = lfilter([1.0], [1.0, -keep], steps, axis=0, zi=keep * start)
    result: NDArray[np.float32] = courses.astype(np.float32)
    return result


def _frames(
    scene: _Scene,
    courses: NDArray[np.float32],
    traces: NDArray[np.float32],
    shape: tuple[int, int],
    seed: int,
) -> da.Array:
    """Return the movie as dask blocks; a small one is drawn at once."""
    n_frames = len(traces)
    n_pixels = shape[0] * shape[1]
    length = max(1, _BLOCK_BYTES // (4 * n_pixels))

    def draw(start: int, stop: int) -> NDArray[np.uint16]:
        block = slice(start, stop)
        return _draw_block(scene, courses[block], traces[block], shape, (seed, start))

    if 2 * n_frames * n_pixels > _EAGER_BYTES:
        return lazy_frames.from_reader(draw, (n_frames, *shape), np.uint16, length=length)
    return lazy_frames.from_memory(
        np.concatenate([draw(*run) for run in lazy_frames.runs(n_frames, length)])
    )


def _draw_block(
    scene: _Scene,
    courses: NDArray[np.float32],
    traces: NDArray[np.float32],
    shape: tuple[int, int],
    key: tuple[int, int],
) -> NDArray[np.uint16]:
    """Return one block of noisy frames, shape (t, Y, X); the key alone decides its noise."""
    rng = np.random.default_rng(key)
    frames = courses @ scene.fields
    frames += scene.static
    frames += (scene.footprints.T @ traces.T).T
    # Shot noise: variance in proportion to the light, as of many photons.
    variance = np.maximum(frames, 0.0)
    variance *= _SHOT_SHARE * scene.noise**2 / _TISSUE
    variance += (1 - _SHOT_SHARE) * scene.noise**2
    np.sqrt(variance, out=variance)
    variance *= rng.standard_normal(frames.shape, dtype=np.float32)
    frames += variance
    frames += scene.offset + 0.5
    np.clip(frames, 0, np.iinfo(np.uint16).max, out=frames)
    return frames.astype(np.uint16).reshape(-1, *shape)
