"""Frames that do not count, as grey bars behind the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtGui import QColor

if TYPE_CHECKING:
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.run.run import Run

MOST_BARS = 2000
"""In sight: more could not be told apart."""


class LeftOutMarks:
    """Bars over the whole height of a view, one for each frame that is left out.

    Parameters
    ----------
    view : ViewBox
    """

    def __init__(self, view: pg.ViewBox) -> None:
        self.frames: npt.NDArray[np.integer] = np.empty(0, int)
        self.bars = pg.VTickGroup([], [0.0, 1.0])
        self.bars.setZValue(-10)
        self._view = view
        view.addItem(self.bars, ignoreBounds=True)
        view.sigXRangeChanged.connect(self._draw)

    def set_frames(self, frames: npt.NDArray[np.integer]) -> None:
        """Mark these frames."""
        self.frames = frames
        self._draw()

    def set_colour(self, text: QColor) -> None:
        """Be a shade of the colour of the text."""
        shade = QColor(text)
        shade.setAlpha(70)
        self.bars.setPen(pg.mkPen(shade, width=2))

    def _draw(self, *_: object) -> None:
        first, last = self._view.viewRange()[0]
        seen = self.frames[(self.frames >= first - 1) & (self.frames <= last + 1)]
        seen = seen[:: -(-len(seen) // MOST_BARS) or 1]
        if seen.tolist() != list(self.bars.xvals):
            self.bars.setXVals(seen.tolist())
            self.bars.update()


def left_out_of(run: Run | None, movie: Movie | None) -> npt.NDArray[np.integer]:
    """Return the frames that a run left out of the movie on show; none where it is another."""
    if run is None or movie is None:
        return np.empty(0, int)
    if tuple(run.record.movie.shape) != (movie.n_frames, *movie.shape):
        return np.empty(0, int)
    return np.flatnonzero(~np.asarray(run.results.good))
