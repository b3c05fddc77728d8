"""How wide the cells of a movie are, from how far neighbouring pixels are active together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2

from napari_sparsevar.movie.inspection.sample import Patch, sampled_frames, standardised
from napari_sparsevar.movie.inspection.static import StaticImages
from napari_sparsevar.movie.movie import Movie

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]

_MOST_FRAMES = 2048
_MOST_VALUES = 2**26  # pixels times frames: memory and time stay the same for large fields
_TILE_PX, _TILES_PER_SIDE = 128, 2
_HALF_BIN_S, _HALF_BIN_FRAMES = 0.25, 4  # the latter where the frame rate is unknown
_LEAST_BINS = 16
_SHARED_PX, _SHARED_PER_SIDE = 32, 3  # blocks that hold several cells: none is regressed out

_SMALLEST_PX, _STEP = 2.5, 1.02
_FARTHEST_PX, _NEAREST_REACH_PX = 64, 24
_REACH = 2.5  # diameters to which the profile is fitted
_EDGE = 6.0  # radii over which brightness falls, inverse: light microscopes blur
_LARGEST = 0.7  # of the reach: beyond it a cell cannot be told from the background
_MODEL_ERROR = 0.03  # of the profile's height; cells are no discs
_LEAST_Z, _LEAST_SHARE = 5.0, 0.5


class Profile(NamedTuple):
    """Covariance over time of two pixels against their distance.

    Attributes
    ----------
    covariance : ndarray, shape (n,)
        Mean over all pairs of pixels 0, 1, 2 ... pixels apart, in units of the noise variance.
    error : ndarray, shape (n,)
        Its standard error where there is nothing but noise.
    """

    covariance: FloatArray
    error: FloatArray


class _Fit(NamedTuple):
    diameter: float
    z: float  # height of the cells' part in standard errors
    share: float  # of the profile's variance that only cells explain


def guess_cell_diameter(
    movie: Movie, images: StaticImages, bad: NDArray[np.bool_] | None = None
) -> float | None:
    """Guess the diameter of a typical active cell at half its brightness.

    Pixels of one cell are active together, so the covariance of two pixels over time falls with
    their distance as two discs overlap less and less. What the field shares (neuropil) is
    regressed out first; noise drops out because each pair of pixels is compared in alternate
    frames.

    Parameters
    ----------
    movie : Movie
        The movie; about 2000 of its frames are read, fewer of a large field.
    images : StaticImages
        Its mean and noise.
    bad : ndarray of bool, shape (T,), optional
        Frames to leave out.

    Returns
    -------
    float or None
        Pixels; None where no cells are seen.
    """
    profile = activity_profile(movie, images, bad)
    if profile is None:
        return None
    # A wide look first; then only as far as cells reach, where the background is simple.
    fit = _fit(profile, len(profile.covariance), degree=2)
    fit = fit or _fit(profile, _NEAREST_REACH_PX, degree=1)
    for _ in range(3):
        if fit is None:
            return None
        reach = max(_NEAREST_REACH_PX, round(_REACH * fit.diameter))
        fit = _fit(profile, reach, degree=1)
    seen = fit is not None and fit.z >= _LEAST_Z and fit.share >= _LEAST_SHARE
    return fit.diameter if fit is not None and seen else None


def in_words(diameter_px: float, pixel_size_um: float | None) -> str:
    """Write a diameter as a person would.

    Parameters
    ----------
    diameter_px : float
        In pixels.
    pixel_size_um : float or None
        Edge of a pixel in micrometres.

    Returns
    -------
    str
        In micrometres where the size of a pixel is known, else in pixels.
    """
    if pixel_size_um is None:
        return f"{diameter_px:.2g} pixels"
    return f"{diameter_px * pixel_size_um:.2g} µm"


def activity_profile(
    movie: Movie, images: StaticImages, bad: NDArray[np.bool_] | None = None
) -> Profile | None:
    """Measure how the covariance of activity falls with distance.

    Parameters
    ----------
    movie : Movie
        The movie.
    images : StaticImages
        Its mean and noise.
    bad : ndarray of bool, shape (T,), optional
        Frames to leave out.

    Returns
    -------
    Profile or None
        None for fewer frames than can tell anything.
    """
    reach = min(_FARTHEST_PX, 2 * min(movie.shape) // 3)
    found = []
    for even, odd in _alternating_means(movie, images, _patches(movie.shape), bad):
        if len(even) < _LEAST_BINS:
            return None
        found.append(_tile_profile(*_without_shared(even, odd), reach))
    covariance = np.mean([profile.covariance for profile in found], axis=0)
    error = np.sqrt(np.mean([profile.error**2 for profile in found], axis=0) / len(found))
    return Profile(covariance, error)


def _patches(shape: tuple[int, int]) -> list[Patch]:
    """Return up to four tiles, evenly spread over the field of view."""
    sides = []
    for length in shape:
        n_tiles = min(_TILES_PER_SIDE, -(-length // _TILE_PX))
        width = min(_TILE_PX, length // n_tiles)
        starts = (length * (2 * tile + 1) // (2 * n_tiles) - width // 2 for tile in range(n_tiles))
        sides.append([slice(start, start + width) for start in starts])
    return [(rows, columns) for rows in sides[0] for columns in sides[1]]


def _alternating_means(
    movie: Movie,
    images: StaticImages,
    patches: list[Patch],
    bad: NDArray[np.bool_] | None,
) -> Iterator[tuple[Float32Array, Float32Array]]:
    """Yield for each patch means of the even and of the odd frames of short bins, (bins, Y, X).

    The noise of the two is independent, the activity nearly the same.
    """
    half = max(1, round(_HALF_BIN_S * movie.fps)) if movie.fps else _HALF_BIN_FRAMES
    means: list[list[Float32Array]] = [[] for _ in patches]
    limit = _affordable_frames(movie.shape)
    for frames in sampled_frames(movie, limit, bad, images.ignored):
        length = max(1, min(half, len(frames) // 2))
        n_bins = len(frames) // (2 * length)
        for collected, patch in zip(means, patches, strict=True):
            part = standardised(frames[: n_bins * 2 * length], images, patch)
            collected.append(part.reshape(n_bins, length, 2, *part.shape[1:]).mean(axis=1))
    for collected in means:
        both = np.concatenate(collected)
        yield both[:, 0], both[:, 1]


def _affordable_frames(shape: tuple[int, int]) -> int:
    used = min(shape[0] * shape[1], (_TILES_PER_SIDE * _TILE_PX) ** 2)
    return min(_MOST_FRAMES, _MOST_VALUES // used)


def _without_shared(even: Float32Array, odd: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Regress the time courses of large blocks of the field out of both, (bins, Y, X)."""
    both = even + odd
    rows, columns = (
        max(1, min(_SHARED_PER_SIDE, length // _SHARED_PX)) for length in both.shape[1:]
    )
    courses = [np.ones(len(both), np.float32)]
    for band in np.array_split(both, rows, axis=1):
        courses += [
            np.median(block, axis=(1, 2)) for block in np.array_split(band, columns, axis=2)
        ]
    basis = np.linalg.qr(np.stack(courses, axis=1))[0].astype(np.float32)
    return _regressed(even, basis), _regressed(odd, basis)


def _regressed(frames: Float32Array, basis: Float32Array) -> Float32Array:
    flat = frames.reshape(len(frames), -1)
    return np.asarray((flat - basis @ (basis.T @ flat)).reshape(frames.shape))


def _tile_profile(even: Float32Array, odd: Float32Array, reach: int) -> Profile:
    """Return the covariance of the two against distance, from 0 to ``reach`` - 1 pixels."""
    n_bins, height, width = even.shape
    # Room for shifts up to the reach, so that opposite edges do not meet.
    size = (next_fast_len(height + reach, True), next_fast_len(width + reach, True))
    power = sum(
        (rfft2(a, size) * rfft2(b, size).conj()).real for a, b in zip(even, odd, strict=True)
    )
    y, x = (np.abs(np.fft.fftfreq(n, 1 / n)) for n in size)
    n_pairs = np.outer(np.maximum(height - y, 0), np.maximum(width - x, 0))
    ring = np.rint(np.hypot(y[:, None], x)).astype(int)
    near = (ring < reach) & (n_pairs > 0)
    products = np.bincount(ring[near], irfft2(power, size)[near], reach)
    pairs = np.maximum(np.bincount(ring[near], n_pairs[near], reach), 1.0)
    noise = float(even.var()) * float(odd.var())
    # A shift and its opposite are the same pairs of pixels, in different halves of the frames.
    return Profile(products / (n_bins * pairs), np.sqrt(noise / (n_bins * pairs)))


def _fit(profile: Profile, reach: int, degree: int) -> _Fit | None:
    """Fit the overlap of two cells on a smooth background to the profile within a reach.

    Returns None where no diameter between the smallest and the largest fits best.
    """
    covariance, error = (values[:reach] for values in profile)
    distance = np.arange(len(covariance))
    weight = 1 / np.hypot(error, _MODEL_ERROR * np.abs(covariance[:4]).max())
    powers = (distance[:, None] / len(distance)) ** np.arange(degree + 1)
    background, _ = np.linalg.qr(powers * weight[:, None])
    n_steps = int(np.log(_LARGEST * len(distance) / _SMALLEST_PX) / np.log(_STEP))
    diameters = _SMALLEST_PX * _STEP ** np.arange(n_steps + 1)
    cells = disc_overlap(distance[:, None] / diameters) * weight[:, None]
    cells -= background @ (background.T @ cells)
    left = covariance * weight
    left -= background @ (background.T @ left)
    z = left @ cells / np.linalg.norm(cells, axis=0)
    best = int(np.argmax(z))
    if best in (0, n_steps):
        return None
    return _Fit(float(diameters[best]), float(z[best]), float(z[best] ** 2 / (left @ left)))


def disc_overlap(distance: FloatArray) -> FloatArray:
    """Return the overlap of a round cell with a copy of itself.

    Parameters
    ----------
    distance : ndarray
        From one to the other, in diameters at half brightness.

    Returns
    -------
    ndarray
        1 at distance 0, falling to 0.
    """
    return np.interp(distance, *_overlap_table(), right=0.0)


@cache
def _overlap_table() -> tuple[FloatArray, FloatArray]:
    """Return distances in diameters and the overlap of two discs with soft edges."""
    steps, n = 24, 128
    position = np.arange(-n, n) / steps
    radius = np.hypot(position[:, None], position) / 0.5
    cell = 1 / (1 + np.exp(np.clip(_EDGE * (radius - 1), -50, 50)))
    overlap = irfft2(np.abs(rfft2(cell)) ** 2, cell.shape)[0, :n]
    return np.arange(n) / steps, overlap / overlap[0]
