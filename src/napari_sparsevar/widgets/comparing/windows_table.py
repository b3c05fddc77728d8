"""The windows as a table: labels and exact numbers, in frames or seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QPushButton,
    QSizePolicy,
    QTableWidgetItem,
    QWidget,
)

from napari_sparsevar.comparison.windows import Window, read_windows
from napari_sparsevar.figures.colours import window_colour
from napari_sparsevar.widgets.comparing.windows import MarkedWindows
from napari_sparsevar.widgets.layers.frames import Frames, TimeUnit
from napari_sparsevar.widgets.parts.boxes import in_column, in_row
from napari_sparsevar.widgets.parts.fields import narrow
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.table import Column, Table, there
from napari_sparsevar.widgets.work.failure import refusals_shown

LABEL, START, STOP, LENGTH = range(4)
SWATCH = 10


class WindowsTable(QWidget):
    """A view on ``MarkedWindows`` in which everything can be typed.

    A window of several pieces has its start and stop in one cell, ``0:100, 300:400``.
    """

    def __init__(self, windows: MarkedWindows) -> None:
        super().__init__()
        self._windows = windows
        self._frames: Frames | None = None
        self._quiet = False
        self.table = _Table()
        self.unit = narrow(QComboBox())
        self.add = QPushButton("Add")
        self.remove = QPushButton("Remove")
        self.trials = QPushButton("From CSV…")
        self._arrange()
        self._connect()
        self.set_frames(None)

    def _arrange(self) -> None:
        self.add.setToolTip("<qt>Mark a window where there is room in sight.</qt>")
        self.remove.setToolTip("<qt>Remove the selected window.</qt>")
        self.trials.setToolTip(
            "<qt>Replace the windows by a list of trials: columns start, stop (frames, stop "
            "exclusive) or start_s, stop_s (seconds), and label. Trials of one label are one "
            "window.</qt>"
        )
        self.unit.setToolTip("<qt>Unit of the numbers; seconds need a frame rate.</qt>")
        self.unit.setMinimumContentsLength(6)
        buttons = in_row(self.add, self.remove, self.trials, (self.unit, 1))
        in_column(self.table, buttons, inside=self, spacing=4)

    def _connect(self) -> None:
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.trials.clicked.connect(self._on_trials)
        self.unit.currentIndexChanged.connect(self.show_windows)
        self.table.cellChanged.connect(self._on_typed)
        self.table.itemSelectionChanged.connect(self._on_selected)
        watch(self._windows.changed, self.show_windows, self)
        watch(self._windows.selection_changed, self._show_selection, self)

    def set_frames(self, frames: Frames | None) -> None:
        """Take another movie's length and frame rate."""
        self._frames = frames
        seconds = self.unit.currentText() == "seconds"
        self.unit.blockSignals(True)
        self.unit.clear()
        self.unit.addItem("frames")
        if frames is not None and frames.fps:
            self.unit.addItem("seconds")
            self.unit.setCurrentIndex(int(seconds))
        self.unit.setEnabled(self.unit.count() > 1)
        self.unit.blockSignals(False)
        self.add.setEnabled(frames is not None)
        self.show_windows()

    @property
    def time_unit(self) -> TimeUnit:
        """Unit of the numbers on show."""
        if self._frames is None or self.unit.currentText() != "seconds":
            return TimeUnit()
        return TimeUnit(self._frames.fps)

    def show_windows(self, *_: Any) -> None:
        """Write the table anew."""
        self._quiet = True
        self.table.clearSpans()
        self.table.setRowCount(len(self._windows))
        for row, window in enumerate(self._windows):
            self._show_row(row, window)
        self._quiet = False
        self._show_selection()

    def _show_row(self, row: int, window: Window) -> None:
        unit, many = self.time_unit, len(window.pieces) > 1
        start, stop = window.pieces[0]
        label = QTableWidgetItem(window.label)
        label.setData(Qt.ItemDataRole.DecorationRole, _swatch(self._colour(window.label)))
        first = QTableWidgetItem(unit.pieces_text(window.pieces) if many else unit.text(start))
        last = QTableWidgetItem("" if many else unit.text(stop))
        length = f"{window.n_frames:,}" + (f" in {len(window.pieces)}" if many else "")
        shown = QTableWidgetItem(length)
        shown.setFlags(shown.flags() & ~Qt.ItemFlag.ItemIsEditable)
        first.setToolTip(f"<qt>{unit.pieces_text(window.pieces)}: several pieces go here.</qt>")
        last.setToolTip("<qt>The stop is the first frame that does not belong to it.</qt>")
        shown.setToolTip("<qt>Frames, in how many pieces.</qt>")
        for column, item in enumerate((label, first, last, shown)):
            self.table.setItem(row, column, item)
        if many:
            self.table.setSpan(row, START, 1, 2)

    def _colour(self, label: str) -> QColor:
        return QColor(window_colour(self._windows.colour_index(label)))

    def _show_selection(self, *_: Any) -> None:
        self._quiet = True
        self.table.clearSelection()
        for row, window in enumerate(self._windows):
            if window.label == self._windows.selected:
                self.table.selectRow(row)
        self.remove.setEnabled(self._windows.selected is not None)
        self._quiet = False

    def _on_selected(self) -> None:
        row = self.table.selected_row
        if not self._quiet and row is not None:
            self._windows.select(list(self._windows)[row].label)

    def _on_typed(self, row: int, column: int) -> None:
        if self._quiet:
            return
        window, text = list(self._windows)[row], self.table.cell(row, column).text()
        with refusals_shown():
            if column == LABEL:
                self._windows.rename(window.label, text)
            else:
                self._windows.replace(window.label, self._typed_pieces(window, column, text))
        self.show_windows()

    def _typed_pieces(self, window: Window, column: int, text: str) -> tuple[tuple[int, int], ...]:
        unit = self.time_unit
        if column == START and (":" in text or len(window.pieces) > 1):
            return unit.pieces(text)
        start, stop = window.pieces[0]
        return ((unit.frame(text), stop) if column == START else (start, unit.frame(text)),)

    def _on_add(self) -> None:
        if self._frames is not None:
            self._windows.add([self._windows.room(self._frames.n_frames)])

    def _on_remove(self) -> None:
        if self._windows.selected is not None:
            self._windows.remove(self._windows.selected)

    def _on_trials(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Which list of trials?", "", "Comma-separated values (*.csv);;All files (*)"
        )
        if path:
            self.read_trials(Path(path))

    def read_trials(self, path: Path) -> None:
        """Replace the windows by those of a file."""
        with refusals_shown():
            fps = None if self._frames is None else self._frames.fps
            self._windows.set_all(read_windows(path, fps))


class _Table(Table):
    """As tall as a few rows; more scroll."""

    def __init__(self) -> None:
        titles = ("Window", "Start", "Stop", "Frames")
        super().__init__([Column(title, "") for title in titles], stretched=None, row_height=24)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        model = there(self.model())
        model.rowsInserted.connect(self.updateGeometry)
        model.rowsRemoved.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        rows = min(max(self.rowCount(), 2), 4)
        height = self.header.sizeHint().height() + 24 * rows + 2 * self.frameWidth()
        return QSize(200, height + 2)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def _swatch(colour: QColor) -> QPixmap:
    pixmap = QPixmap(SWATCH, SWATCH)
    pixmap.fill(colour)
    return pixmap
