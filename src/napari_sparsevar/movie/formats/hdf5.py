"""HDF5, also as MATLAB 7.3 writes it: the data set that is a movie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.axis_names import guess_note
from napari_sparsevar.movie.choice import Choice, pick
from napari_sparsevar.movie.coordinates import noted, placed
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.hdf5_file import (
    as_far_as_written,
    axis_names,
    check_links,
    coordinates,
    dataset_frames,
    growing_note,
    holds,
    is_hdf5,
    is_numeric,
    nodes,
    open_hdf5,
)
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.units import about_square, micrometres

if TYPE_CHECKING:
    import h5py

_SMALLEST_PX = 4  # arrays of small matrices are no movies

_VOLUMES = {"DataSet/ResolutionLevel 0": "Imaris", "t00000/s00": "BigDataViewer"}
"""Programs that keep every moment in a data set of its own, by a group that each writes."""


def holds_movie(path: Path) -> bool:
    """Return whether an HDF5 file has a data set of frames."""
    return holds(path, _is_movie)


def read(path: Path, choice: Choice) -> Movie:
    """Open a data set of an HDF5 file without reading its pixels.

    Of several movies ``choice.dataset`` names one, else `ChoiceNeeded` is raised.
    """
    with open_hdf5(path) as file:
        movie = _read(file, path, choice)
    return replace(movie, notes=(*movie.notes, *growing_note(path)))


def _read(file: h5py.File, path: Path, choice: Choice) -> Movie:
    if (
        program := next((who for group, who in _VOLUMES.items() if group in file), None)
    ) is not None:
        raise UserError(
            f"{path} is a file of {program}, a volume for each moment and channel: export it as "
            "TIFF or OME-Zarr."
        )
    arrays = {name: node for name, node in nodes(file).items() if is_numeric(node)}
    if not arrays:
        check_links(file, str(path))
        raise UserError(
            f"{path} holds no movie: none of its data sets has three axes of numbers; "
            "choose another file."
        )
    movies = [name for name, node in arrays.items() if _is_movie(node)]
    # Whoever names a data set gets it, or hears what is wrong with it.
    offered = list(arrays) if choice.dataset or not movies else movies
    name = pick(choice.dataset, offered, str(path))
    dataset, what = file[name], f"{path}:{name}"
    letters, sure = axis_names(dataset)
    chosen = axes.choose(dataset.shape, letters, what, choice)
    lazy_frames.check_dtype(dataset.dtype, what)
    movie = chosen.movie(
        dataset_frames(path, dataset, chosen),
        what,
        name=f"{path.stem} {name.strip('/')}" if len(movies) > 1 else path.stem,
        source=path,
        pixel_size_um=_edge(dataset, -1),
    )
    square = about_square(_edge(dataset, -2), _edge(dataset, -1), what)
    movie = replace(movie, notes=(*movie.notes, *square))
    movie = as_far_as_written(movie, dataset, chosen)
    movie = noted(placed(movie, chosen, coordinates(dataset), what), dataset.attrs)
    if not (sure or choice.axes):
        said = guess_note(str(path), dataset.shape, letters)
        movie = replace(movie, notes=(*movie.notes, said))
    return of_dataset(movie, name, offered)


def _is_movie(node: object) -> bool:
    if not is_numeric(node):
        return False
    names, _ = axis_names(node)
    smallest = min(node.shape[names.index(axis)] for axis in "YX")
    return smallest >= _SMALLEST_PX and axes.is_movie(node.shape, names)


def _edge(dataset: h5py.Dataset, axis: int) -> float | None:
    """Return an edge of a pixel as Fiji and its relatives write it down: Z, Y, X."""
    size = dataset.attrs.get("element_size_um")
    try:
        return None if size is None else micrometres(float(size[axis]), "um")
    except (TypeError, ValueError, IndexError):
        return None


FORMAT = Format(
    name="HDF5",
    suffixes=(".h5", ".hdf5", ".mat"),
    claims=is_hdf5,
    holds_movie=holds_movie,
    read=read,
)
