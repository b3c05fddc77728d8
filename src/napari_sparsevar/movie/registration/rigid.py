"""How far a frame is off as a whole: cross-correlation with a template that is refined."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from skimage.registration import phase_cross_correlation

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.inspection.sample import middle_of
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.movie.registration.lines import all_aligned, line_phase

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]

TEMPLATE_FRAMES, _ROUNDS = 300, 3
_SIDE_PX = 256
"""The middle of a large field says how all of it moved."""
_FINE_PX, _WIDE_PX, _TAPER = 1.0, 8.0, 0.08
"""Structure that is looked at: wider than noise, finer than the neuropil; and the share of each
side over which it fades, so that opposite edges do not meet."""
_UPSAMPLED, _ERRORS = 20, 2.0
_AGREEING = 100
"""Frames of which it is asked how far two halves of the field agree."""
_STRIPES_PX, _SHARE = 64, 1 / 3
"""Columns after which the stripes of two halves come again, and the share of the field that each
half is worth, as stripes fade."""


@dataclass(frozen=True, eq=False)
class Rigid:
    """A template, as the spectrum of what frames of a movie show in their middle.

    Attributes
    ----------
    template : ndarray of complex64, shape (y, x)
    crispness : float
        How much larger its slopes are than those of the frames as they were.
    moves : float
        Root mean square of the motion on which two halves of the field agree, in pixels: noise
        moves them apart.
    noise : ndarray, shape (2,)
        Variance of what noise adds to a shift, in square pixels.
    line_phase : float
        Of the movie as it was recorded; all else is of aligned lines.
    """

    shape: tuple[int, int]
    template: Spectrum
    crispness: float
    moves: float
    noise: FloatArray
    line_phase: float

    def seen(self, frames: npt.NDArray[np.generic]) -> Spectrum:
        """Return the spectra of frames (t, Y, X), (t, y, x)."""
        return _spectra(frames[:, *_middle(self.shape)])

    def shift(self, seen: Spectrum) -> FloatArray:
        """Return how far a frame is off, y and x; NaN of a frame that shows nothing."""
        return _shift(self.template, seen)

    def alike(self, seen: Spectrum, shift: FloatArray) -> float:
        """Return the correlation of a frame with the template as it is moved back by a shift."""
        size = float(np.linalg.norm(self.template) * np.linalg.norm(seen))
        product = np.conj(self.template) * _moved(seen, shift)
        return float(product.real.sum()) / size if size > 0 else 0.0

    @property
    def limits(self) -> FloatArray:
        """Rows and columns of what is looked at."""
        return np.array(self.template.shape, float)


def learning_rigid(movie: Movie) -> Generator[float, None, Rigid]:
    """Make a template of frames spread over the movie, moved onto each other.

    Raises
    ------
    UserError
        If they show nothing.
    """
    chosen = template_frames(movie, TEMPLATE_FRAMES)
    frames = compute(movie.data[chosen][:, *_middle(movie.shape)])
    phase = line_phase(frames)
    if phase:
        frames = all_aligned(frames, phase)
    seen = _spectra(frames)
    if not seen.any():
        raise UserError(f"{movie.name} cannot be registered: its frames show nothing.")
    template = first = seen.mean(axis=0)
    shifts = np.zeros((len(seen), 2))
    for number in range(_ROUNDS):
        yield number / _ROUNDS
        shifts = np.array([_shift(template, each) for each in seen])
        shifts -= np.nanmedian(shifts, axis=0)
        known = np.isfinite(shifts).all(axis=1)
        pairs = zip(seen[known], shifts[known], strict=True)
        template = np.mean([_moved(each, shift) for each, shift in pairs], axis=0)
    crispness = _slopes(template) / max(_slopes(first), 1e-12)
    moves, noise = _agreed(seen, shifts)
    return Rigid(movie.shape, template, crispness, moves, noise, phase)


def _middle(shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns that are looked at, from an even row."""
    rows, columns = middle_of(shape, _SIDE_PX)
    return slice(rows.start - rows.start % 2, rows.stop), columns


def template_frames(movie: Movie, most: int) -> npt.NDArray[np.intp]:
    """Return numbers of frames that count, spread over the movie."""
    counted = np.arange(movie.n_frames)
    if movie.left_out is not None:
        counted = counted[~movie.left_out.frames]
    return counted[:: max(1, len(counted) // most)]


def _agreed(seen: Spectrum, shifts: FloatArray) -> tuple[float, FloatArray]:
    """Return how far two halves of the field move together, rms, and what noise adds to shifts.

    The halves are stripes that take turns: a field that bends, bends both. Noise moves them apart.

    Returns
    -------
    moves : float
    noise : ndarray, shape (2,)
        Its variance in the shifts of all of the field, in square pixels.
    """
    known = np.isfinite(shifts).all(axis=1)
    seen, shifts = seen[known], shifts[known]
    if len(seen) < 2:
        return 0.0, np.zeros(2)
    back = np.stack([_moved(*pair) for pair in zip(seen, shifts, strict=True)])
    templates = [back[1::2].mean(axis=0), back[::2].mean(axis=0)]
    chosen = np.arange(0, len(back), -(-len(back) // _AGREEING))
    columns = np.arange(seen.shape[2]) + 0.5
    wave = np.sin(2 * np.pi * columns / min(_STRIPES_PX, len(columns))).astype(np.float32)
    halves = []
    for mask in (np.maximum(wave, 0.0), np.minimum(wave, 0.0)):
        masked = [_masked(each, mask) for each in templates]
        # Against frames that it is not part of: noise fits itself.
        rest = [_shift(masked[number % 2], _masked(back[number], mask)) for number in chosen]
        half = shifts[chosen] + np.nan_to_num(rest)
        halves.append(half - np.median(half, axis=0))
    one, other = halves
    error = np.sqrt((one**2).mean(axis=0) * (other**2).mean(axis=0) / len(chosen))
    sure = (one * other).mean(axis=0) - _ERRORS * error
    apart = 1.4826 * np.median(abs(one - other), axis=0)
    return float(np.sqrt(np.clip(sure, 0.0, None).sum())), apart**2 / 2 * _SHARE


def _masked(spectrum: Spectrum, columns: Float32Array) -> Spectrum:
    found: Spectrum = fft.fft2(fft.ifft2(spectrum) * columns)
    return found


def _spectra(frames: npt.NDArray[np.generic]) -> Spectrum:
    """Return spectra of what is wider than noise and finer than neuropil in frames (t, y, x)."""
    known = np.nan_to_num(frames.astype(np.float32))
    known -= known.mean(axis=(1, 2), keepdims=True)
    known *= np.outer(*(_fading(length) for length in frames.shape[1:])).astype(np.float32)
    # As two blurs of the frames, one taken from the other.
    squares = _squares(frames.shape[1:])
    fine, wide = (np.exp(-2 * np.pi**2 * px**2 * squares) for px in (_FINE_PX, _WIDE_PX))
    found: Spectrum = fft.fft2(known) * (fine - wide).astype(np.float32)
    return found


def _squares(shape: tuple[int, ...]) -> FloatArray:
    """Return the square of each frequency of a spectrum, in cycles a pixel."""
    rows, columns = (fft.fftfreq(length) for length in shape)
    return np.asarray(rows[:, None] ** 2 + columns[None] ** 2)


def _fading(length: int) -> FloatArray:
    """Return 1 in the middle of a side, falling to 0 at its ends along a cosine."""
    away = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(away / (_TAPER * length), 1.0))


def _shift(template: Spectrum, seen: Spectrum) -> FloatArray:
    if not seen.any():
        return np.full(2, np.nan)
    found, _, _ = phase_cross_correlation(
        template, seen, upsample_factor=_UPSAMPLED, normalization=None, space="fourier"
    )
    return -np.asarray(found, float)


def _moved(seen: Spectrum, shift: FloatArray) -> Spectrum:
    """Return the spectrum of a frame that is off by a shift as it would be without it."""
    turns = [
        np.exp(2j * np.pi * fft.fftfreq(length) * off).astype(np.complex64)
        for length, off in zip(seen.shape, shift, strict=True)
    ]
    moved: Spectrum = seen * turns[0][:, None] * turns[1][None]
    return moved


def _slopes(spectrum: Spectrum) -> float:
    """Return the norm of the slopes of an image, by its spectrum."""
    return float(np.sqrt((abs(spectrum) ** 2 * _squares(spectrum.shape)).sum()))
