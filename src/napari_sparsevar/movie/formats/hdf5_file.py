"""Frames of one data set in an HDF5 file, and what is common to all that lies in HDF5."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.axis_names import from_chunks, letters_of, noted_names
from napari_sparsevar.movie.coordinates import Along, along
from napari_sparsevar.movie.formats.compression import check_filters
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.written import as_written
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames

if TYPE_CHECKING:
    import h5py


_SWAPPED = str.maketrans("XY", "YX")


def is_hdf5(path: Path) -> bool:
    """Return whether this is an HDF5 file, by its signature; it may follow a user block."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        for place in (0, 512, 1024, 2048):
            file.seek(place)
            if file.read(8) == b"\x89HDF\r\n\x1a\n":
                return True
    return False


@contextlib.contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file and close it afterwards; what goes wrong becomes one sentence.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Yields
    ------
    h5py.File
        The open file.

    Raises
    ------
    UserError
        If the file is damaged or cannot be read, also inside the block.
    """
    with (
        explained(path, f"{path} is damaged, cut short or no HDF5 file"),
        _opened(path) as file,
    ):
        yield file


def _opened(path: Path) -> h5py.File:
    """Open a file for reading, also one that another program is writing."""
    import h5py

    refusal: OSError | None = None
    # Some network disks know no locks, and a reader needs none; SWMR is HDF5's way to read what
    # is being written.
    for options in ({"locking": "best-effort"}, {"locking": False}, {"swmr": True}):
        try:
            return h5py.File(path, "r", **options)
        except OSError as error:
            if not _is_written(error):
                raise refusal or error from None
            refusal = error
    raise UserError(
        f"{path} is open for writing in another program, or was left open by one that ended: "
        "close it there, or mend a copy of it with h5clear -s."
    ) from refusal


def as_far_as_written(movie: Movie, dataset: h5py.Dataset, chosen: axes.MovieAxes) -> Movie:
    """Return a movie without the frames at its end that were never written.

    Raises
    ------
    UserError
        If none was, or if frames are kept in other files that are not there.
    """
    what = f"{movie.source}:{dataset.name}"
    if dataset.is_virtual:
        _check_sources(dataset, what)
    elif dataset.chunks is None and not dataset.id.get_storage_size() and not dataset.external:
        raise UserError(f"{what} holds no pixels: nothing has been written to it yet.")
    if dataset.chunks is None:
        return movie
    chunks = dataset.chunks

    def exists(place: tuple[int, ...]) -> bool:
        first = tuple(at * size for at, size in zip(place, chunks, strict=True))
        return dataset.id.get_chunk_info_by_coord(first).byte_offset is not None

    return as_written(movie, chosen, dataset.shape, chunks, exists, what)


def _check_sources(dataset: h5py.Dataset, what: str) -> None:
    folder = Path(dataset.file.filename).parent
    named = {source.file_name for source in dataset.virtual_sources()} - {"."}
    missing = sorted(name for name in named if not (folder / name).exists())
    if missing:
        raise UserError(
            f"{what} is put together from other files, and {', '.join(missing[:3])} is not there: "
            "copy it to the place where it was."
        )


def growing_note(path: Path) -> tuple[str, ...]:
    """Return a sentence on a file that another program is writing; nothing where none is.

    Not while it is open here: HDF5 does not look at the lock of a file again.
    """
    import h5py

    try:
        h5py.File(path, "r", locking="best-effort").close()
    except OSError as error:
        if _is_written(error):
            said = "is open for writing in another program: what was written so far is taken."
            return (f"{path} {said}",)
    return ()


def _is_written(error: OSError) -> bool:
    return isinstance(error, BlockingIOError) or "already open for" in str(error)


def holds(path: Path, wanted: Callable[[Any], bool]) -> bool:
    """Return whether anything in a file is what is wanted.

    Parameters
    ----------
    path : pathlib.Path
        An HDF5 file.
    wanted : callable
        Takes a group or data set.

    Returns
    -------
    bool
        True also where the file is damaged: opening it will say so.
    """
    try:
        with open_hdf5(path) as file:
            return any(wanted(node) for node in nodes(file).values())
    except UserError:
        return True


def nodes(file: h5py.File) -> dict[str, Any]:
    """Return all groups and data sets of a file by their path, also those it links to in others."""
    found = _below(file, "")
    for place, node in [("", file), *found.items()]:
        for name, linked in _elsewhere(node).items():
            if linked is not None:
                found[f"{place}/{name}"] = linked
                found |= _below(linked, f"{place}/{name}")
    return found


def check_links(file: h5py.File, what: str) -> None:
    """Refuse a file that links to others which are not there.

    Raises
    ------
    UserError
    """
    own = [file, *_below(file, "").values()]
    gone = sorted(
        {
            str(node.get(name, getlink=True).filename)
            for node in own
            for name, linked in _elsewhere(node).items()
            if linked is None
        }
    )
    if gone:
        raise UserError(
            f"{what} keeps its data in {', '.join(gone[:3])}, which is not there: bring it to its "
            "place."
        )


def _below(node: Any, place: str) -> dict[str, Any]:
    """Return what lies in a group, by its path; nothing lies in a data set."""
    found: dict[str, Any] = {}
    if not is_dataset(node):
        node.visititems(lambda name, inner: found.__setitem__(f"{place}/{name}", inner))
    return found


def _elsewhere(node: Any) -> dict[str, Any]:
    """Return what a group links to in other files; None where such a file is not there."""
    import h5py

    if is_dataset(node):
        return {}
    links = {name: node.get(name, getlink=True) for name in node}
    outside = (name for name, link in links.items() if isinstance(link, h5py.ExternalLink))
    return {name: node.get(name) for name in outside}


def is_dataset(node: object) -> TypeGuard[h5py.Dataset]:
    """Return whether something in a file is a data set and no group."""
    import h5py

    return isinstance(node, h5py.Dataset)


def is_numeric(node: object) -> TypeGuard[h5py.Dataset]:
    """Return whether something in a file is a data set of real numbers with three axes or more."""
    return is_dataset(node) and node.ndim >= 3 and node.dtype.kind in "uif"


def axis_names(dataset: h5py.Dataset) -> tuple[str, bool]:
    """Return a letter for each axis of a data set, see `axes.choose`.

    Parameters
    ----------
    dataset : h5py.Dataset
        Its axes may have labels or scales, it may say in an attribute what they are, or be cut
        into chunks of whole images; or it comes from MATLAB, which stores columns before rows.

    Returns
    -------
    letters : str
        The last two axes are Y and X where nothing is said.
    sure : bool
        Whether anything was said.
    """
    n_axes = int(dataset.ndim)
    for names in (_labels(dataset), noted_names(dataset.attrs, n_axes)):
        if (letters := letters_of(names)) is not None:
            return letters, True
    chunked = from_chunks(dataset.shape, dataset.chunks)
    if "MATLAB_class" in dataset.attrs:
        swapped = chunked.translate(_SWAPPED) if chunked else "Q" * (n_axes - 2) + "XY"
        return swapped, chunked == "TYX"
    return chunked or axes.unnamed(dataset.shape), chunked == "TYX"


def _labels(dataset: h5py.Dataset) -> list[str]:
    """Return what each axis is called: by its label, or the scale that is attached to it."""
    scales = [dimension[0].name if len(dimension) else "" for dimension in dataset.dims]
    return [
        str(dimension.label or (scale or "").rsplit("/", 1)[-1])
        for dimension, scale in zip(dataset.dims, scales, strict=True)
    ]


def coordinates(dataset: h5py.Dataset) -> dict[int, Along | None]:
    """Return what lies along each axis that has a scale."""
    scales = {axis: scale[0] for axis, scale in enumerate(dataset.dims) if len(scale)}
    return {axis: along(scale, scale.attrs) for axis, scale in scales.items()}


def dataset_frames(path: Path, dataset: h5py.Dataset, chosen: axes.MovieAxes) -> da.Array:
    """Return frames that are read when asked for; the file stays closed in between.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    dataset : h5py.Dataset
        An open data set of it.
    chosen : axes.MovieAxes
        Where its frames are.

    Returns
    -------
    dask.array.Array, shape (T, Y, X)
        In blocks of whole frames that cut no chunk in two.

    Raises
    ------
    UserError
        If the pixels lie beyond the end of the file, or their compression is not installed.
    """
    check_filters(dataset, f"{path}:{dataset.name}")
    # Linked from another file, it lies in its own.
    home = path if dataset.file.filename == str(path) else Path(dataset.file.filename)
    size = dataset.shape
    shape = (size[chosen.time], size[chosen.row], size[chosen.column])
    place = dataset.id.get_offset()
    if dataset.chunks is None and place is not None and not dataset.external:
        if place + dataset.nbytes > home.stat().st_size:
            raise UserError(f"{home} is truncated; copy or export it again.")
        # One run of raw pixels: the operating system reads what is touched.
        raw = np.memmap(home, dataset.dtype, "r", place, dataset.shape)
        return lazy_frames.from_memory(chosen.apply(raw))
    own = dataset.chunks[chosen.time] if dataset.chunks else 1
    length = lazy_frames.whole_chunks(shape[1:], dataset.dtype, own)
    reader = _Reader(home, dataset.name, chosen)
    return lazy_frames.from_reader(reader, shape, dataset.dtype, length=length)


class _Reader:
    """Reads frames of one data set; safe to call from threads and to send to a process."""

    def __init__(self, path: Path, name: str, chosen: axes.MovieAxes) -> None:
        self._path, self._name, self._chosen = path, name, chosen

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        with open_hdf5(self._path) as file:
            return self._chosen.read(file[self._name], start, stop)
