"""What cells did over time: stacked curves, or a raster of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QRectF, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QComboBox, QWidget

from napari_sparsevar.cells.preparing import PREFERRED
from napari_sparsevar.figures.colours import PALETTE
from napari_sparsevar.widgets.cells.state import BroughtCells
from napari_sparsevar.widgets.parts.boxes import in_column, in_row, wrapped_label
from napari_sparsevar.widgets.parts.fields import narrow
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.plot import FIRST, SECOND, STRONGEST, Plot, is_light, shortened
from napari_sparsevar.widgets.timeline.pooling import Pyramid
from napari_sparsevar.widgets.timeline.view import TimeView

if TYPE_CHECKING:
    from napari_sparsevar.cells.cell_fit import CellFit

    Float32Array = npt.NDArray[np.float32]

STACKED, RASTER = "Curves", "Raster"
MOST_CURVES = 8

LONGEST_NAME = 10
FIRST_FRAMES = 500
"""Shown of curves until one looks closer or wider: all of a recording is a wall of ink."""
HIGH_PERCENTILE = 99.8
COLUMNS = 1200
FAINT_ALPHA = 90


class Row(NamedTuple):
    """A curve of its own height.

    Attributes
    ----------
    name : str
    fitted : ndarray, shape (T,)
    raw : ndarray, shape (T,), or None
        What it was made from, drawn faintly.
    """

    name: str
    fitted: Float32Array
    raw: Float32Array | None


def row_of(fit: CellFit, name: str) -> Row:
    """Return the curves of a cell: what was fitted, and the trace behind it."""
    fitted, raw = fit.trace(name), None
    kind = next((kind for kind in PREFERRED if kind in fit.cells.traces), None)
    if kind is not None:
        raw = fit.cells.traces[kind][:, fit.names.index(name)]
        raw = None if np.array_equal(raw, fitted, equal_nan=True) else raw
    return Row(name, fitted, raw)


class TimeAxis(pg.AxisItem):
    """Frames below, or seconds where the frame rate is known."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)

    def set_rate(self, fps: float | None) -> None:
        """Count in seconds at so many frames a second, else in frames."""
        self.setScale(1.0 / fps if fps else 1.0)
        self.setLabel("time (s)" if fps else "frame")


class TracesPlot(Plot):
    """Curves one above the other, or an image with a row a cell.

    Attributes
    ----------
    frame_clicked : Signal of float
    """

    frame_clicked = Signal(float)

    def __init__(self, theme: str) -> None:
        self.time_view, self.time = TimeView(), TimeAxis()
        super().__init__(self.time_view, pg.AxisItem("left"), self.time)
        self.left.setStyle(tickLength=0)
        self.time_view.invertY(True)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.view.addItem(self.image, ignoreBounds=True)
        self.cursor = pg.InfiniteLine(0)
        self.view.addItem(self.cursor, ignoreBounds=True)
        self.cursor.hide()
        self._curves: list[pg.PlotDataItem] = []
        self._rows: list[Row] = []
        self._pyramid: Pyramid | None = None
        self._n_frames, self._raster = 0, False
        self.time_view.clicked.connect(self.frame_clicked)
        self.time_view.sigXRangeChanged.connect(self._pool)
        self.set_theme(theme)

    def show_rows(self, rows: Sequence[Row], fps: float | None) -> None:
        """Draw curves, the first on top."""
        self._rows, self._pyramid = list(rows), None
        self.image.hide()
        self._begin(len(rows[0].fitted) if rows else 0, len(rows), fps)
        self.left.setTicks(
            [[(row + 0.5, shortened(each.name, LONGEST_NAME)) for row, each in enumerate(rows)]]
        )
        self._draw_curves()

    def show_raster(self, names: Sequence[str], values: Float32Array, fps: float | None) -> None:
        """Draw all cells, (n, T): each as bright as it is beside its own brightest frames."""
        self._rows = []
        self._draw_curves()
        finite = np.nan_to_num(values)
        low = np.median(finite, axis=1, keepdims=True)
        high = np.percentile(finite, HIGH_PERCENTILE, axis=1, keepdims=True)
        self._pyramid = Pyramid((finite - low) / np.maximum(high - low, 1e-12))
        self.image.show()
        self._begin(values.shape[1], len(names), fps)
        every = max(1, int(np.ceil(len(names) * 13 / max(self.view.height(), 100))))
        ticks = [
            (row + 0.5, shortened(names[row], LONGEST_NAME)) for row in range(0, len(names), every)
        ]
        self.left.setTicks([ticks])
        self._pool()

    def set_cursor(self, frame: float | None) -> None:
        """Mark the frame the viewer shows; None where it shows another movie."""
        self.cursor.setVisible(frame is not None)
        self.cursor.setValue(frame or 0.0)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        super().set_theme(theme)
        light = is_light(theme)
        scale = pg.colormap.get("CET-L17" if light else "inferno")
        self.image.setLookupTable(scale.getLookupTable(nPts=256))
        self.cursor.setPen(pg.mkPen(STRONGEST[light], width=1))
        self._draw_curves()

    def _begin(self, n_frames: int, n_rows: int, fps: float | None) -> None:
        self.time.set_rate(fps)
        if n_frames != self._n_frames:
            self.view.setLimits(xMin=0, xMax=max(n_frames, 1), minXRange=min(10, max(n_frames, 1)))
        raster = self._pyramid is not None
        if (n_frames, raster) != (self._n_frames, self._raster):
            self._n_frames, self._raster = n_frames, raster
            shown = n_frames if raster else min(n_frames, FIRST_FRAMES)
            self.view.setXRange(0, max(shown, 1), padding=0)
        self.view.setYRange(0, max(n_rows, 1), padding=0.01)

    def _draw_curves(self) -> None:
        drawn = 0
        for number, row in enumerate(self._rows):
            colour = QColor(PALETTE[number % len(PALETTE)])
            if len(self._rows) == 2:
                colour = QColor((FIRST, SECOND)[number][self.is_light])
            faint = QColor(self.text)
            faint.setAlpha(FAINT_ALPHA)
            for values, ink in ((row.raw, faint), (row.fitted, colour)):
                if values is not None:
                    self._curve(drawn).setData(
                        np.arange(len(values)), _heights(values, number), connect="finite"
                    )
                    self._curve(drawn).setPen(pg.mkPen(ink, width=1))
                    drawn += 1
        for number, curve in enumerate(self._curves):
            curve.setVisible(number < drawn)

    def _curve(self, number: int) -> pg.PlotDataItem:
        """Return a curve; they are kept, because pyqtgraph is slow to take them away."""
        if number == len(self._curves):
            curve = pg.PlotDataItem()
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
            self.view.addItem(curve, ignoreBounds=True)
            self._curves.append(curve)
        return self._curves[number]

    def _pool(self, *_: Any) -> None:
        if self._pyramid is None:
            return
        first, last = self.view.viewRange()[0]
        pooled = self._pyramid.between(first, last, COLUMNS)
        self.image.setImage(pooled.values, levels=(0.0, 1.0), autoLevels=False)
        width = pooled.stop - pooled.start
        self.image.setRect(QRectF(pooled.start, 0, width, len(pooled.values)))


class TracesPanel(QWidget):
    """Curves of the chosen cell and its partners, of the surest drivers where none is chosen."""

    frame_clicked = Signal(float)

    def __init__(self, brought: BroughtCells, theme: str) -> None:
        super().__init__()
        self._brought = brought
        self.mode = narrow(QComboBox())
        self.plot = TracesPlot(theme)
        self.said = wrapped_label()
        self._drawn: object = None
        self._arrange()
        self.mode.currentIndexChanged.connect(self.refresh)
        self.plot.frame_clicked.connect(self.frame_clicked)
        for signal in (brought.fit_changed, brought.edits_changed, brought.chosen_changed):
            watch(signal, self.refresh, self)

    def _arrange(self) -> None:
        self.mode.addItems([STACKED, RASTER])
        in_column(
            in_row((self.mode, 1), (self.said, 2), spacing=6),
            (self.plot, 1),
            inside=self,
            margins=(0, 4, 0, 0),
            spacing=4,
        )

    def refresh(self, *_: Any) -> None:
        """Draw what is asked for, where anybody sees it."""
        brought = self._brought
        fit = brought.fit
        mode = self.mode.currentText()
        chosen = None if mode == RASTER else brought.chosen
        asked = fit, brought.edits.hidden, mode, chosen
        if not self.isVisible() or asked == self._drawn:
            return
        self._drawn = asked
        if fit is None:
            self.plot.show_rows([], None)
            self.said.setText("Fit the cells first.")
        elif self.mode.currentText() == RASTER:
            names = self._shown(fit)
            columns = [fit.trace(name) for name in names]
            self.plot.show_raster(names, np.stack(columns), fit.fps)
            self.said.setText("Each beside its own brightest frames.")
        else:
            self.plot.show_rows([row_of(fit, name) for name in self._curves(fit)], fit.fps)
            self.said.setText(f"{fit.said}; grey: the traces as they came.")

    def _shown(self, fit: CellFit) -> list[str]:
        """Return the fitted cells that are not hidden, the surest driver first."""
        hidden = {
            name
            for name, cell in zip(fit.names, map(int, self._brought.fitted), strict=True)
            if cell in self._brought.edits.hidden
        }
        left_out = set(fit.names) - set(fit.activity.names)
        return [name for name in fit.drivers["name"] if name not in hidden | left_out]

    def _curves(self, fit: CellFit) -> list[str]:
        shown = self._shown(fit)
        place = self._brought.place_in_fit(self._brought.chosen[0])
        if place is None:
            return shown[:MOST_CURVES]
        name = fit.names[place]
        edges = fit.edges
        beside = edges[(edges["source"] == name) | (edges["target"] == name)]
        others = [*beside["target"], *beside["source"]]
        wanted = [name, *(other for other in dict.fromkeys(others) if other != name)]
        return [each for each in wanted if each in set(shown) | {name}][:MOST_CURVES]

    def showEvent(self, event: Any) -> None:
        """Draw what is to be seen."""
        super().showEvent(event)
        self.refresh()


def _heights(values: Float32Array, row: int) -> Float32Array:
    """Return where a curve lies in its row, which grows downwards."""
    low = float(np.nanpercentile(values, 1)) if np.isfinite(values).any() else 0.0
    high = float(np.nanmax(values, initial=low))
    return np.asarray(row + 0.95 - 0.9 * (values - low) / max(high - low, 1e-12), np.float32)
