"""A folder of videos that follow each other, as miniscopes and cameras leave them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, pick
from napari_sparsevar.movie.formats import tiff, video
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import ends_of_files, rate_of, timed

_PART = re.compile(r"(?<!\d)\d+")
_KEPT = re.compile(r"(?i)(?:^|(?<=[^a-z]))(?:ch|chan|channel|plane|z|cycle)[ _-]?\d+")
_CAMERA = re.compile(r"(?i)behav")  # beside the field of view, it watches the animal
_TIMES = ("timeStamps.csv", "timestamp.dat")
_DESCRIPTION = "metaData.json"


def claims(path: Path) -> bool:
    """Return whether a folder holds videos, two or more, and no TIFF file."""
    return path.is_dir() and len(_videos(path)) > 1 and not any(map(tiff.claims, path.iterdir()))


def read(path: Path, choice: Choice) -> Movie:
    """Open the videos of a folder as one movie, in the order of their numbers.

    What differs in more than its number is another movie: ``choice.dataset`` names one. Rate and
    pauses come from what a miniscope writes beside its videos, else from the videos.
    """
    groups = _groups(_videos(path))
    watching = [name for name in groups if _CAMERA.search(name)]
    others = [name for name in groups if name not in watching]
    notes: tuple[str, ...] = ()
    wanted = choice.dataset
    if wanted is None and watching and len(others) == 1:
        wanted = others[0]
        notes = (f"{path} also holds {', '.join(watching)}; {wanted} is used.",)
    name = pick(wanted, list(groups), str(path))
    movie, lengths = _joined(groups[name], path)
    fps, times = _noted_rate(path), _times(path, movie.n_frames)
    paused = timed(replace(movie, fps=fps), times, str(path))
    if paused.fps is not None:
        movie = paused
    if rate_of(times) is None:
        ends, said = ends_of_files(lengths, str(path))
        jumps = tuple(sorted({*movie.jumps, *ends}))
        movie = replace(movie, jumps=jumps, notes=(*movie.notes, *said))
    movie = replace(movie, notes=(*notes, *movie.notes))
    return of_dataset(movie, name, groups) if len(groups) > 1 else movie


def _videos(folder: Path) -> list[Path]:
    from tifffile import natural_sorted

    suffixes = video.FORMAT.suffixes
    named = [str(part) for part in folder.iterdir() if part.suffix.lower() in suffixes]
    found = [Path(name) for name in natural_sorted(named)]
    return [part for part in found if not part.name.startswith(".") and part.is_file()]


def _groups(videos: Sequence[Path]) -> dict[str, list[Path]]:
    """Return videos that differ in a number alone, by what they have in common."""
    found: dict[str, list[Path]] = {}
    for part in videos:
        kept = " ".join(_KEPT.findall(part.stem))
        common = _PART.sub("", _KEPT.sub("", part.stem)).strip(" _-.")
        found.setdefault(f"{common} {kept}".strip() or "videos", []).append(part)
    return found


def _joined(videos: Sequence[Path], folder: Path) -> tuple[Movie, list[int]]:
    """Return videos as one movie, and how many frames each has."""
    import dask.array as da

    parts: list[Movie] = []
    notes: list[str] = []
    for part in videos:
        try:
            parts.append(video.read_part(part))
        except UserError as error:
            if part is not videos[-1] or not parts:
                raise
            notes.append(f"The last video is left out: {error}")  # cut when the recording ended
    first = parts[0]
    for movie in parts[1:]:
        if (movie.shape, movie.data.dtype) != (first.shape, first.data.dtype):
            raise UserError(
                f"{movie.source} ({movie.shape[0]} x {movie.shape[1]}, {movie.data.dtype}) does "
                f"not match {first.name} ({first.shape[0]} x {first.shape[1]}, "
                f"{first.data.dtype}); take it out of the folder."
            )
    said = dict.fromkeys([*(note for movie in parts for note in movie.notes), *notes])
    before = np.cumsum([0, *(movie.n_frames for movie in parts)]).tolist()
    data: Any = da.concatenate([movie.data for movie in parts])  # type: ignore[no-untyped-call]
    jumps = {n + jump for n, each in zip(before, parts, strict=False) for jump in each.jumps}
    joined = Movie(
        data=lazy_frames.finish(data, str(folder)),
        fps=first.fps,
        source=folder,
        name=folder.resolve().name,
        notes=tuple(said),
        jumps=tuple(sorted(jumps)),
    )
    return joined, [each.n_frames for each in parts]


def _noted_rate(folder: Path) -> float | None:
    """Return the frame rate that a miniscope was set to."""
    try:
        noted = json.loads((folder / _DESCRIPTION).read_text())["frameRate"]
        found = re.match(r"[\d.]+", str(noted))
        rate = float(found[0]) if found else 0.0
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return rate if rate > 0 else None


def _times(folder: Path, n_frames: int) -> npt.NDArray[np.float64] | None:
    """Return when frames were taken, in seconds, as a miniscope writes it beside its videos."""
    file = next((folder / name for name in _TIMES if (folder / name).is_file()), None)
    if file is None:
        return None
    separator = "," if file.suffix == ".csv" else "\t"
    with file.open(newline="", errors="replace") as lines:
        rows = list(csv.reader(lines, delimiter=separator))[1:]
    # Of camera, frame, clock, buffer, or of frame, clock, buffer.
    clock = 1 if file.suffix == ".csv" else 2
    by_camera: dict[str, list[float]] = {}
    for row in rows:
        try:
            by_camera.setdefault("" if clock == 1 else row[0], []).append(float(row[clock]) / 1e3)
        except (LookupError, ValueError):
            return None
    fitting = [times for times in by_camera.values() if len(times) == n_frames]
    return np.array(fitting[0]) if len(fitting) == 1 else None


FORMAT = Format(
    name="videos",
    priority=-15,
    suffixes=(),
    claims=claims,
    holds_movie=claims,
    read=read,
)
