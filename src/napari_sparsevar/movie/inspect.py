"""Everything there is to know about a movie before training, from one read of the file."""

from __future__ import annotations

from napari_sparsevar.movie import blocks
from napari_sparsevar.movie.check import FrameChecker, FrameReport
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.static import StaticCollector, StaticImages


def inspect_movie(movie: Movie, *, max_frames: int = 2048) -> tuple[FrameReport, StaticImages]:
    """Check every frame and compute the static images while reading the movie once.

    Parameters
    ----------
    movie : Movie
        The movie; one block of it is in memory at a time.
    max_frames : int
        How many frames the static images use at most.

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
    checker, collector = FrameChecker(movie), StaticCollector(movie, max_frames)
    for start, frames in blocks.read_blocks(movie.data):
        collector.add(start, frames, checker.add(start, frames))
    report = checker.report()
    return report, collector.images()
