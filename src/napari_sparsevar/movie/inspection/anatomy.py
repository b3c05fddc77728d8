"""Images that show the anatomy of a movie: mean, maximum, standard deviation, correlation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie.inspection.check import FrameChecker, usable
from napari_sparsevar.movie.inspection.inspect import WHOLE_BYTES
from napari_sparsevar.movie.inspection.static import StaticCollector
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames

_MAX_FRAMES = 2048


@dataclass(frozen=True, eq=False)
class AnatomyImages:
    """What holds for the whole movie, each (Y, X) of float32.

    Parameters
    ----------
    mean, maximum, deviation : ndarray
        In grey values.
    correlation : ndarray
        As in ``StaticImages``.
    """

    mean: NDArray[np.float32]
    maximum: NDArray[np.float32]
    deviation: NDArray[np.float32]
    correlation: NDArray[np.float32]


def anatomy_images(movie: Movie) -> Iterator[AnatomyImages | None]:
    """Yield None after each block of a movie that is read once, and the images at last.

    The maximum is that of all frames; of a movie larger than ``WHOLE_BYTES``, of the runs of frames
    that the others are computed from.

    Raises
    ------
    UserError
        If there are no few usable frames in a row.
    """
    masked = None if movie.left_out is None else movie.left_out.pixels
    in_parts = movie.data.nbytes > WHOLE_BYTES
    checker, looked = FrameChecker(movie), _Look(movie, masked, in_parts)
    for start, frames in lazy_frames.read_blocks(movie.data, looked.wanted):
        looked.add(start, frames, checker.add(start, frames))
        yield None
    report = checker.report()
    if report.ignored.any() or report.bad.any():
        looked = _Look(movie, report.ignored, in_parts)
        for start, frames in lazy_frames.read_blocks(movie.data, looked.wanted):
            good = usable(frames, report.ignored) & ~report.bad[start : start + len(frames)]
            looked.add(start, frames, good)
            yield None
    yield looked.images()


class _Look:
    """One look at the frames of a movie.

    Parameters
    ----------
    movie : Movie
    ignored : ndarray of bool, shape (Y, X), optional
        Pixels that do not count.
    in_parts : bool
        Whether only the frames of the static images are looked at.
    """

    def __init__(self, movie: Movie, ignored: NDArray[np.bool_] | None, in_parts: bool) -> None:
        self._collector = StaticCollector(movie, _MAX_FRAMES, ignored)
        self._maximum = np.full(movie.shape, -np.inf, np.float32)
        self.wanted = self._collector.runs if in_parts else None

    def add(self, start: int, frames: NDArray[Any], good: NDArray[np.bool_]) -> None:
        """Look at the good frames of one block."""
        self._collector.add(start, frames, good)
        if good.any():
            brightest = frames[good].max(axis=0)
            np.maximum(self._maximum, brightest, out=self._maximum, casting="unsafe")

    def images(self) -> AnatomyImages:
        """Return the images, NaN where pixels do not count."""
        found = self._collector.images()
        maximum = np.where(found.ignored, np.float32(np.nan), self._maximum)
        return AnatomyImages(found.mean, maximum, found.deviation, found.correlation)
