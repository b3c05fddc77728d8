"""The movie a run was trained on: found again where it lies now, and known to be the same."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.fingerprint import fingerprint
from napari_sparsevar.movie.movie import Movie, as_it_was
from napari_sparsevar.movie.open import open_movie
from napari_sparsevar.run.record import MovieIdentity, content_of
from napari_sparsevar.run.registration import as_run_has_it


@dataclass(frozen=True)
class MovieSearch:
    """Where the movie of a run was looked for.

    Attributes
    ----------
    path : Path or None
        The first file with the very bytes the run was trained on, else the first with anything.
    known : bool
        Whether it has those bytes; False also where an older run did not record them.
    looked : tuple of Path
        Every file, in order.
    """

    path: Path | None
    known: bool
    looked: tuple[Path, ...]


@dataclass(frozen=True, eq=False)
class RunMovie:
    """The opened movie of a run, None where there is none to show, and what to say about it."""

    movie: Movie | None
    notice: str = ""


def find_movie(run_path: Path, identity: MovieIdentity) -> MovieSearch:
    """Look where the movie was, where it lies as seen from the run, and beside the run.

    So a movie that stayed is found wherever its run went, and one that moved together with it.
    """
    looked = tuple(dict.fromkeys(_places(run_path, identity)))
    there = [file for file in looked if _exists(file)]
    for file in there:
        if _has_bytes(file, identity):
            return MovieSearch(file, True, looked)
    return MovieSearch(there[0] if there else None, False, looked)


def open_run_movie(run_path: Path, identity: MovieIdentity) -> RunMovie:
    """Open the movie of a run as the run knows it.

    Returns
    -------
    RunMovie
        With one sentence where there is no movie, or it is another one.
    """
    if identity.source is None:
        return RunMovie(
            None, f"{identity.name} was trained from memory, not from a file: only its maps open."
        )
    search = find_movie(run_path, identity)
    if search.path is None:
        places = ", ".join(map(str, search.looked))
        return RunMovie(
            None,
            f"The movie of this run is not there any more; only the maps open. Looked for: "
            f"{places}. Put it there again, for example beside the run.",
        )
    try:
        movie = open_movie(
            search.path,
            fps=identity.fps,
            pixel_size_um=identity.pixel_size_um,
            **asdict(identity.choice),
        )
        first = as_it_was(movie, identity.shape[0])
        if movie is not first and identity.content and is_movie_of(identity, first):
            return RunMovie(_named(as_run_has_it(first, run_path), identity))
        if (movie.n_frames, *movie.shape) != identity.shape:
            return RunMovie(None, f"{another_size(identity, movie)} Only the maps open.")
        notice = "" if search.known else why_another(identity, movie)
        return RunMovie(_named(as_run_has_it(movie, run_path), identity), notice)
    except UserError as error:
        return RunMovie(None, f"The movie of this run cannot be opened, only the maps: {error}")


def _named(movie: Movie, identity: MovieIdentity) -> Movie:
    return replace(movie, name=identity.name)


def why_another(identity: MovieIdentity, movie: Movie) -> str:
    """Return a sentence if a movie of the same size is not the one of a run, else nothing.

    Its pixels decide, those of a few frames: the same movie in another file is the same.

    Raises
    ------
    UserError
        If its frames cannot be read.
    """
    if not identity.content or content_of(movie) == identity.content:
        return ""
    return (
        f"The movie {movie.source or movie.name} is not the one the run was trained on, though it "
        "has its size: the maps and drivers of the run do not belong to it."
    )


def why_moved_otherwise(identity: MovieIdentity, movie: Movie) -> str:
    """Return a sentence if the frames of the movie of a run were held still otherwise."""
    kind = "" if movie.registered is None else movie.registered.shifts.kind
    if kind == identity.registered:
        return ""
    trained, shown = (
        f"registered ({way})" if way else "as it was recorded"
        for way in (identity.registered, kind)
    )
    was, here = (name.removesuffix(" registered") for name in (identity.name, movie.name))
    return (
        f"The run was trained on {was} {trained}, and {here} is shown {shown}: "
        "open the run to see its movie."
    )


def is_movie_of(identity: MovieIdentity, movie: Movie) -> bool:
    """Return whether a movie is the one of a run, wherever it lies."""
    same_size = (movie.n_frames, *movie.shape) == identity.shape
    return same_size and not why_another(identity, movie)


def another_size(identity: MovieIdentity, movie: Movie) -> str:
    """Return the sentence about a movie of another size than that of a run."""
    shape = " x ".join(map(str, (movie.n_frames, *movie.shape)))
    return (
        f"The movie {movie.source or movie.name} is {shape}, but the run was trained on one of "
        f"{' x '.join(map(str, identity.shape))}: it is another one."
    )


def _places(run_path: Path, identity: MovieIdentity) -> list[Path]:
    run = Path(run_path).absolute()
    places = []
    if identity.source is not None:
        # Written on another system it may have other slashes; the name is what is after the last.
        name = identity.source.replace("\\", "/").rstrip("/").rpartition("/")[2]
        places = [Path(identity.source)]
        if identity.from_run is not None:
            places.append(Path(_normal(run / identity.from_run)))
        if name:
            places += [run.parent / name, run / name]
    return places


def _normal(path: Path) -> str:
    # Not resolved: what ".." means must not depend on where a link leads.
    return os.path.normpath(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _has_bytes(path: Path, identity: MovieIdentity) -> bool:
    if identity.fingerprint is None:
        return False
    try:
        if path.is_file() and path.stat().st_size != identity.size_bytes:
            return False
        return fingerprint(path).digest == identity.fingerprint
    except OSError:
        return False
