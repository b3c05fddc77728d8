"""Frames of a large movie that stand out, found while they are read for something else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie.inspection.artefacts import ArtefactFinder
from napari_sparsevar.movie.inspection.check import some_frames
from napari_sparsevar.movie.inspection.missing import missing_pixels
from napari_sparsevar.movie.movie import Movie


class LateLook:
    """Looks at every frame that goes by, in order.

    Parameters
    ----------
    movie : Movie
        Of which not every frame was looked at before.
    """

    def __init__(self, movie: Movie) -> None:
        self._finder = ArtefactFinder(movie)
        self._blank = np.zeros(movie.n_frames, bool)

    def __call__(self, start: int, frames: NDArray[Any]) -> None:
        """Look at frames (t, Y, X), the first of which is number ``start``."""
        absent = missing_pixels(frames)
        self._finder.add(start, frames, absent)
        if absent is not None:
            self._blank[start : start + len(frames)] = absent.all(axis=(1, 2))

    def bad(self) -> NDArray[np.bool_]:
        """Return which frames stand out, (T,)."""
        return self._blank | self._finder.found().left_out


def late_sentences(late: NDArray[np.bool_]) -> tuple[str, ...]:
    """Say which frames were found late; nothing where there are none."""
    if not late.any():
        return ()
    return (
        f"{int(late.sum())} more of {len(late)} frames stand out ({some_frames(late)}); they are "
        "left out of the analysis: the movie is too large to look at all of it before training.",
    )
