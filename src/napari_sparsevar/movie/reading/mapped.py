"""Frames of a file of raw pixels, mapped only while they are looked at."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard

import numpy as np
from numpy.typing import NDArray


class MappedFrames:
    """Reads frames from start to stop as views of the file; only what is touched is read.

    One mapping of the whole file would keep every page that was ever touched: the memory of the
    process would grow to the size of the movie. Safe to call from several threads.

    Parameters
    ----------
    array : memmap, shape (T, Y, X)
        Any view of a mapped file, of any strides.
    """

    def __init__(self, array: np.memmap[Any, Any]) -> None:
        root = array
        while isinstance(root.base, np.memmap):
            root = root.base
        self._path = Path(str(root.filename))
        self._first = root.offset + _address(array) - _address(root)
        self._shape, self._strides, self._dtype = array.shape, array.strides, array.dtype
        # Kept open, as a mapping is: a file that is renamed or replaced meanwhile stays readable.
        self._file: BinaryIO = self._path.open("rb")

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames start .. stop (exclusive); the mapping goes with the array."""
        shape = (stop - start, *self._shape[1:])
        first = self._first + start * self._strides[0]
        # Strides may be negative: where a view runs backwards, its first byte is not its lowest.
        reach = [(size - 1) * stride for size, stride in zip(shape, self._strides, strict=True)]
        lowest = first + sum(step for step in reach if step < 0)
        beyond = first + sum(step for step in reach if step > 0) + self._dtype.itemsize
        aligned = lowest // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        mapping = mmap.mmap(
            self._file.fileno(), beyond - aligned, offset=aligned, access=mmap.ACCESS_READ
        )
        return np.ndarray(shape, self._dtype, mapping, first - aligned, self._strides)

    @staticmethod
    def suits(array: NDArray[Any]) -> TypeGuard[np.memmap[Any, Any]]:
        """Return whether an array is a view of a named file and holds nothing the file does not."""
        return isinstance(array, np.memmap) and bool(array.filename) and array.mode != "c"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_file"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._file = self._path.open("rb")

    def __del__(self) -> None:
        if hasattr(self, "_file"):  # not where opening it failed
            self._file.close()


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])
