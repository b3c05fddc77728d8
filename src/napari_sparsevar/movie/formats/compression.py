"""Compression that this installation lacks: a sound file, and a package that is missing."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    import h5py

T = TypeVar("T")

_FILTERS = {
    307: "bzip2",
    32000: "LZF",
    32001: "Blosc",
    32004: "LZ4",
    32008: "Bitshuffle",
    32013: "ZFP",
    32015: "Zstandard",
    32017: "SZ",
    32018: "FCIDECOMP",
    32024: "SZ3",
    32026: "Blosc2",
    32028: "SPERR",
}
"""Filters of HDF5 that the package hdf5plugin brings, by their registered number."""

_CODECS = {
    "wavpack": "wavpack-numcodecs",
    "flac": "flac-numcodecs",
    "zfpy": "'numcodecs[zfpy]'",
    "pcodec": "'numcodecs[pcodec]'",
    "crc32c": "'numcodecs[crc32c]'",
    "msgpack2": "'numcodecs[msgpack]'",
    "blosc2": "imagecodecs",
}
"""Packages that bring codecs of Zarr."""

_IMAGECODECS = "imagecodecs_"


def check_filters(dataset: h5py.Dataset, what: str) -> None:
    """Refuse a data set of HDF5 that is compressed with a filter that is not installed.

    Parameters
    ----------
    dataset : h5py.Dataset
        Of an open file.
    what : str
        What to call it in a sentence.

    Raises
    ------
    UserError
        With the name of the filter and of the package.
    """
    missing = _missing(dataset)
    if missing and _found("hdf5plugin"):  # to import it makes its filters known
        missing = _missing(dataset)
    for number, said in missing:
        name = _FILTERS.get(number, said or "unknown")
        how = "pip install hdf5plugin"
        if number not in _FILTERS:
            how = "install its HDF5 plugin, or save the file with gzip (h5repack -f GZIP=4)"
        raise UserError(
            f"{what} is compressed with {name} (HDF5 filter {number}), which is not installed: "
            f"{how}."
        )


def _missing(dataset: h5py.Dataset) -> list[tuple[int, str]]:
    """Return number and name of each filter that pixels need and this installation lacks."""
    import h5py

    made = dataset.id.get_create_plist()
    found = [made.get_filter(place) for place in range(made.get_nfilters())]
    # A filter that was not there when a chunk was written was left out of it, and is so marked.
    written = dataset.chunks is not None and dataset.id.get_num_chunks() > 0
    skipped = dataset.id.get_chunk_info(0).filter_mask if written else 0
    return [
        (int(number), name.decode(errors="replace") if isinstance(name, bytes) else str(name))
        for place, (number, _, _, name) in enumerate(found)
        if not skipped >> place & 1 and not h5py.h5z.filter_avail(number)
    ]


def with_codecs(path: Path, read: Callable[[], T]) -> T:
    """Return what is read of a Zarr folder, with codecs that are installed but not known to Zarr.

    Parameters
    ----------
    path : pathlib.Path
        The folder.
    read : callable
        Opens it; called again once further codecs are known.

    Raises
    ------
    UserError
        With the name of the codec and of the package, where it is not installed.
    """
    try:
        return read()
    except ValueError as error:
        name = _unknown(error)
        if name is None:
            raise
        if name.startswith(_IMAGECODECS) and _found("imagecodecs"):
            importlib.import_module("imagecodecs.numcodecs").register_codecs(verbose=False)
            with contextlib.suppress(ValueError):
                return read()
        package = _package_of(name)
        how = f"pip install {package}" if package else "install it, or save with zstd or Blosc"
        raise UserError(
            f"{path} is compressed with the codec {name}, which is not installed: {how}."
        ) from error


def _unknown(error: ValueError) -> str | None:
    """Return the name of the codec that Zarr does not know; None where that is not the error."""
    found = re.search(r"'([\w.\-/]+)'", str(error))
    return found[1] if found and type(error).__name__ == "UnknownCodecError" else None


def _package_of(codec: str) -> str | None:
    name = codec.removeprefix("numcodecs.")
    return "imagecodecs" if name.startswith(_IMAGECODECS) else _CODECS.get(name)


def _found(package: str) -> bool:
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True
