"""Exactly the frames asked for out of a compressed video."""

from __future__ import annotations

import bisect
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError


@dataclass(frozen=True)
class VideoIndex:
    """Where the frames of a video are.

    Parameters
    ----------
    stamps : ndarray of int64, shape (T,)
        Time stamp of each frame in the order they are shown, in the video's own clock.
    keys : tuple of int
        Numbers of the frames at which decoding can begin.
    """

    stamps: NDArray[np.int64]
    keys: tuple[int, ...]


def make_index(container: Any, stream: Any) -> VideoIndex:
    """Read the time stamps of all packets, decoding none.

    Parameters
    ----------
    container : av.container.InputContainer
        An open video.
    stream : av.VideoStream
        Its picture.

    Returns
    -------
    VideoIndex
        Decoding begins at the first frame only, where the file does not say enough to jump.
    """
    packets = [packet for packet in container.demux(stream) if packet.size]
    stamps = [packet.pts for packet in packets]
    if None in stamps or len(set(stamps)) < len(stamps):
        return VideoIndex(np.arange(len(packets), dtype=np.int64), (0,))
    order = np.sort(np.asarray(stamps, dtype=np.int64))
    # An AVI file knows only the order of decoding; with frames out of order that is no address.
    if container.format.name == "avi" and stream.codec_context.has_b_frames:
        return VideoIndex(order, (0,))
    keys = np.searchsorted(order, [packet.pts for packet in packets if packet.is_keyframe])
    return VideoIndex(order, tuple(sorted({0, *keys.tolist()})))


def grey(frame: Any, colour: bool) -> NDArray[Any]:
    """Return the brightness of a frame.

    Parameters
    ----------
    frame : av.VideoFrame
        As decoded.
    colour : bool
        Whether brightness has to be computed from red, green and blue that differ.

    Returns
    -------
    ndarray, shape (Y, X)
        Stored values where brightness is stored by itself, as in nearly all formats.
    """
    name, plane = frame.format.name, frame.planes[0]
    if name.startswith(("gray", "yuv", "nv")) and not name.startswith(("yuyv", "yuv4x")):
        dtype = np.dtype("<u2" if frame.format.components[0].bits > 8 else "u1")
        row = plane.line_size // dtype.itemsize
        pixels = np.frombuffer(plane, dtype, row * frame.height).reshape(frame.height, row)
        return pixels[:, : frame.width].copy()
    if colour:
        return np.asarray(frame.to_ndarray(format="gray"))
    return np.asarray(frame.to_ndarray(format="rgb24")[..., 0])


class VideoReader:
    """Decodes runs of frames; safe to call from threads and to send to a process.

    Parameters
    ----------
    path : pathlib.Path
        The video.
    index : VideoIndex
        Where its frames are.
    colour : bool
        See `grey`.
    """

    def __init__(self, path: Path, index: VideoIndex, colour: bool) -> None:
        self._path, self._index, self._colour = path, index, colour
        self._lock = threading.Lock()
        self._container: Any = None
        self._close: Callable[[], Any] = lambda: None
        self._frames: Iterator[tuple[int, Any]] = iter(())
        self._next = -1

    def __reduce__(self) -> tuple[Any, ...]:
        return VideoReader, (self._path, self._index, self._colour)

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames, shape (stop - start, Y, X)."""
        import av

        try:
            with self._lock:
                return np.stack(list(self._decode(start, stop)))
        except (OSError, av.FFmpegError, ValueError) as error:
            self._next = -1
            raise UserError(
                f"Frames {start} to {stop - 1} of {self._path} cannot be decoded ({error}); "
                "copy or export the file again."
            ) from error

    def _decode(self, start: int, stop: int) -> Iterator[NDArray[Any]]:
        if start != self._next:
            self._seek(start)
        self._next, wanted = -1, start
        for number, frame in self._frames:
            if number > wanted:
                raise ValueError(f"frame {wanted} is missing")
            if number == wanted:
                yield grey(frame, self._colour)
                wanted += 1
                if wanted == stop:
                    self._next = stop
                    return
        raise ValueError(f"frame {wanted} is missing")

    def _seek(self, start: int) -> None:
        """Begin to decode at the last key frame before `start`, or at one further back."""
        keys = self._index.keys
        nearest = bisect.bisect_right(keys, start) - 1
        for key in (*keys[max(1, nearest - 1) : nearest + 1][::-1], 0):
            stream = self._open()
            if key:
                self._container.seek(int(self._index.stamps[key]), stream=stream)
            decoded = self._container.decode(stream)
            first = next(decoded, None)
            number = self._number(first) if key else 0
            if first is not None and number is not None and number <= start:
                self._frames = self._numbered(number, first, decoded)
                return
        raise ValueError(f"frame {start} is missing")

    def _open(self) -> Any:
        import av

        self._close()
        self._container = av.open(str(self._path))
        self._close = weakref.finalize(self, self._container.close)
        stream = self._container.streams.video[0]
        stream.thread_type = "AUTO"
        return stream

    def _number(self, frame: Any) -> int | None:
        if frame is None or frame.pts is None:
            return None
        place = int(np.searchsorted(self._index.stamps, frame.pts))
        there = place < len(self._index.stamps) and self._index.stamps[place] == frame.pts
        return place if there else None

    def _numbered(self, number: int, first: Any, rest: Iterator[Any]) -> Iterator[tuple[int, Any]]:
        yield number, first
        for frame in rest:
            number += 1
            yield number, frame
