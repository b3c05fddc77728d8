"""A movie whose field of view was moved, held still: shifts estimated once, frames moved lazily."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.inspection.sample import middle_of
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.progress import Step, returned

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

WORKING = "Registering the movie"

_TEMPLATE_FRAMES, _ROUNDS = 300, 3
_SIDE_PX = 256
"""The middle of a large field says how all of it moved."""
_FINE_PX, _WIDE_PX, _TAPER = 1.0, 8.0, 0.12
"""Structure that is looked at: wider than noise, finer than the neuropil; and the share of each
side over which it fades, so that opposite edges do not meet."""
_UPSAMPLED = 10
_FARTHEST = 0.2
"""Share of a side: what seems to have moved farther was not recognised."""
_STILL_PX = 0.4
"""A movie of which hardly a frame is farther off than this is registered already."""


@dataclass(frozen=True, eq=False)
class Shifts:
    """How far each frame of a movie is off.

    Attributes
    ----------
    values : ndarray, shape (T, 2)
        y and x in pixels, of the frame against the template.
    alike, before : ndarray, shape (T,)
        Correlation of each frame with the template, as it is moved back and as it was.
    lost : ndarray of bool, shape (T,)
        Frames that were not recognised; their shift is that of the frames around them.
    """

    values: FloatArray
    alike: FloatArray
    before: FloatArray
    lost: npt.NDArray[np.bool_]

    @property
    def largest(self) -> float:
        """Shift from the middle position that one frame in a hundred exceeds, in pixels."""
        away = np.hypot(*(self.values - np.median(self.values, axis=0)).T)
        return float(np.percentile(away, 99))

    def sentence(self) -> str:
        """Say what was done."""
        said = (
            f"Registered: one frame in a hundred was off by more than {self.largest:.1f} pixels; "
            f"the correlation with the template rose from {self.before.mean():.2f} to "
            f"{self.alike.mean():.2f}."
        )
        n_lost = int(self.lost.sum())
        more = f" {n_lost} frames were not recognised and moved as those around them."
        return said + more * (n_lost > 0)


def register(movie: Movie, kind: Literal["rigid"] = "rigid") -> Movie:
    """Hold a moving field of view still.

    Frames are read twice: a few for the template, which is refined three times, and all once for
    their shifts (unnormalised cross-correlation of what is wider than noise and finer than
    neuropil, to a tenth of a pixel; Guizar-Sicairos et al. 2008, Opt. Lett. 33:156). The frames of
    the movie that comes back are moved when they are read: no second copy is needed. What no frame
    shows at the rim is NaN there.

    Parameters
    ----------
    movie : Movie
    kind : {"rigid"}
        All pixels of a frame move together.

    Returns
    -------
    Movie
        Of float32, with a note; the movie itself where it is registered already.

    Raises
    ------
    UserError
        If the kind is another one, or the frames have nothing to hold on to.
    """
    return returned(registering(movie, kind))


def registering(movie: Movie, kind: str = "rigid") -> Generator[Step, None, Movie]:
    """Do as ``register`` does; yield how far it is."""
    if kind != "rigid":
        raise UserError(f"Registration is 'rigid', not '{kind}': choose rigid.")
    shifts = yield from estimating_shifts(movie)
    if shifts.largest < _STILL_PX:
        said = "The movie is registered already: hardly a frame is off. It was left as it is."
        return replace(movie, notes=(*movie.notes, said))
    return moved_back(movie, shifts)


def estimating_shifts(movie: Movie) -> Generator[Step, None, Shifts]:
    """Estimate how far each frame is off; yield how far it is."""
    yield 0.0, WORKING
    template = _template(movie)
    n_frames = movie.n_frames
    found, alike, before = np.full((n_frames, 2), np.nan), np.zeros(n_frames), np.zeros(n_frames)
    for start, frames in lazy_frames.read_blocks(movie.data):
        for number, seen in enumerate(_structure(frames, movie.shape), start):
            found[number] = _shift(template, seen)
            before[number] = _correlation(template, seen)
            off = np.nan_to_num(found[number])
            alike[number] = _correlation(template, _moved(seen, off))
        yield 0.1 + 0.9 * (start + len(frames)) / n_frames, WORKING
    limit = _FARTHEST * np.array(template.shape)
    lost = ~np.isfinite(found).all(axis=1) | (abs(found) > limit).any(axis=1)
    if lost.mean() > 0.5:
        raise UserError(
            f"{movie.name} cannot be registered: most frames do not resemble their mean. Register "
            "it with a program for one-photon or very noisy movies."
        )
    known = np.flatnonzero(~lost)
    for axis in range(2):
        found[lost, axis] = np.interp(np.flatnonzero(lost), known, found[known, axis])
    return Shifts(found, alike, before, lost)


def moved_back(movie: Movie, shifts: Shifts) -> Movie:
    """Return a movie whose frames are moved back when they are read."""

    def read(start: int, stop: int) -> Float32Array:
        frames = compute(movie.data[start:stop])
        pairs = zip(frames.astype(np.float32), shifts.values[start:stop], strict=True)
        return np.stack([_moved(frame, shift, np.nan) for frame, shift in pairs])

    data = lazy_frames.from_reader(read, movie.data.shape, np.float32)
    notes = (*movie.notes, shifts.sentence())
    return replace(movie, data=data, source=None, name=f"{movie.name} registered", notes=notes)


def _template(movie: Movie) -> Float32Array:
    """Return the mean structure of frames spread over the movie, moved onto each other."""
    every = max(1, movie.n_frames // _TEMPLATE_FRAMES)
    frames = compute(movie.data[::every])
    seen = _structure(frames, movie.shape)
    if not seen.any():
        raise UserError(f"{movie.name} cannot be registered: its frames show nothing.")
    template = seen.mean(axis=0)
    for _ in range(_ROUNDS):
        shifts = np.array([_shift(template, each) for each in seen])
        shifts -= np.nanmedian(shifts, axis=0)
        known = np.isfinite(shifts).all(axis=1)
        pairs = zip(seen[known], shifts[known], strict=True)
        template = np.mean([_moved(each, shift) for each, shift in pairs], axis=0)
    return np.asarray(template, np.float32)


def _structure(frames: npt.NDArray[np.generic], shape: tuple[int, int]) -> Float32Array:
    """Return the middle of frames (t, Y, X) as what is wider than noise and finer than neuropil."""
    rows, columns = middle_of(shape, _SIDE_PX)
    middle = np.nan_to_num(frames[:, rows, columns].astype(np.float32))
    fine = ndimage.gaussian_filter(middle, _FINE_PX, axes=(1, 2))
    seen = fine - ndimage.gaussian_filter(middle, _WIDE_PX, axes=(1, 2))
    return np.asarray(seen * np.outer(*(_fading(length) for length in seen.shape[1:])), np.float32)


def _fading(length: int) -> FloatArray:
    """Return 1 in the middle of a side, falling to 0 at its ends along a cosine."""
    away = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(away / (_TAPER * length), 1.0))


def _shift(template: Float32Array, seen: Float32Array) -> FloatArray:
    if not seen.any():
        return np.full(2, np.nan)
    found, _, _ = phase_cross_correlation(
        template, seen, upsample_factor=_UPSAMPLED, normalization=None
    )
    return -np.asarray(found, float)


def _moved(frame: Float32Array, shift: FloatArray, outside: float = 0.0) -> Float32Array:
    """Return a frame that is off by a shift as it would lie without it."""
    moved = ndimage.shift(frame, -shift, order=1, mode="constant", cval=outside)
    return np.asarray(moved, np.float32)


def _correlation(template: Float32Array, seen: Float32Array) -> float:
    size = float(np.linalg.norm(template) * np.linalg.norm(seen))
    return float((template * seen).sum()) / size if size > 0 else 0.0
