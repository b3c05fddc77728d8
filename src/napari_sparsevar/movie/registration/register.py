"""A movie whose field of view was moved, held still: shifts estimated once, frames moved lazily."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.inspection.sample import middle_of
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.movie.registration.shifts import (
    KINDS,
    Float32Array,
    FloatArray,
    Kind,
    Shifts,
    moved,
)
from napari_sparsevar.movie.registration.still import moved_back
from napari_sparsevar.progress import Step, returned

WORKING = "Registering the movie"
_ALREADY = "The movie is registered already"

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


def register(movie: Movie, kind: Kind = "rigid") -> Movie:
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
    if kind not in KINDS:
        raise UserError(f"Registration is {' or '.join(KINDS)}, not '{kind}': choose {KINDS[0]}.")
    if movie.registered is not None:
        return replace(movie, notes=(*movie.notes, f"{_ALREADY}."))
    shifts = yield from estimating_shifts(movie)
    if shifts.largest < _STILL_PX:
        said = f"{_ALREADY}: hardly a frame is off. It was left as it is."
        return replace(movie, notes=(*movie.notes, said))
    return moved_back(movie, shifts)


def estimating_shifts(movie: Movie) -> Generator[Step, None, Shifts]:
    """Estimate how far each frame is off; yield how far it is."""
    yield 0.0, WORKING
    template, middle = _template(movie), middle_of(movie.shape, _SIDE_PX)
    n_frames = movie.n_frames
    found, alike, before = np.full((n_frames, 2), np.nan), np.zeros(n_frames), np.zeros(n_frames)
    for start, frames in lazy_frames.read_blocks(movie.data):
        for number, seen in enumerate(_structure(frames[:, *middle]), start):
            found[number] = _shift(template, seen)
            before[number] = _correlation(template, seen)
            off = np.nan_to_num(found[number])
            alike[number] = _correlation(template, moved(seen, off))
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


def _template(movie: Movie) -> Float32Array:
    """Return the mean structure of frames spread over the movie, moved onto each other."""
    counted = np.arange(movie.n_frames)
    if movie.left_out is not None:
        counted = counted[~movie.left_out.frames]
    chosen = counted[:: max(1, len(counted) // _TEMPLATE_FRAMES)]
    middle = movie.data[chosen][:, *middle_of(movie.shape, _SIDE_PX)]
    seen = _structure(compute(middle))
    if not seen.any():
        raise UserError(f"{movie.name} cannot be registered: its frames show nothing.")
    template = seen.mean(axis=0)
    for _ in range(_ROUNDS):
        shifts = np.array([_shift(template, each) for each in seen])
        shifts -= np.nanmedian(shifts, axis=0)
        known = np.isfinite(shifts).all(axis=1)
        pairs = zip(seen[known], shifts[known], strict=True)
        template = np.mean([moved(each, shift) for each, shift in pairs], axis=0)
    return np.asarray(template, np.float32)


def _structure(frames: npt.NDArray[np.generic]) -> Float32Array:
    """Return of frames (t, Y, X) what is wider than noise and finer than neuropil."""
    known = np.nan_to_num(frames.astype(np.float32))
    fine = ndimage.gaussian_filter(known, _FINE_PX, axes=(1, 2))
    seen = fine - ndimage.gaussian_filter(known, _WIDE_PX, axes=(1, 2))
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


def _correlation(template: Float32Array, seen: Float32Array) -> float:
    size = float(np.linalg.norm(template) * np.linalg.norm(seen))
    return float((template * seen).sum()) / size if size > 0 else 0.0
