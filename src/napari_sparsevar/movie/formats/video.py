"""AVI, MP4, MOV and Matroska through FFmpeg (the optional package ``av``)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.video_decoder import VideoReader, grey, make_index
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import timed

_MOST_CUT = 8  # frames at the end of a video that was cut
_MOST_DECODED = 600  # frames on the way to the last one
_FAINT = 4  # grey values by which the colours of a grey video may differ after compression


def claims(path: Path) -> bool:
    """Return whether this is an AVI, MP4, MOV, MKV or WebM file, by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(12)
    is_avi = start[:4] == b"RIFF" and start[8:] == b"AVI "
    is_matroska = start[:4] == b"\x1aE\xdf\xa3"
    return is_avi or is_matroska or start[4:8] in (b"ftyp", b"moov", b"wide", b"mdat")


def read(path: Path, choice: Choice) -> Movie:
    """Open a video; its packets are listed now and decoded when asked for.

    Frames are the brightness of the picture, at the frame rate of the video; nothing of the choice
    applies. The package ``av`` has to be installed.
    """
    movie = read_part(path)
    if movie.n_frames < 2:
        raise UserError(f"{path} holds less than two frames; a movie needs several.")
    return movie


def read_part(path: Path) -> Movie:
    """Open a video that may be a part of a recording, and so hold a single frame."""
    try:
        import av
    except ImportError:
        raise UserError(
            f"{path} is a video; install what decodes it: pip install 'napari-sparsevar[video]'."
        ) from None
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise UserError(f"{path} has no picture; choose another file.")
            return _read(container, path)
    except (av.FFmpegError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{path} is damaged, cut short or not a video that can be read ({reason}); "
            "copy or export it again."
        ) from error


def _read(container: Any, path: Path) -> Movie:
    stream = container.streams.video[0]
    index = make_index(container, stream)
    container.seek(0)
    first = next(container.decode(stream), None)
    if first is None or not len(index.stamps):
        raise UserError(f"{path} holds no frame; choose another file.")
    colour = _has_colour(first)
    sample = grey(first, colour)
    reader = VideoReader(path, index, colour)
    near = len(index.stamps) - index.keys[-1] <= _MOST_DECODED
    n_frames = _whole_frames(reader, len(index.stamps)) if near else len(index.stamps)
    lazy = lazy_frames.from_reader(reader, (n_frames, *sample.shape), sample.dtype)
    notes: tuple[str, ...] = ()
    if colour:
        notes = (f"{path} is a colour video; the brightness of its pixels is used.",)
    if n_frames < len(index.stamps):
        notes += (f"{path} is cut short: its {n_frames:,} whole frames are taken.",)
    rate = stream.average_rate
    movie = Movie(
        data=lazy_frames.finish(lazy, str(path)), source=path, name=path.stem, notes=notes
    )
    paused = timed(movie, np.float64(stream.time_base or 0) * index.stamps[:n_frames], str(path))
    # The video's own rate is a mean over its pauses.
    return paused if paused.jumps else replace(movie, fps=float(rate) if rate else None)


def _whole_frames(reader: VideoReader, count: int) -> int:
    """Return how many frames can be decoded: the last ones may lack what was never written."""
    for last in range(count, max(1, count - _MOST_CUT), -1):
        try:
            reader(last - 1, last)
        except UserError:
            continue
        return last
    return count  # not cut but damaged: whoever reads them hears of it


def _has_colour(frame: Any) -> bool:
    if frame.format.name.startswith("gray"):
        return False
    pixels = frame.to_ndarray(format="rgb24").astype(np.int16)
    return bool((np.ptp(pixels, axis=2) > _FAINT).mean() > 1e-3)


FORMAT = Format(
    name="video",
    priority=-20,  # its mark is four common letters
    suffixes=(".avi", ".mp4", ".m4v", ".mov", ".mkv", ".webm"),
    claims=claims,
    holds_movie=claims,  # what is claimed is a video
    read=read,
)
