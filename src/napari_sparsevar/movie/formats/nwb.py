"""NWB: a TwoPhotonSeries with its frame rate and pixel size, read with h5py alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.hdf5_file import (
    as_far_as_written,
    check_links,
    dataset_frames,
    growing_note,
    holds,
    is_dataset,
    is_hdf5,
    nodes,
    open_hdf5,
)
from napari_sparsevar.movie.formats.nwb_series import (
    edges_of,
    is_movie,
    lying,
    original_of,
    picked,
)
from napari_sparsevar.movie.movie import LeftOut, Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import rate_of as movie_rate
from napari_sparsevar.movie.times import timed
from napari_sparsevar.movie.units import about_square

if TYPE_CHECKING:
    import h5py

_INVALID = "intervals/invalid_times"
_DIGITS = 6  # what is left of a value that was stored in single precision


def claims(path: Path) -> bool:
    """Return whether this is an NWB file, by the version at its root; False where it is damaged."""
    if not is_hdf5(path):
        return False
    try:
        with open_hdf5(path) as file:
            return "nwb_version" in file.attrs
    except UserError:
        return False


def holds_movie(path: Path) -> bool:
    """Return whether an NWB file has an imaging series."""
    return holds(path, is_movie)


def read(path: Path, choice: Choice) -> Movie:
    """Open an imaging series of an NWB file without reading its pixels.

    Of several series ``choice.dataset`` names one; else the one that was corrected for motion is
    taken, or `ChoiceNeeded` is raised.
    """
    with open_hdf5(path) as file:
        movie = _read(file, path, choice)
    return replace(movie, notes=(*movie.notes, *growing_note(path)))


def _read(file: h5py.File, path: Path, choice: Choice) -> Movie:
    found = [name for name, node in nodes(file).items() if is_movie(node)]
    if not found:
        check_links(file, str(path))
        raise UserError(f"{path} holds no TwoPhotonSeries or OnePhotonSeries; choose another file.")
    name, notes = picked(file, choice.dataset, found, str(path))
    series, what = file[name], f"{path}:{name}"
    dataset = series.get("data")
    if dataset is None:
        check_links(file, what)
    if "external_file" in series or not is_dataset(dataset):
        raise UserError(f"{what} keeps its pixels in other files{_files(series)}; open these.")
    lies = lying(series, what)
    chosen = axes.choose(dataset.shape, lies.letters, what, choice)
    lazy_frames.check_dtype(dataset.dtype, what)
    # What was corrected knows no microscope; what it was made from does.
    known = [series, *filter(None, [original_of(file, series)])]
    height, width = dataset.shape[chosen.row], dataset.shape[chosen.column]
    edges = next(filter(any, (edges_of(node, height, width) for node in known)), (None, None))
    movie = chosen.movie(
        dataset_frames(path, dataset, chosen),
        what,
        name=f"{path.stem} {name.rsplit('/', 1)[-1]}" if len(found) > 1 else path.stem,
        source=path,
        fps=next(filter(None, map(rate_of, known)), None),
        pixel_size_um=_rounded(edges[1]),
    )
    guess = (lies.note,) if lies.note and choice.axes is None else ()
    said = (*notes, *guess, *movie.notes, *about_square(*edges, what))
    movie = as_far_as_written(replace(movie, notes=said), dataset, chosen)
    stamps = next(filter(lambda found: found is not None, map(_stamps, known)), None)
    stamps = None if stamps is None else stamps[: movie.n_frames]
    movie = _on_clock(timed(movie, stamps, what), known, stamps)
    return of_dataset(_without_invalid(movie, file, what), name, found)


def _on_clock(
    movie: Movie, known: Sequence[h5py.Group], stamps: npt.NDArray[np.float64] | None
) -> Movie:
    """Return a movie with its times where it begins later than the session, or before.

    Behaviour and stimuli are on the clock of the session.
    """
    if movie.times is not None or movie.fps is None:
        return movie
    begins = (
        [_number(node.get("starting_time")) for node in known] if stamps is None else stamps[:1]
    )
    begin = next((begin for begin in begins if begin is not None and np.isfinite(begin)), 0.0)
    if begin == 0.0:
        return movie
    return replace(movie, times=begin + np.arange(movie.n_frames) / movie.fps)


def _without_invalid(movie: Movie, file: h5py.File, what: str) -> Movie:
    """Return a movie without the frames in the times that a file calls invalid."""
    table = file.get(_INVALID, {})
    starts, stops = (table.get(name) for name in ("start_time", "stop_time"))
    if movie.fps is None or not (is_dataset(starts) and is_dataset(stops)):
        return movie
    times = np.arange(movie.n_frames) / movie.fps if movie.times is None else movie.times
    bad = np.zeros(movie.n_frames, bool)
    for start, stop in zip(starts[()], stops[()], strict=False):
        bad |= (times >= start) & (times < stop)
    if not bad.any() or bad.all():
        return movie
    said = (
        f"{what}: {int(bad.sum()):,} of {movie.n_frames:,} frames lie in invalid times; they are "
        "left out (bad frames none takes them in)."
    )
    out = LeftOut(bad, np.zeros(movie.shape, bool))
    return replace(movie, left_out=out, notes=(*movie.notes, said))


def rate_of(series: h5py.Group) -> float | None:
    """Return frames per second: the rate, what time stamps say, or the plane, in this order."""
    start, stamps = series.get("starting_time"), _stamps(series)
    if start is not None and "rate" in start.attrs:
        return _rounded(start.attrs["rate"])
    if (rate := movie_rate(stamps)) is not None:
        return rate
    return _rounded(_number(series.get("imaging_plane/imaging_rate")))


def _stamps(series: h5py.Group) -> npt.NDArray[np.float64] | None:
    """Return when frames were taken; None where the series has an even rate."""
    stamps = series.get("timestamps")
    return np.asarray(stamps[()], np.float64) if is_dataset(stamps) and stamps.ndim == 1 else None


def pixel_size_of(series: h5py.Group, width: int) -> float | None:
    """Return the edge of a pixel in micrometres of a plane or series with so many in a row."""
    return _rounded(edges_of(series, width, width)[1])


def _number(dataset: Any) -> float | None:
    return float(dataset[()]) if is_dataset(dataset) and dataset.size == 1 else None


def _rounded(value: Any) -> float | None:
    if value is None or not np.isfinite(value) or value <= 0:
        return None
    return float(f"{float(value):.{_DIGITS}g}")


def _files(series: h5py.Group) -> str:
    named = series.get("external_file")
    if not is_dataset(named) or named.size == 0:
        return ""
    return " (" + ", ".join(str(entry) for entry in named.asstr()[:3]) + ")"


FORMAT = Format(
    name="NWB",
    priority=10,
    suffixes=(".nwb",),
    claims=claims,
    holds_movie=holds_movie,
    read=read,
)
