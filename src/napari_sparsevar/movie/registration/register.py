"""A movie whose field of view was moved, held still: shifts estimated once, frames moved lazily."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_sparsevar.arguments import checked
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.open import opened_again
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.registration.field import Local
from napari_sparsevar.movie.registration.flow import Flow, learning_flow, structure
from napari_sparsevar.movie.registration.interpolation import moved
from napari_sparsevar.movie.registration.lines import all_aligned
from napari_sparsevar.movie.registration.rigid import Rigid, learning_rigid
from napari_sparsevar.movie.registration.shifts import (
    KINDS,
    Float32Array,
    FloatArray,
    Kind,
    Shifts,
)
from napari_sparsevar.movie.registration.steady import steadied
from napari_sparsevar.movie.registration.still import as_recorded, moved_back
from napari_sparsevar.progress import Step, returned, stage

WORKING = "Registering the movie"
_ALREADY = "The movie is registered already"

_BENDING = 0.5
"""Share of a bend that counts beside motion of all of a frame: noise bends as well."""
_FARTHEST = 0.2
"""Share of a side: what seems to have moved farther was not recognised."""
_UNSURE_PX = 2.0
"""Standard deviation of what noise adds to shifts, beyond which nothing is followed."""


@checked
def register(movie: Movie, kind: Kind = "rigid", by: Movie | int | None = None) -> Movie:
    """Hold a moving field of view still.

    Frames are read twice: a few for the template, which is refined three times, and all once for
    their shifts. Where every other line is off, as in bidirectional scans, lines are aligned first.
    The frames of the movie that comes back are moved when they are read: no second copy is needed.
    What no frame shows at the rim is NaN there.

    Parameters
    ----------
    movie : Movie
    kind : {"rigid", "piecewise"}
        Rigid: all pixels of a frame move together, by the unnormalised cross-correlation of what is
        wider than noise and finer than neuropil, to a twentieth of a pixel (Guizar-Sicairos et al.
        2008, Opt. Lett. 33:156). Piecewise: then, blocks that overlap move by themselves, and what
        lies between them as they do.
    by : Movie or int, optional
        The movie that motion is estimated on, of as many frames of the same field: a second channel
        of cells that do not flicker, opened by itself, or the number of that channel in the file.

    Returns
    -------
    Movie
        Of float32, with a note, and its shifts as ``registered.shifts``; the movie itself where it
        is registered already.

    Raises
    ------
    UserError
        If the kind is another one, there is no such channel, or the frames have nothing to hold on
        to.
    """
    return returned(registering(movie, kind, by))


def registering(
    movie: Movie, kind: str = "rigid", by: Movie | int | None = None
) -> Generator[Step, None, Movie]:
    """Do as ``register`` does; yield how far it is."""
    if kind not in KINDS:
        raise UserError(f"Registration is {' or '.join(KINDS)}, not '{kind}': choose {KINDS[0]}.")
    if movie.stack is not None:
        raise UserError(
            f"{movie.name} is of several planes, which move each by itself: register every plane "
            "first (such as with suite2p, whose planes open as one), or leave registration out."
        )
    if movie.registered is not None:
        return replace(movie, notes=(*movie.notes, f"{_ALREADY}."))
    seen_in = _seen_in(movie, by)
    found = yield from estimating_shifts(seen_in, kind)
    shifts = replace(found, by_channel=by if isinstance(by, int) else 0).needed()
    if shifts is None:
        said = f"{_ALREADY}: hardly a frame is off. It was left as it is."
        return replace(movie, notes=(*movie.notes, said))
    return moved_back(movie, shifts)


def _seen_in(movie: Movie, by: Movie | int | None) -> Movie:
    """Return the movie that motion is estimated on."""
    if by is None:
        return movie
    other = as_recorded(by) if isinstance(by, Movie) else _channel(movie, by)
    if other.data.shape != movie.data.shape:
        raise UserError(
            f"{movie.name} cannot be registered by {other.name}, whose frames differ in number or "
            "size: choose a channel of the same recording."
        )
    return replace(other, left_out=movie.left_out)


def _channel(movie: Movie, number: int) -> Movie:
    if movie.source is None or movie.offer.channels < 2:
        raise UserError(
            f"{movie.name} has no other channel to be registered by: leave channel {number} out "
            "(--by-channel), or give that channel as a movie (in Python by=)."
        )
    return opened_again(movie, channel=number)


def estimating_shifts(movie: Movie, kind: str = "rigid") -> Generator[Step, None, Shifts]:
    """Estimate how far each frame is off; yield how far it is."""
    rigid = yield from stage(learning_rigid(movie), 0.0, 0.05, WORKING)
    movie = _with_lines_aligned(movie, rigid.line_phase)
    done = 1.0 if kind == "rigid" else 0.4
    whole = yield from stage(_whole_frames(movie, rigid), 0.05, done, WORKING)
    if kind == "rigid":
        return whole
    flow = yield from stage(learning_flow(movie, rigid), 0.4, 0.5, WORKING)
    return (yield from stage(_parts(movie, whole, flow), 0.5, 1.0, WORKING))


def _with_lines_aligned(movie: Movie, phase: float) -> Movie:
    """Return a movie whose lines lie as they should, for what is estimated on it."""

    def change(_: int, frames: npt.NDArray[np.generic]) -> Float32Array:
        return all_aligned(frames, phase)

    if not phase:
        return movie
    return replace(movie, data=lazy_frames.changed(movie.data, change, np.float32))


def _whole_frames(movie: Movie, rigid: Rigid) -> Generator[float, None, Shifts]:
    n_frames = movie.n_frames
    found, alike, before = np.full((n_frames, 2), np.nan), np.zeros(n_frames), np.zeros(n_frames)
    for start, frames in lazy_frames.read_blocks(movie.data):
        for number, frame in enumerate(frames, start):
            seen = rigid.seen(frame[None])[0]
            found[number] = rigid.shift(seen)
            before[number] = rigid.alike(seen, np.zeros(2))
            alike[number] = rigid.alike(seen, np.nan_to_num(found[number]))
        yield (start + len(frames)) / n_frames
    lost = ~np.isfinite(found).all(axis=1) | (abs(found) > _FARTHEST * rigid.limits).any(axis=1)
    if lost.mean() > 0.5 or (rigid.noise > _UNSURE_PX**2).any():
        raise UserError(
            f"{movie.name} cannot be registered: most frames do not resemble their mean. Register "
            "it with a program for one-photon or very noisy movies."
        )
    return Shifts(
        steadied(_as_around(found, lost), rigid.noise),
        alike,
        before,
        lost,
        rigid.crispness,
        rigid.moves,
        line_phase=rigid.line_phase,
    )


def _parts(movie: Movie, whole: Shifts, flow: Flow) -> Generator[float, None, Shifts]:
    """Add how far the blocks of each frame are off to how far the frame is."""
    n_frames, (rows, columns) = movie.n_frames, flow.blocks.centres
    found = np.zeros((n_frames, len(rows), len(columns), 2), np.float32)
    alike, before, n_done = np.zeros(n_frames), np.zeros(n_frames), 0
    for start, frames in lazy_frames.read_blocks(movie.data):
        for number, frame in enumerate(frames, start):
            seen = structure(frame)
            before[number] = _correlation(flow.template, seen)
            back = moved(seen, whole.values[number])
            if not whole.lost[number]:
                found[number] = flow.shifts(back)
            alike[number] = _correlation(flow.template, flow.moved(back, found[number]))
        n_done = start + len(frames)
        yield n_done / n_frames
    moves = max(whole.moves, _BENDING * flow.width)
    local = Local(found, rows, columns)
    return replace(whole, alike=alike, before=before, moves=moves, local=local)


def _as_around(found: FloatArray, lost: npt.NDArray[np.bool_]) -> FloatArray:
    """Return shifts (T, 2) in which those that are lost lie between those around them."""
    known, unknown = np.flatnonzero(~lost), np.flatnonzero(lost)
    for axis in range(2):
        found[unknown, axis] = np.interp(unknown, known, found[known, axis])
    return found


def _correlation(template: Float32Array, seen: Float32Array) -> float:
    size = float(np.linalg.norm(template) * np.linalg.norm(seen))
    return float((template * seen).sum()) / size if size > 0 else 0.0
