"""Frames of one data set in an HDF5 file, and what is common to all that lies in HDF5."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.reading import lazy_frames

if TYPE_CHECKING:
    import h5py

T = TypeVar("T")

# What a damaged file makes HDF5 raise besides OSError.
_DAMAGED = (ValueError, LookupError, TypeError, AttributeError, RuntimeError, UnicodeDecodeError)


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


def with_file(path: Path, use: Callable[[h5py.File], T]) -> T:
    """Open a file, use it and close it; what goes wrong becomes one sentence.

    Parameters
    ----------
    path : pathlib.Path
        An HDF5 file.
    use : callable
        Takes the open file.

    Returns
    -------
    object
        What `use` gave.

    Raises
    ------
    UserError
        If the file is damaged or cannot be read.
    """
    import h5py

    try:
        # Some network disks know no locks; a reader needs none.
        with h5py.File(path, "r", locking="best-effort") as file:
            return use(file)
    except OSError as error:
        if error.errno:
            raise UserError(f"Cannot read {path}: {explain(error)}.") from error
        raise UserError(_damaged(path, error)) from error
    except _DAMAGED as error:
        raise UserError(_damaged(path, error)) from error


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
        return with_file(
            path,
            lambda file: bool(file.visititems(lambda _, node: True if wanted(node) else None)),
        )
    except UserError:
        return True


def is_dataset(node: object) -> TypeGuard[h5py.Dataset]:
    """Return whether something in a file is a data set and no group."""
    import h5py

    return isinstance(node, h5py.Dataset)


def is_numeric(node: object) -> TypeGuard[h5py.Dataset]:
    """Return whether something in a file is a data set of real numbers with three axes or more."""
    return is_dataset(node) and node.ndim >= 3 and node.dtype.kind in "uif"


def axis_names(dataset: h5py.Dataset) -> str:
    """Return a letter for each axis of a data set, see `axes.choose`.

    Parameters
    ----------
    dataset : h5py.Dataset
        Its axes may have labels, or it may come from MATLAB, which stores columns before rows.

    Returns
    -------
    str
        The last two axes are Y and X where nothing is said.
    """
    letters = "".join(str(axis.label)[:1].upper() or "Q" for axis in dataset.dims)
    if {"Y", "X"} <= set(letters):
        return letters
    n_axes = int(dataset.ndim)
    return "Q" * (n_axes - 2) + "XY" if "MATLAB_class" in dataset.attrs else axes.unnamed(n_axes)


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
        If the pixels lie beyond the end of the file.
    """
    size = dataset.shape
    shape = (size[chosen.time], size[chosen.row], size[chosen.column])
    place = dataset.id.get_offset()
    if dataset.chunks is None and place is not None and not dataset.external:
        if place + dataset.nbytes > path.stat().st_size:
            raise UserError(f"{path} is truncated; copy or export it again.")
        # One run of raw pixels: the operating system reads what is touched.
        raw = np.memmap(path, dataset.dtype, "r", place, dataset.shape)
        return lazy_frames.from_memory(chosen.apply(raw))
    own = dataset.chunks[chosen.time] if dataset.chunks else 1
    length = lazy_frames.whole_chunks(shape[1:], dataset.dtype, own)
    reader = _Reader(path, dataset.name, chosen)
    return lazy_frames.from_reader(reader, shape, dataset.dtype, length=length)


class _Reader:
    """Reads frames of one data set; safe to call from threads and to send to a process."""

    def __init__(self, path: Path, name: str, chosen: axes.MovieAxes) -> None:
        self._path, self._name, self._chosen = path, name, chosen

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        return with_file(self._path, lambda file: self._chosen.read(file[self._name], start, stop))


def _damaged(path: Path, error: Exception) -> str:
    reason = " ".join(str(error).split())
    return f"{path} is damaged, cut short or no HDF5 file ({reason}); copy or export it again."
