"""Several files that are one movie, one after the other in time."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, number_of, pick
from napari_sparsevar.movie.fingerprint import Fingerprint, fingerprint
from napari_sparsevar.movie.formats.format import format_of, series_formats
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.naming import Recording, is_called_projection, recordings
from napari_sparsevar.movie.parts import ReadOne, read_parts

_NAMED = 5  # files in a note
_LOOKED_AT = 20  # files of a folder
_MOST_COMPARED = 500  # files that are looked at for copies
_UNFINISHED = {".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp"}


def find_files(pattern: Path) -> list[Path]:
    """List the files of a series in the order of their numbers.

    Parameters
    ----------
    pattern : pathlib.Path
        A folder of files, or a path with ``*``, ``?`` or ``[]``.

    Returns
    -------
    list of pathlib.Path
        Frame 2 comes before frame 10; hidden files are left out.

    Raises
    ------
    UserError
        If there is none.
    """
    if pattern.is_dir():
        found = [path for path in pattern.iterdir() if _belongs(path)]
        missing = _nothing_in(pattern)
    else:
        found = _matching(pattern)
        missing = f"No file matches {pattern}; check the pattern."
    found = [path for path in found if not path.name.startswith(".")]
    if not found:
        raise UserError(missing)
    from tifffile import natural_sorted

    return [Path(name) for name in natural_sorted(map(str, found))]


def _belongs(path: Path) -> bool:
    """Return whether a file is one of a series, by its content or its name.

    One that is called so and holds something else is not passed over: opening it says what it is.
    One that is still being copied by another program is not there yet.
    """
    kinds = series_formats()
    if path.suffix.lower() in _UNFINISHED:
        return False
    named = any(path.suffix.lower() in kind.suffixes for kind in kinds)
    is_file = path.is_file() or path.is_symlink()
    return (named and is_file) or any(kind.claims(path) for kind in kinds)


def _holds_any(folder: Path) -> bool:
    return format_of(folder) is not None or any(
        map(_belongs, itertools.islice(folder.iterdir(), _LOOKED_AT))
    )


def _nothing_in(folder: Path) -> str:
    names = " or ".join(kind.name for kind in series_formats())
    within = [each.name for each in sorted(folder.iterdir()) if each.is_dir() and _holds_any(each)]
    if not within and (folder / "ops.npy").is_file():
        return (
            f"The folder {folder} is of suite2p and holds no data.bin (delete_bin): open the movie "
            "that suite2p read, or bring its cells."
        )
    movies = sorted({each.suffix for each in folder.iterdir() if format_of(each) is not None})
    if not within and movies:
        return f"Name the movie in {folder}, or several at once: {folder / f'*{movies[0]}'}."
    if not within:
        return f"The folder {folder} holds no {names} file; choose a movie or another folder."
    listed = ", ".join(within[:_NAMED]) + (" ..." if within[_NAMED:] else "")
    return f"The folder {folder} holds no {names} file, but folders with movies: open {listed}."


def _matching(pattern: Path) -> list[Path]:
    """Return what a pattern matches: brackets are letters wherever something is named so."""
    root, parts = Path(pattern.anchor or "."), pattern.relative_to(pattern.anchor).parts
    while len(parts) > 1 and (root / parts[0]).is_dir():
        root, parts = root / parts[0], parts[1:]
    rest = str(Path(*parts))
    return list(root.glob(rest.replace("[", "[[]"))) or list(root.glob(rest))


def is_series(folder: Path) -> bool:
    """Return whether a folder holds two files of a series or more, fast, by their names alone."""
    suffixes = {suffix for kind in series_formats() for suffix in kind.suffixes}
    named = (part for part in folder.iterdir() if part.suffix.lower() in suffixes)
    return len(list(itertools.islice(named, 2))) == 2


def read_series(
    paths: Sequence[Path],
    read_one: ReadOne,
    choice: Choice,
    *,
    in_order: bool,
) -> Movie:
    """Open files as one movie.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Files of one folder: movies, or single images of one frame each.
    read_one : callable
        Opens one file.
    choice : Choice
        Of a channel and a plane that are files of their own, and of what lies in each file. Where
        names tell of several recordings, ``dataset`` says which.
    in_order : bool
        Whether a person has listed them in the order of time; else names say it.

    Returns
    -------
    Movie
        Units are those of the first file.

    Raises
    ------
    ChoiceNeeded
        If names do not say that all follow each other.
    UserError
        If the files do not fit together.
    """
    if len(paths) == 1:
        return read_one(paths[0], choice, False)
    folder = paths[0].parent
    what = f"The folder {folder}, by the names of its files,"
    kept, left_out = _without_projections(_without_described(paths))
    kept, copies = (kept, []) if in_order else _without_copies(kept)
    found = recordings(kept, in_order=in_order)
    if len(found) > 1:
        found, more = _without_stills(found, folder)
        left_out += more
    name, names = folder.resolve().name, [each.name for each in found]
    asked = f"{what} which do not say channel or time,"
    chosen = pick(choice.dataset, names, asked) if len(found) > 1 else names[0]
    if len(found) > 1:
        choice, name = replace(choice, dataset=None), f"{name} {chosen}"
    movie = _read_recording(found[names.index(chosen)], read_one, choice, what)
    movie = of_dataset(movie, chosen, names) if len(found) > 1 else movie
    about_stills = _about("Single images beside the movie are left out", left_out)
    about_copies = _about("Copies of other files of the folder are left out", copies)
    notes = (*about_stills, *about_copies, *movie.notes)
    return replace(movie, source=folder, name=name, notes=notes)


def _read_recording(
    recording: Recording,
    read_one: ReadOne,
    choice: Choice,
    what: str,
) -> Movie:
    recording = _stack_in_time(recording)
    channel, said = number_of(choice.channel, recording.channels, "channel", what)
    plane, more = number_of(choice.plane, recording.planes, "plane", what)
    if channel and choice.channels:
        raise UserError(
            f"{what} has {recording.channels} channels; leave channels ({choice.channels}) out."
        )
    at = (channel or 1) - 1, (plane or 1) - 1
    files, lengths = recording.files[at], {len(each) for each in recording.files.values()}
    if not files:
        raise UserError(f"{what} has no file of channel {at[0] + 1} and plane {at[1] + 1}.")
    inner = replace(
        choice,
        channel=choice.channel if channel is None else None,
        plane=choice.plane if plane is None else None,
    )
    gaps = recording.gaps[at]
    several = len(files) > 1
    movie = (
        read_parts(files, read_one, inner, gaps) if several else read_one(files[0], inner, False)
    )
    notes = [*said, *more]
    if len(lengths) > 1:
        notes.append(f"{what} has between {min(lengths)} and {max(lengths)} files a channel.")
    if gaps:
        missing = ", ".join(files[gap].name for gap in gaps[:3])
        notes.append(f"Numbers are left out before {missing}: nothing is foretold across.")
    if recording.crossed and len(files) == movie.n_frames:
        notes.append(
            f"Two numbers run in the names of the files ({files[0].name} ... {files[-1].name}); "
            "the first is taken as the slower one of time. If one is a plane, put a z before it."
        )
    own, offer = movie.choice, movie.offer
    return replace(
        movie,
        notes=(*notes, *movie.notes),
        choice=replace(own, channel=channel or own.channel, plane=plane or own.plane),
        offer=replace(
            offer,
            channels=recording.channels if channel else offer.channels,
            planes=recording.planes if plane else offer.planes,
        ),
    )


def _without_described(paths: Sequence[Path]) -> list[Path]:
    """Leave out the files that another one of them describes: with it they are open already."""
    kept = list(paths)
    for kind in series_formats():
        if kind.without_described is not None:
            kept = kind.without_described(kept)
    return kept


def _without_projections(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """Leave out what is called a projection, or a preview, and is a single image."""
    out = {path for path in paths if is_called_projection(path) and _is_still(path)}
    kept = [path for path in paths if path not in out]
    return (kept, sorted(out)) if kept else (paths, [])


def _without_copies(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """Leave out movies that are copies of one before; single images may well be alike."""
    if len(paths) > _MOST_COMPARED or _is_still(paths[0]):
        return paths, []
    sizes = Counter(path.stat().st_size for path in paths if path.is_file())
    seen: set[Fingerprint] = set()
    copies = []
    for path in paths:
        if path.is_file() and sizes[path.stat().st_size] > 1:
            found = fingerprint(path)
            copies += [path] * (found in seen)
            seen.add(found)
    return [path for path in paths if path not in copies], copies


def _without_stills(found: list[Recording], folder: Path) -> tuple[list[Recording], list[Path]]:
    """Leave out single images whose names make them part of nothing."""
    stills = [
        each for each in found if max(map(len, each.files.values())) == 1 and _is_still(each.first)
    ]
    if len(stills) == len(found):
        names = ", ".join(each.first.name for each in found[:3])
        raise UserError(
            f"The folder {folder} holds single images, and their names ({names} ...) do not say "
            "which follows which; number them, or give a list of files in Python."
        )
    out = [path for each in stills for files in each.files.values() for path in files]
    return [each for each in found if each not in stills], out


def _is_still(path: Path) -> bool:
    found = format_of(path)
    return found is not None and not found.holds_movie(path)


def _about(said: str, paths: Sequence[Path]) -> tuple[str, ...]:
    """Return a sentence that ends with the names of files; nothing without any."""
    if not paths:
        return ()
    names = ", ".join(path.name for path in paths[:_NAMED]) + (" ..." if paths[_NAMED:] else "")
    return (f"{said}: {names}.",)


def _stack_in_time(recording: Recording) -> Recording:
    """Take a stack of single images, where nothing but the plane is counted, as frames."""
    if recording.planes == 1 or max(map(len, recording.files.values())) > 1:
        return recording
    if not _is_still(recording.first):
        return recording
    files = {
        (c, 0): [path for z in range(recording.planes) for path in recording.files[c, z]]
        for c in range(recording.channels)
    }
    return replace(recording, planes=1, files=files, gaps={at: [] for at in files})
