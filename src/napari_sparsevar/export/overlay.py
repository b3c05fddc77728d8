"""The movie with contribution and drivers drawn over it, as MP4."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.disk.files import replacing
from napari_sparsevar.errors import UserError
from napari_sparsevar.export.material import Material
from napari_sparsevar.export.overlay_frame import OverlayPainter
from napari_sparsevar.movie.reading.lazy_frames import read_blocks
from napari_sparsevar.progress import Step

UNKNOWN_FPS = 15.0
"""Frames a second that are shown where the movie does not say its own."""

_CODECS = {"libx264": {"crf": "18", "preset": "fast"}, "libopenh264": {}, "mpeg4": {"q:v": "3"}}
"""The first that is there: H.264 plays everywhere, MPEG-4 is in every FFmpeg."""


@dataclass(frozen=True)
class OverlayOptions:
    """What of the movie is shown, and how.

    Parameters
    ----------
    start, stop : int, int or None
        Frames, stop exclusive; None for all that follow.
    speed : float
        1 is real time, where the frame rate is known.
    contribution, drivers : bool
        Whether the map is added in colour, and the drivers outlined and numbered.
    """

    start: int = 0
    stop: int | None = None
    speed: float = 1.0
    contribution: bool = True
    drivers: bool = True

    def frames(self, n_frames: int) -> tuple[int, int]:
        """Return first frame and the one after the last.

        Raises
        ------
        UserError
            If the movie of so many frames has none of them, or the speed is none.
        """
        stop = n_frames if self.stop is None else min(self.stop, n_frames)
        if not 0 <= self.start < stop:
            raise UserError(
                f"Frames {self.start}:{self.stop or ''} are not in a movie of {n_frames}: choose a "
                "start before the stop."
            )
        if not self.speed > 0:
            raise UserError(f"The speed is {self.speed:g}: choose more than 0; 1 is real time.")
        return self.start, stop


def write_overlay(
    material: Material,
    out: Path,
    options: OverlayOptions | None = None,
    *,
    overwrite: bool = False,
) -> Generator[Step, None, Path]:
    """Write the movie in grey, the contribution map added to it, the drivers outlined.

    With time stamp and scale bar on a strip below, where they hide nothing. Closing the generator
    leaves nothing behind.

    Parameters
    ----------
    material : Material
    out : Path
        The ``.mp4`` file.
    options : OverlayOptions, optional
    overwrite : bool

    Yields
    ------
    Step

    Raises
    ------
    UserError
        If PyAV is not installed, the movie is not there, the file exists, or the disk refuses.
    """
    options = options or OverlayOptions()
    if out.suffix.lower() != ".mp4":
        raise UserError(f"{out} is no name of a movie: choose one that ends in .mp4.")
    av = needed_av()
    movie = material.needed_movie("A movie of the overlay")
    start, stop = options.frames(movie.n_frames)
    painter = OverlayPainter(material, contribution=options.contribution, drivers=options.drivers)
    fps = (material.run.fps or UNKNOWN_FPS) * options.speed
    with (
        replacing(out, overwrite=overwrite) as temporary,
        av.open(str(temporary), "w", options={"movflags": "+faststart"}) as container,
    ):
        stream = _stream(av, container, Fraction(fps).limit_denominator(1000), painter.size)
        for index, raw in _frames(movie.data, start, stop):
            frame = av.VideoFrame.from_ndarray(painter.paint(index, raw), format="rgb24")
            container.mux(stream.encode(frame))
            yield (index + 1 - start) / (stop - start), "Writing the movie of the overlay"
        container.mux(stream.encode())
    return out


def needed_av() -> Any:
    """Return PyAV.

    Raises
    ------
    UserError
        If it is not installed.
    """
    try:
        import av
    except ImportError:
        raise UserError(
            "MP4 needs PyAV, which is not installed: pip install 'napari-sparsevar[video]'."
        ) from None
    return av


def _stream(av: Any, container: Any, fps: Fraction, size: tuple[int, int]) -> Any:
    codec = next(name for name in _CODECS if name in av.codecs_available)
    stream = container.add_stream(codec, rate=fps)
    stream.height, stream.width = size
    stream.pix_fmt = "yuv420p"
    stream.options = _CODECS[codec]
    return stream


def _frames(data: Any, start: int, stop: int) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    for first, frames in read_blocks(data, [(start, stop)]):
        for offset, frame in enumerate(frames):
            yield first + offset, np.asarray(frame, np.float32)
