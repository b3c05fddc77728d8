"""Files that are one movie, one after the other in time, read as one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import dask.array as da
import numpy as np

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, Offer
from napari_sparsevar.movie.formats.format import series_formats
from napari_sparsevar.movie.interleaved import apart
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.times import ends_of_files, rate_of, timed

ReadOne = Callable[[Path, Choice, bool], Movie]
"""``read_one(path, choice, part)`` opens one file; of a part a single frame is enough."""

_MOST_NOTES = 5


def read_parts(
    paths: Sequence[Path], read_one: ReadOne, choice: Choice, gaps: Sequence[int] = ()
) -> Movie:
    """Open files as one movie.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        The files in the order of time: movies, or single images of one frame each.
    read_one : callable
        Opens one file.
    choice : Choice
        Of what lies in each file.
    gaps : sequence of int
        Before which files something is missing.

    Raises
    ------
    UserError
        If the files do not fit together.
    """
    movie = _read_images(paths)
    if movie is not None and choice.channels is not None:
        starts = [start // choice.channels for start in range(len(paths) + 1)]
        movie = apart(replace(movie, source=paths[0].parent), choice)
    elif movie is not None:
        starts = np.arange(len(paths) + 1).tolist()
    else:
        movie, starts = _read_movies(paths, read_one, choice)
    jumps = {*movie.jumps, *(starts[gap] for gap in gaps if gap < len(starts) - 1)}
    return replace(movie, jumps=tuple(sorted(jumps)))


def _read_images(paths: Sequence[Path]) -> Movie | None:
    for kind in series_formats():
        if kind.read_images is not None and kind.claims(paths[0]):
            return kind.read_images(paths)
    return None


def _read_movies(
    paths: Sequence[Path], read_one: ReadOne, choice: Choice
) -> tuple[Movie, list[int]]:
    parts = [read_one(paths[0], choice, True)]
    said: tuple[str, ...] = ()
    for path in paths[1:]:
        try:
            parts.append(_read_like(parts[0], path, read_one, choice))
        except UserError as error:
            if path != paths[-1] or path.stat().st_size >= paths[0].stat().st_size:
                raise
            said = (f"The last file is left out, it may still be written: {error}",)
    movie, starts = _join(parts)
    return replace(movie, notes=(*said, *movie.notes)), starts


def _read_like(first: Movie, path: Path, read_one: ReadOne, choice: Choice) -> Movie:
    try:
        return read_one(path, choice, True)
    except UserError as error:
        with contextlib.suppress(UserError):
            # Programs that know no time axis call a few frames channels, and many frames too.
            if first.offer == Offer():
                return read_one(path, replace(choice, axes="TYX"), True)
        raise error from None


def _join(parts: Sequence[Movie]) -> tuple[Movie, list[int]]:
    first = parts[0]
    for part in parts[1:]:
        if part.shape != first.shape or part.data.dtype != first.data.dtype:
            raise UserError(
                f"{part.source} ({_describe(part)}) does not match {first.name} "
                f"({_describe(first)}); take it out of the series."
            )
        if part.offer.channels != first.offer.channels or part.offer.planes != first.offer.planes:
            raise UserError(
                f"{part.source} ({_offered(part)}) does not match {first.name} "
                f"({_offered(first)}); take it out of the series."
            )
    data: da.Array = da.concatenate([part.data for part in parts])  # type: ignore[no-untyped-call]
    starts = np.cumsum([0, *(part.n_frames for part in parts)]).tolist()
    places = (n + jump for n, part in zip(starts, parts, strict=False) for jump in part.jumps)
    jumps = tuple(place for place in places if place < starts[-1])
    movie = replace(first, data=data, notes=_notes(parts), times=None, jumps=jumps)
    return _by_one_clock(movie, parts), starts


def _by_one_clock(movie: Movie, parts: Sequence[Movie]) -> Movie:
    """Return files that were joined with the pauses in and between them.

    Where not all of them say when their frames were taken, or not evenly, each is kept apart.
    """
    folder = str(parts[0].source.parent if parts[0].source else movie.name)
    known = [part.times for part in parts if part.times is not None]
    times = np.concatenate(known) if len(known) == len(parts) else None
    if rate_of(times) is None:
        ends, said = ends_of_files([part.n_frames for part in parts], folder)
        found = replace(movie, jumps=ends, notes=(*movie.notes, *said))
    else:
        found = timed(movie, times, folder)
    return replace(found, jumps=tuple(sorted({*movie.jumps, *found.jumps})))


def _notes(parts: Sequence[Movie]) -> tuple[str, ...]:
    """Return what is said of all parts once, of their folder, and what is said of one as it is."""
    folder = str(parts[0].source.parent) if parts[0].source else ""
    said = [
        [(note, note.replace(str(part.source), folder)) for note in part.notes] for part in parts
    ]
    common = set.intersection(*({general for _, general in each} for each in said))
    shared = [general for _, general in said[0] if general in common]
    own = [note for each in said for note, general in each if general not in common]
    if len(own) > _MOST_NOTES:
        own = [*own[:_MOST_NOTES], f"... and {len(own) - _MOST_NOTES} more notes on single files."]
    return tuple(dict.fromkeys([*shared, *own]))


def _describe(movie: Movie) -> str:
    return f"{movie.shape[0]} x {movie.shape[1]}, {movie.data.dtype}"


def _offered(movie: Movie) -> str:
    return f"{movie.offer.channels} channels, {movie.offer.planes} planes"
