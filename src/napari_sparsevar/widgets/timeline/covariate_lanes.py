"""What was recorded beside the movie, in lanes along the lower edge of the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtGui import QColor

from napari_sparsevar.figures.colours import GREEN
from napari_sparsevar.widgets.parts.plot import plain_view
from napari_sparsevar.widgets.timeline.inspected_curves import thinned_line

if TYPE_CHECKING:
    from napari_sparsevar.analysis.covariates.covariates import Covariates
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.run.run import Run

MOST_LANES = 4
LANE, GAP = 0.14, 0.02
"""Height of a lane and what is left free above it, in heights of the view."""

_STRENGTH = 170


class CovariateLanes:
    """A lane for each covariate, the first lowest: a curve, or a tick for each event.

    Parameters
    ----------
    beside : ViewBox
        Whose time axis and place they share.
    """

    def __init__(self, beside: pg.ViewBox) -> None:
        self.view = plain_view()
        self.names: tuple[str, ...] = ()
        self._lanes: list[pg.PlotDataItem | pg.VTickGroup] = []
        self._pen = pg.mkPen(GREEN)
        self._beside = beside
        self.view.setXLink(beside)
        self.view.setYRange(0.0, 1.0, padding=0)
        beside.scene().addItem(self.view)
        self.view.setZValue(beside.zValue() - 2)
        beside.sigResized.connect(self._fit)

    def set_covariates(self, covariates: Covariates | None) -> None:
        """Draw these, as many as there are lanes."""
        for lane in self._lanes:
            self.view.removeItem(lane)
        self._lanes = []
        self.names = () if covariates is None else covariates.labels[:MOST_LANES]
        if covariates is None:
            return
        for number in range(len(self.names)):
            low = number * (LANE + GAP)
            is_event = covariates.kinds[number] == "event"
            lane = pg.VTickGroup([], [low, low + LANE]) if is_event else thinned_line()
            self.view.addItem(lane)  # first: a line asks its view what can be seen of it
            self._lanes.append(lane)
            lane.setPen(self._pen)
            values = covariates.values[:, number].astype(float)
            if is_event:
                lane.setXVals(np.flatnonzero(np.nan_to_num(values) > 0).tolist())
            else:
                lane.setData(np.arange(len(values), dtype=float), low + LANE * _from_0_to_1(values))

    def set_theme(self, *, is_light: bool) -> None:
        """Be seen on a light and on a dark ground."""
        colour = QColor(GREEN)
        colour.setAlpha(_STRENGTH)
        self._pen = pg.mkPen(colour.darker(120) if is_light else colour.lighter(120), width=1)
        for lane in self._lanes:
            lane.setPen(self._pen)

    def _fit(self, *_: object) -> None:
        self.view.setGeometry(self._beside.sceneBoundingRect())


def covariates_of(run: Run | None, movie: Movie | None) -> Covariates | None:
    """Return what the run of the movie on show took out; None where there is nothing."""
    if run is None or movie is None:
        return None
    if tuple(run.record.movie.shape) != (movie.n_frames, *movie.shape):
        return None
    return run.results.activity.covariates


def _from_0_to_1(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return values between the smallest and the largest as 0 to 1; all 0 where they are one."""
    known = values[np.isfinite(values)]
    least, most = (known.min(), known.max()) if known.size else (0.0, 0.0)
    return (values - least) / (most - least) if most > least else np.zeros_like(values)
