"""Lazy arrays in blocks of whole frames, sized by memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.movie.reading.mapped import MappedFrames

BLOCK_BYTES = 16 * 2**20
_LONGEST = 8  # chunks of so many blocks are decoded again rather than kept

_counter = itertools.count()


def frames_per_block(frame_shape: Sequence[int], dtype: DTypeLike) -> int:
    """Return how many whole frames of a shape and type make about 16 MB, at least one."""
    frame_bytes = int(np.prod(frame_shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    return max(1, BLOCK_BYTES // max(1, frame_bytes))


def whole_chunks(frame_shape: Sequence[int], dtype: DTypeLike, own: int) -> int:
    """Return how many frames make a block that cuts no chunk of a file in two.

    Parameters
    ----------
    frame_shape : sequence of int
        Shape of one frame.
    dtype : dtype
        Type of its pixels.
    own : int
        Frames in a chunk of the file.

    Returns
    -------
    int
        About 16 MB; less than a chunk where chunks are so long that memory would not hold many.
    """
    length = frames_per_block(frame_shape, dtype)
    if own > _LONGEST * length:
        return length
    return max(1, length // own) * own


def from_memory(array: NDArray[Any]) -> da.Array:
    """Wrap an array (T, Y, X) in memory or a memory map as views of the same pixels."""
    if MappedFrames.suits(array):
        return from_reader(MappedFrames(array), array.shape, array.dtype)
    # dask's own from_array copies what NumPy holds.
    return from_reader(lambda start, stop: np.asarray(array[start:stop]), array.shape, array.dtype)


def from_array(array: Any, time: int = 0, whole: tuple[int, int] = (-2, -1)) -> da.Array:
    """Wrap an array-like object that reads when it is sliced, such as Zarr.

    Parameters
    ----------
    array : array-like
        Anything with shape, dtype and slicing that is not NumPy's.
    time : int
        Which axis is cut into blocks; of the other axes but two a block holds one place.
    whole : tuple of int
        The two that are never cut, rows and columns.

    Returns
    -------
    dask.array.Array
        The same values in blocks of whole frames.
    """
    frame = [array.shape[axis] for axis in whole]
    chunks = [1] * array.ndim
    for axis, size in zip(whole, frame, strict=True):
        chunks[axis] = size
    own = (getattr(array, "chunks", None) or (1,) * array.ndim)[time]
    # Whole chunks of the array: a compressed one would otherwise be decoded again and again.
    length = whole_chunks(frame, array.dtype, own)
    chunks[time] = min(length, max(1, array.shape[time]))
    # A name of its own: dask would otherwise read everything to hash it.
    lazy: da.Array = da.from_array(array, chunks=tuple(chunks), name=_new_name("array"))  # type: ignore[no-untyped-call]
    return lazy


def from_reader(
    read: Callable[[int, int], NDArray[Any]],
    shape: tuple[int, ...],
    dtype: DTypeLike,
    *,
    length: int | None = None,
) -> da.Array:
    """Make a lazy array of a function that reads frames from start to stop.

    Parameters
    ----------
    read : callable
        ``read(start, stop)`` gives frames of shape (stop - start, ...); called from threads.
    shape : tuple of int
        Shape of the whole, frames first.
    dtype : dtype
        Type of the pixels.
    length : int, optional
        Frames in a block; by default as many as make about 16 MB.

    Returns
    -------
    dask.array.Array
        Blocks that are read when asked for.
    """
    length = length or frames_per_block(shape[1:], dtype)
    edges = [*range(0, shape[0], length), shape[0]]
    name = _new_name("frames")
    zeros = (0,) * (len(shape) - 1)
    graph = {
        (name, index, *zeros): (read, start, stop)
        for index, (start, stop) in enumerate(itertools.pairwise(edges))
    }
    chunks = (tuple(np.diff(edges).tolist()), *((size,) for size in shape[1:]))
    return da.Array(graph, name, chunks, dtype=np.dtype(dtype))  # type: ignore[no-untyped-call]


def changed(
    lazy: da.Array, change: Callable[[int, NDArray[Any]], NDArray[Any]], dtype: DTypeLike
) -> da.Array:
    """Return a movie, (T, Y, X), of which each block is changed when it is read.

    Parameters
    ----------
    lazy : dask.array.Array
        In blocks of whole frames.
    change : callable
        Takes the number of the first frame and frames (t, Y, X), returns as many.
    dtype : dtype
        Type of what it returns.
    """

    def block(frames: NDArray[Any], block_info: Any = None) -> NDArray[Any]:
        return change(block_info[0]["array-location"][0][0], frames)

    made: da.Array = da.map_blocks(  # type: ignore[no-untyped-call]
        block,
        _even_blocks(lazy),
        dtype=dtype,
        name=_new_name("changed"),
        meta=np.zeros((0, 0, 0), dtype),
    )
    return made


def check_dtype(dtype: np.dtype[Any], what: str) -> None:
    """Refuse pixels that are no real numbers.

    Parameters
    ----------
    dtype : numpy.dtype
        Type of the pixels.
    what : str
        What to call the movie in a sentence.

    Raises
    ------
    UserError
        If pixels are boolean, complex or no numbers at all.
    """
    if dtype.kind not in "uif":
        raise UserError(
            f"{what} has pixels of type {dtype}; a movie needs integers or real numbers, "
            "for example uint16 or float32."
        )


def finish(lazy: da.Array, what: str) -> da.Array:
    """Bring frames into the form every other part relies on.

    Parameters
    ----------
    lazy : dask.array.Array, shape (T, Y, X)
        Frames of any type.
    what : str
        What to call the movie in a sentence.

    Returns
    -------
    dask.array.Array
        Real pixels in this machine's byte order, in blocks of whole frames.

    Raises
    ------
    UserError
        If pixels are not real numbers.
    """
    check_dtype(lazy.dtype, what)
    if not lazy.dtype.isnative:
        lazy = lazy.astype(lazy.dtype.newbyteorder("="))  # type: ignore[no-untyped-call]
    return _even_blocks(lazy)


def read_blocks(
    lazy: da.Array, wanted: Sequence[tuple[int, int]] | None = None
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Read a movie block by block, each block once.

    Parameters
    ----------
    lazy : dask.array.Array, shape (T, Y, X)
        The movie.
    wanted : sequence of tuple of int, optional
        Ascending runs of frames (first, one after the last) that are needed; all by default.
        What lies between two of them in one block is read too: a block is decoded as a whole.

    Yields
    ------
    start : int
        First frame of the piece.
    frames : ndarray, shape (t, Y, X)
        Their pixels.
    """
    wanted = [(0, lazy.shape[0])] if wanted is None else wanted
    for first, last in block_edges(lazy):
        overlaps = [(max(a, first), min(b, last)) for a, b in wanted if a < last and b > first]
        if overlaps:
            start, stop = overlaps[0][0], overlaps[-1][1]
            yield start, compute(lazy[start:stop])


def block_edges(lazy: da.Array) -> list[tuple[int, int]]:
    """Return the first frame of each block of a movie and the one after its last."""
    return list(itertools.pairwise(np.cumsum((0, *lazy.chunks[0])).tolist()))


def runs(n_frames: int, length: int) -> Iterator[tuple[int, int]]:
    """Yield the first frame, and the one after the last, of runs of at most `length` frames."""
    for start in range(0, n_frames, length):
        yield start, min(n_frames, start + length)


def _even_blocks(lazy: da.Array) -> da.Array:
    """Return the same array in blocks of about 16 MB; itself where its blocks are whole frames."""
    length = frames_per_block(lazy.shape[1:], lazy.dtype)
    whole = all(len(chunks) == 1 for chunks in lazy.chunks[1:])
    many = sum(lazy.chunks[0]) / max(1, len(lazy.chunks[0])) < min(length, lazy.shape[0]) / 8
    if whole and not many and max(lazy.chunks[0], default=1) <= 2 * length:
        return lazy
    even: da.Array = lazy.rechunk((length, *lazy.shape[1:]))  # type: ignore[no-untyped-call]
    return even


def _new_name(kind: str) -> str:
    # Counted and not hashed: two openings of one file are two arrays.
    return f"sparsevar-{kind}-{next(_counter)}"
