"""Zarr (format 2 and 3): one array, or an OME-Zarr group with its scale."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.axis_names import from_chunks, guess_note, letters_of, noted_names
from napari_sparsevar.movie.choice import Choice, pick
from napari_sparsevar.movie.coordinates import Along, along, noted, placed
from napari_sparsevar.movie.formats.compression import with_codecs
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.written import as_written
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import timed
from napari_sparsevar.movie.units import micrometres

_MARKS = ("zarr.json", ".zarray", ".zgroup")
_DEEPEST = 6  # as deep as NWB keeps what was corrected for motion
_NUMBERS = "uif"


def claims(path: Path) -> bool:
    """Return whether the metadata of a Zarr 2 or 3 array or group lie in the folder."""
    return path.is_dir() and any((path / mark).is_file() for mark in _MARKS)


def holds_movie(path: Path) -> bool:
    """Return whether a Zarr folder has an array of frames; True also where it is damaged."""

    def look() -> bool:
        node = _opened(path)
        if _is_array(node):
            return _is_movie(node, axis_names(node)[0])
        if _multiscales(node):
            return _is_movie(*_full_resolution(node)[:2])
        return bool(_movies(node))

    try:
        with explained(path, f"{path} is damaged"):
            return with_codecs(path, look)
    except UserError:
        return True


def read(path: Path, choice: Choice) -> Movie:
    """Open a Zarr folder without reading its pixels: of several arrays ``choice.dataset``."""

    def open_it() -> Movie:
        node = _opened(path)
        if _is_array(node):
            return _read_array(node, str(path), path, choice, {})
        return _read_group(node, path, choice)

    with explained(path, f"{path} is damaged or not a Zarr folder that can be read"):
        return with_codecs(path, open_it)


def _opened(path: Path) -> Any:
    import zarr

    return zarr.open(str(path), mode="r")


def from_node(
    array: Any,
    names: str,
    scale: Sequence[float],
    units: Sequence[object],
    what: str,
    path: Path | None,
    choice: Choice | None = None,
) -> Movie:
    """Make a movie of an open Zarr array.

    Parameters
    ----------
    array : zarr.Array
        Frames with any axes.
    names : str
        A letter for each axis, see `axes.choose`.
    scale, units : sequence
        Size of a voxel along each axis and its unit; both empty where unknown.
    what : str
        What to call it in a sentence.
    path : pathlib.Path or None
        Where it lies.
    choice : Choice, optional
        The channel and plane that are wanted.

    Returns
    -------
    Movie
        Frames that are read when asked for.
    """
    lazy_frames.check_dtype(np.dtype(array.dtype), what)
    chosen = axes.choose(array.shape, names, what, choice)
    stored = array if path is None else _Sound(array, path)
    frames = chosen.apply(lazy_frames.from_array(stored, chosen.time, (chosen.row, chosen.column)))
    fps, pixel_size_um = chosen.units(scale, units)
    name = path.name.removesuffix(".zarr").removesuffix(".ome") if path else "movie"
    movie = chosen.movie(frames, what, name=name, source=path, fps=fps, pixel_size_um=pixel_size_um)
    movie = replace(movie, notes=(*movie.notes, *chosen.about_square(scale, units, what)))
    return movie if path is None else _as_far_as_written(movie, array, chosen, path, what)


def _as_far_as_written(
    movie: Movie, array: Any, chosen: axes.MovieAxes, path: Path, what: str
) -> Movie:
    root = Path(getattr(array.store, "root", path)) / array.path

    def exists(place: tuple[int, ...]) -> bool:
        return Path(root, array.metadata.encode_chunk_key(place)).exists()

    chunks = getattr(array, "shards", None) or array.chunks
    return as_written(movie, chosen, array.shape, chunks, exists, what)


class _Sound:
    """An array of which chunks that are damaged are one sentence when they are read."""

    def __init__(self, array: Any, path: Path) -> None:
        self._array, self._path = array, path
        self.shape, self.ndim = array.shape, array.ndim
        self.dtype, self.chunks = array.dtype, array.chunks

    def __getitem__(self, index: Any) -> Any:
        with explained(self._path, f"A chunk of {self._path} is damaged", zlib.error):
            return self._array[index]


def axis_names(array: Any) -> tuple[str, bool]:
    """Return a letter for each axis of an array, from its own names where it has some.

    Parameters
    ----------
    array : zarr.Array
        Zarr 3 names dimensions; xarray does so in an attribute; chunks may be whole images.

    Returns
    -------
    letters : str
        The last two axes are Y and X where nothing is said.
    sure : bool
        Whether anything was said.
    """
    named = getattr(array.metadata, "dimension_names", None) or ()
    for names in (named, noted_names(array.attrs, array.ndim)):
        if len(names) == array.ndim and (letters := letters_of(names)) is not None:
            return letters, True
    chunked = from_chunks(array.shape, array.chunks)
    return chunked or axes.unnamed(array.shape), chunked == "TYX"


def _coordinates(array: Any, beside: Mapping[str, Any]) -> dict[int, Along | None]:
    """Return what lies along each axis: an array beside it that is called as the axis."""
    named = getattr(array.metadata, "dimension_names", None) or ()
    names = named or noted_names(array.attrs, array.ndim)
    there = {axis: beside[str(name)] for axis, name in enumerate(names) if str(name) in beside}
    return {axis: along(values, values.attrs) for axis, values in there.items()}


def _read_array(
    array: Any, what: str, path: Path, choice: Choice, beside: Mapping[str, Any]
) -> Movie:
    letters, sure = axis_names(array)
    movie = from_node(array, letters, (), (), what, path, choice)
    chosen = axes.choose(array.shape, letters, what, choice)
    movie = noted(placed(movie, chosen, _coordinates(array, beside), what), array.attrs)
    if sure or choice.axes:
        return movie
    said = guess_note(str(path), array.shape, letters)
    return replace(movie, notes=(*movie.notes, said))


def _is_array(node: Any) -> bool:
    return hasattr(node, "shape")


def _is_movie(array: Any, names: str) -> bool:
    return np.dtype(array.dtype).kind in _NUMBERS and axes.is_movie(array.shape, names)


def _read_group(group: Any, path: Path, choice: Choice) -> Movie:
    if _multiscales(group):
        return _read_multiscale(group, path, choice)
    found = _of_nwb(group, _movies(group))
    if not found:
        raise UserError(f"{path} is a Zarr group without an array that can be a movie.")
    name = pick(choice.dataset, list(found), str(path))
    node = found[name]
    if _is_array(node):
        what = f"{path}:{name}" if len(found) > 1 else str(path)
        parent = group[name.rpartition("/")[0]] if "/" in name else group
        beside = {key: value for key, value in parent.members() if _is_array(value)}
        movie = _timed_as_nwb(_read_array(node, what, path, choice, beside), beside, what)
        if movie.pixel_size_um is None:
            movie = replace(movie, pixel_size_um=_grid_spacing(group))
    else:
        movie = _read_multiscale(node, path, choice)
    if len(found) > 1:
        movie = replace(movie, name=f"{movie.name} {name}")
    return of_dataset(movie, name, found)


def _timed_as_nwb(movie: Movie, beside: Mapping[str, Any], what: str) -> Movie:
    """Return a movie with the rate or the time stamps that NWB keeps beside its frames."""
    start, stamps = beside.get("starting_time"), beside.get("timestamps")
    if start is not None and movie.fps is None:
        movie = noted(movie, {"fps": start.attrs.get("rate", 0.0)})
    if stamps is None or len(stamps.shape) != 1:
        return movie
    return timed(movie, np.asarray(stamps[: movie.n_frames], np.float64), what)


def _of_nwb(group: Any, found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what an NWB file holds besides its imaging series, such as masks."""
    if "nwb_version" not in group.attrs:
        return found

    def is_series(name: str) -> bool:
        parent = group[name.rpartition("/")[0]] if "/" in name else group
        return str(parent.attrs.get("neurodata_type", "")).endswith("PhotonSeries")

    return {name: node for name, node in found.items() if is_series(name)} or found


def _grid_spacing(group: Any) -> float | None:
    """Return the edge of a pixel where all imaging planes of an NWB file say the same."""
    planes = group.get("general/optophysiology")
    if planes is None or _is_array(planes):
        return None
    sizes = set()
    for _, plane in planes.groups():
        spacing = plane.get("grid_spacing")
        if spacing is not None:
            unit = spacing.attrs.get("unit", "meters")
            sizes.add(micrometres(float(np.asarray(spacing[:1])[0]), unit))
    return sizes.pop() if len(sizes) == 1 else None


def _movies(group: Any, inside: str = "", depth: int = _DEEPEST) -> dict[str, Any]:
    """Return the arrays with three axes or more and the OME images in a group, by their names."""
    found: dict[str, Any] = {}
    for name, node in sorted(group.members()):
        place = f"{inside}{name}"
        if _is_array(node):
            if node.ndim >= 3 and np.dtype(node.dtype).kind in _NUMBERS:
                found[place] = node
        elif _multiscales(node):
            found[place] = node
        elif depth:
            found |= _movies(node, f"{place}/", depth - 1)
    return found


def _multiscales(group: Any) -> Any:
    attributes = dict(group.attrs)
    return attributes.get("ome", attributes).get("multiscales")


def _read_multiscale(group: Any, path: Path, choice: Choice) -> Movie:
    return from_node(*_full_resolution(group), str(path), path, choice)


def _full_resolution(group: Any) -> tuple[Any, str, list[float], list[object]]:
    """Return the array of an OME image, a letter for each axis, size of a voxel and units."""
    described: Mapping[str, Any] = _multiscales(group)[0]
    # The first data set is the one in full resolution.
    dataset = described["datasets"][0]
    array = group[dataset["path"]]
    entries = described.get("axes") or list("tczyx"[-array.ndim :])
    names: list[str] = []
    units: list[object] = []
    for entry in entries:
        is_plain = isinstance(entry, str)
        names.append(str(entry if is_plain else entry["name"]))
        units.append("" if is_plain else entry.get("unit", ""))
    scale = np.ones(array.ndim)
    for source in (dataset, described):
        for step in source.get("coordinateTransformations") or ():
            if step.get("type") == "scale":
                scale = scale * np.asarray(step["scale"], dtype=float)
    letters = letters_of(names)
    if letters is None or "Q" in letters:
        letters = "".join(name[:1].upper() for name in names)
    return array, letters, scale.tolist(), units


FORMAT = Format(
    name="Zarr",
    suffixes=(".zarr",),
    claims=claims,
    holds_movie=holds_movie,
    read=read,
    whole_folder=True,
)
