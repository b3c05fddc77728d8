"""Everything there is to know about a movie before training, from one read of it at most."""

from __future__ import annotations

from napari_sparsevar.movie.inspection.artefacts import Artefacts
from napari_sparsevar.movie.inspection.check import FrameChecker, FrameReport
from napari_sparsevar.movie.inspection.static import (
    StaticCollector,
    StaticImages,
    static_images,
)
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.reading.read_ahead import ahead_of

WHOLE_BYTES = 4 * 10**9
"""A movie of whole numbers that is larger is looked at in parts: none of its frames can be NaN."""


def is_read_in_parts(movie: Movie) -> bool:
    """Return whether a movie is too large to look at every frame beforehand."""
    return movie.data.dtype.kind in "ui" and movie.data.nbytes > WHOLE_BYTES


def inspect_movie(
    movie: Movie,
    *,
    max_frames: int = 2048,
    whole: bool = True,
) -> tuple[FrameReport, StaticImages]:
    """Check the frames and compute the static images while reading the movie once.

    Where pixels or frames do not count, they are read again without them.

    Every frame is read, but of a large movie of whole numbers, where it would take minutes to learn
    little more than the frames of the static images tell.

    Parameters
    ----------
    movie : Movie
        The movie; one block of it is in memory at a time.
    max_frames : int
        How many frames the static images use at most.
    whole : bool
        Without, no frames are read but those of the static images.

    Returns
    -------
    report : FrameReport
        As from `check_frames`.
    images : StaticImages
        As from `static_images`.

    Raises
    ------
    UserError
        If no frames can be used or nothing ever changes.
    """
    in_parts = not whole or is_read_in_parts(movie)
    artefacts: Artefacts | None = None
    masked = None if movie.left_out is None else movie.left_out.pixels
    while True:
        checker = FrameChecker(movie, artefacts)
        collector = StaticCollector(movie, max_frames, masked)
        wanted = collector.runs if in_parts else None
        for start, frames in ahead_of(lazy_frames.read_blocks(movie.data, wanted)):
            collector.add(start, frames, checker.add(start, frames))
        report = checker.report()
        if artefacts is not None or not report.artefacts.left_out.any():
            break
        artefacts = report.artefacts
    if report.ignored.any() or report.bad.any():
        images = static_images(movie, max_frames=max_frames, bad=report.bad, ignored=report.ignored)
        return report, images
    return report, collector.images()
