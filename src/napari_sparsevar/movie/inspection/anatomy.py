"""Images that show the anatomy of a movie: mean, maximum, standard deviation, correlation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie.inspection.check import usable
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
    collector = StaticCollector(movie, _MAX_FRAMES)
    maximum = np.full(movie.shape, -np.inf, np.float32)
    wanted = collector.runs if movie.data.nbytes > WHOLE_BYTES else None
    for start, frames in lazy_frames.read_blocks(movie.data, wanted):
        good = usable(frames)
        collector.add(start, frames, good)
        if good.any():
            np.maximum(maximum, frames[good].max(axis=0), out=maximum, casting="unsafe")
        yield None
    images = collector.images()
    yield AnatomyImages(images.mean, maximum, images.deviation, images.correlation)
