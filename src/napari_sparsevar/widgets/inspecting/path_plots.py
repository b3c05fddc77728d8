"""Two plots along the solution path: what speaks for a penalty, and how influences grow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Signal
from qtpy.QtGui import QColor

from napari_sparsevar.figures.colours import window_colour
from napari_sparsevar.widgets.inspecting.sparsity_panel import CHOICES, chosen_penalty
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.plot import FIRST, SECOND, Plot, plain_view

if TYPE_CHECKING:
    from napari_sparsevar.analysis.maps.path_curves import FloatArray, PathCurve
    from napari_sparsevar.run.run import Run


class PathPlot(Plot):
    """Something against the penalty, the largest on the left, with a line at the present one.

    Redrawn only while visible.

    Attributes
    ----------
    moved : Signal of float
        The line has been dragged to a penalty.
    """

    moved = Signal(float)

    def __init__(self, inspecting: Inspecting, theme: str, title: str) -> None:
        super().__init__(plain_view(invertX=True), title, "penalty (sparse to dense)")
        self.inspecting = inspecting
        self.now = pg.InfiniteLine(0, movable=True)
        self._stale = True
        self.now.setZValue(20)
        self.view.addItem(self.now, ignoreBounds=True)
        self.set_theme(theme)
        self.now.sigDragged.connect(self._on_dragged)

    def draw(self) -> None:
        """Draw everything anew."""
        raise NotImplementedError

    def refresh(self, *_: Any) -> None:
        """Draw now where anybody sees it, else when somebody does."""
        self._stale = not self.isVisible()
        if not self._stale:
            self.move_line()
            self.bottom.setTicks(self._ticks())
            self.draw()

    def move_line(self) -> None:
        """Put the line at the present penalty."""
        shown = self.inspecting.read_out
        self.now.setVisible(shown is not None)
        if shown is not None and not self.now.moving:
            self.now.setValue(math.log10(shown.run.penalty))

    def showEvent(self, event: Any) -> None:
        """Catch up with what happened while hidden."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        super().set_theme(theme)
        self.now.setPen(pg.mkPen(self.text, width=1.5))
        self.now.setHoverPen(pg.mkPen(self.text, width=4))
        self.refresh()

    def _ticks(self) -> list[list[tuple[float, str]]]:
        """Return 1, 2, 5, 10, ... on the logarithmic axis: few enough to read."""
        values = [digit * 10.0**power for power in range(-5, 2) for digit in (1, 2, 5)]
        return [[(math.log10(value), f"{value:g}") for value in values]]

    def _on_dragged(self) -> None:
        self.moved.emit(10.0 ** float(self.now.value()))


class CriterionPlot(PathPlot):
    """Error in held-out time along the path, with the penalties that criteria speak for."""

    def __init__(self, inspecting: Inspecting, theme: str) -> None:
        self.band = pg.ErrorBarItem(beam=0.0)
        self.curve = pg.PlotDataItem(symbol="o", symbolSize=4, symbolPen=None)
        self.marks = pg.ScatterPlotItem(size=10, pen=None)
        self._names: list[pg.TextItem] = []
        super().__init__(inspecting, theme, "held-out error")
        for item in (self.band, self.curve, self.marks):
            self.view.addItem(item)
        self.setToolTip(
            "<qt>Share of the variance that is left in stretches of time the fit did not see "
            "(blocked cross-validation), with its standard error. Marks: smallest error, the "
            "sparsest within one standard error of it, and the extended BIC's choice. "
            "The line can be dragged.</qt>"
        )
        watch(inspecting.run_changed, self.refresh, self)
        watch(inspecting.grew, self.refresh, self)
        watch(inspecting.read_out_changed, self._on_read_out, self)
        self.refresh()

    def draw(self) -> None:
        """Draw the curve of the run."""
        run = self.inspecting.run
        x = y = error = np.empty(0)
        if run is not None and len(run.results.criterion):
            table = run.results.criterion
            columns = table[["penalty", "cv_error", "cv_se"]].to_numpy(float)
            penalty, y, error = columns[np.isfinite(columns[:, 1])].T
            x = np.log10(penalty)
        colour = FIRST[self.is_light]
        self.curve.setPen(pg.mkPen(colour, width=2))
        self.curve.setSymbolBrush(QColor(colour))
        self.curve.setData(x, y)
        self.band.setVisible(bool(len(x)))
        if len(x):
            self.band.setData(x=x, y=y, height=2 * error, pen=pg.mkPen(colour, width=1))
        self._draw_marks(run, x, y)

    def _draw_marks(self, run: Run | None, x: FloatArray, y: FloatArray) -> None:
        for name in self._names:
            self.view.removeItem(name)
        self._names, spots = [], []
        colour = SECOND[self.is_light]
        symbols = {"cross_validation_minimum": "star", "one_standard_error_choice": "t1"}
        said: dict[float, list[str]] = {}
        for short, _, name, _ in CHOICES:
            penalty = chosen_penalty(run, name) if len(x) else None
            if penalty is None:
                continue
            at = math.log10(penalty)
            height = float(np.interp(at, x[::-1], y[::-1]))
            spots.append({"pos": (at, height), "symbol": symbols.get(name, "d")})
            said.setdefault(at, []).append(short)
        for at, names in said.items():
            # Two criteria may speak for the same penalty.
            height = float(np.interp(at, x[::-1], y[::-1]))
            left_half = at > (x[0] + x[-1]) / 2
            # The smallest error has room below it, the others lie on the slope.
            above = 1.3 if "best" not in names else -0.2
            words = pg.TextItem(", ".join(names), color=self.text, anchor=(1 - left_half, above))
            words.setPos(at, height)
            self.view.addItem(words, ignoreBounds=True)
            self._names.append(words)
        self.marks.setData(spots, brush=QColor(colour))

    def _on_read_out(self) -> None:
        if self.isVisible():
            self.move_line()
        else:
            self._stale = True


class CurvesPlot(PathPlot):
    """Influences along the path: of the selected place, or the strongest of the whole field."""

    def __init__(self, inspecting: Inspecting, theme: str) -> None:
        self._lines: list[pg.PlotDataItem] = []
        super().__init__(inspecting, theme, "influence")
        self.setToolTip(
            "<qt>How the strongest influences grow as the penalty falls: those of the selected "
            "place on (or from) its first partners, or the strongest edges of the field. "
            "Straight between the knots of the exact solution path.</qt>"
        )
        for signal in (
            inspecting.run_changed,
            inspecting.read_out_changed,
            inspecting.selection_changed,
            inspecting.answered,
            inspecting.direction_changed,
        ):
            watch(signal, self.refresh, self)
        self.refresh()

    def draw(self) -> None:
        """Draw the curves of the present answer."""
        curves = self._curves()
        while len(self._lines) > len(curves):
            self.view.removeItem(self._lines.pop())
        while len(self._lines) < len(curves):
            self._lines.append(pg.PlotDataItem())
            self.view.addItem(self._lines[-1])
        for index, (line, curve) in enumerate(zip(self._lines, curves, strict=True)):
            line.setPen(pg.mkPen(window_colour(index), width=1.5))
            line.setData(np.log10(curve.penalties), curve.values)

    def _curves(self) -> list[PathCurve]:
        shown = self.inspecting.read_out
        if self.inspecting.answer is not None:
            influence = self.inspecting.influence
            return [] if influence is None else influence.curves
        return [] if shown is None else shown.curves
