"""Frames, seconds and the frame slider: what the time axis of a movie layer means."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image

from napari_sparsevar.comparison.windows import Piece, parse_pieces, snap
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie


@dataclass(frozen=True)
class Frames:
    """The time axis of a movie layer.

    Parameters
    ----------
    n_frames : int
    fps : float or None
        Frames per second, if known.
    axis : int
        Which slider, counted from the last axis: -3 is the one before Y and X.
    step, origin : float
        Length of a frame and position of the first along the slider.
    """

    n_frames: int
    fps: float | None
    axis: int
    step: float
    origin: float

    @classmethod
    def of(cls, layer: Image, movie: Movie) -> Frames:
        """Return the time axis of a layer that shows a movie."""
        axis = _time_axis(layer.data.shape, movie.n_frames)
        step = float(layer.scale[axis]) or 1.0
        return cls(movie.n_frames, movie.fps, axis, step, float(layer.translate[axis]))

    def shown(self, viewer: ViewerModel) -> int:
        """Return the frame the viewer shows."""
        if viewer.dims.ndim < -self.axis:
            return 0
        return self.nearest((viewer.dims.point[self.axis] - self.origin) / self.step)

    def show(self, viewer: ViewerModel, frame: float) -> None:
        """Move the slider to a frame."""
        position = self.origin + self.nearest(frame) * self.step
        if viewer.dims.ndim >= -self.axis:
            viewer.dims.set_point(viewer.dims.ndim + self.axis, position)

    def nearest(self, frame: float) -> int:
        """Return the frame of the movie nearest to a number."""
        return min(max(snap(frame), 0), self.n_frames - 1)


def _time_axis(shape: Any, n_frames: int) -> int:
    # A layer may have axes of channels or planes too; time is the one as long as the movie.
    for axis in range(len(shape) - 2):
        if shape[axis] == n_frames:
            return axis - len(shape)
    return -3


class TimeUnit:
    """Frames, or seconds where the frame rate is known: numbers as text and back.

    Parameters
    ----------
    fps : float or None
        Frames per second for seconds; None for frames.
    """

    def __init__(self, fps: float | None = None) -> None:
        self._fps = fps
        # So many that every frame has a number of its own.
        self._decimals = 0 if fps is None else max(2, math.ceil(math.log10(fps)) + 1)

    def text(self, frame: int) -> str:
        """Return a frame as a person would write it."""
        return str(frame) if self._fps is None else f"{frame / self._fps:.{self._decimals}f}"

    def pieces_text(self, pieces: Iterable[Piece]) -> str:
        """Return ``START:STOP, START:STOP, ...``."""
        return ", ".join(f"{self.text(start)}:{self.text(stop)}" for start, stop in pieces)

    def frame(self, text: str) -> int:
        """Return the frame a person wrote; UserError if it is no number."""
        text = text.strip().removesuffix("s").strip()
        if self._fps is None:
            if not text.isdecimal():
                raise UserError(f"'{text}' is no frame: write a whole number, 0 or more.")
            return int(text)
        return snap(self._seconds(text) * self._fps)

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """Return the pieces a person wrote; UserError if they are none."""
        if self._fps is None:
            return parse_pieces(text)
        found = []
        for part in text.split(","):
            start, colon, stop = part.partition(":")
            if not colon:
                raise UserError(
                    f"'{text}' is no stretch of seconds: write START:STOP, "
                    "several pieces with commas, for example 0:20 or 0:5,10:15."
                )
            found.append((self.frame(start), self.frame(stop)))
        return tuple(found)

    def _seconds(self, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0:
            raise UserError(f"'{text}' is no time: write seconds, 0 or more.")
        return value
