"""The figure to be exported: what it shows, how large it is, and how it will look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_sparsevar.figures.options import KINDS
from napari_sparsevar.widgets.exporting.preview import FigurePreview
from napari_sparsevar.widgets.exporting.worker import CURRENT_VIEW, FigureRequest
from napari_sparsevar.widgets.parts.form import NarrowComboBox, form_rows, row_label
from napari_sparsevar.widgets.parts.preferences import preferred, remember

HAVE_MAP = [name for name, kind in KINDS.items() if kind.has_map]
"""Kinds that can have limits and colours of a layer in the viewer."""

WIDTHS_MM = {"Column": 85.0, "Page": 180.0}
FORMATS = {"svg": "SVG", "pdf": "PDF", "png": "PNG"}


class ExportFigure(QWidget):
    """A form above, the preview below, and a button that saves.

    Parameters
    ----------
    describe : callable
        Takes kind, width, resolution and whether colours are those of the viewer, and returns a
        ``FigureRequest``; UserError if there is none.
    """

    save_clicked = Signal()

    def __init__(
        self,
        describe: Callable[[str, float, float, bool], FigureRequest],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._describe = describe
        self.kind, self.usual_width, self.format = (
            NarrowComboBox(),
            NarrowComboBox(),
            NarrowComboBox(),
        )
        self.width_mm = QDoubleSpinBox()
        self.dpi = QSpinBox()
        self.as_in_viewer = QCheckBox("Limits and colours of the viewer")
        self.preview = FigurePreview(self.request, self.width_mm.value)
        self.save = QPushButton("Save figure…")
        self._fill()
        self._arrange()
        self._connect()
        self._on_kind()

    def _fill(self) -> None:
        for name, kind in KINDS.items():
            self.kind.addItem(kind.title, name)
        self.kind.addItem("Current view", CURRENT_VIEW)
        for title, width in WIDTHS_MM.items():
            self.usual_width.addItem(title, width)
        self.usual_width.addItem("Other", None)
        self.usual_width.setToolTip("<qt>In journals a column is 85 mm wide, a page 180 mm.</qt>")
        self.width_mm.setRange(80, 400)
        self.width_mm.setDecimals(0)
        self.width_mm.setValue(preferred("figures", "width_mm", 180))
        self._show_width()
        self.width_mm.setSuffix(" mm")
        self.width_mm.setKeyboardTracking(False)
        for ending, title in FORMATS.items():
            self.format.addItem(title, ending)
        self.format.setCurrentIndex(self.format.findData(preferred("figures", "format", "svg")))
        self.dpi.setRange(30, 1200)
        self.dpi.setValue(preferred("figures", "resolution", 300))
        self.dpi.setSuffix(" dpi")
        self.dpi.setKeyboardTracking(False)
        self.as_in_viewer.setChecked(True)
        for number in (self.width_mm, self.dpi):
            # Without arrows, which would leave no room for the number in a narrow dock.
            number.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
            number.setFixedWidth(76)
        self.dpi.setToolTip(
            "<qt>Dots an inch of a PNG, and of the picture in the current view; all else is lines "
            "and text in SVG and PDF.</qt>"
        )
        self.as_in_viewer.setToolTip(
            "<qt>The map has the limits and the colours of its layer in the viewer.</qt>"
        )

    def _arrange(self) -> None:
        size, kind = QHBoxLayout(), QHBoxLayout()
        size.addWidget(self.usual_width, 2)
        size.addWidget(self.width_mm, 1)
        kind.addWidget(self.format, 2)
        kind.addWidget(self.dpi, 1)
        rows = form_rows()
        rows.addRow(row_label("Figure"), self.kind)
        rows.addRow(row_label("Width"), size)
        rows.addRow(row_label("Format"), kind)
        rows.addRow(self.as_in_viewer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(rows)
        layout.addWidget(self.preview, 1)
        layout.addWidget(self.save)

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.usual_width.activated.connect(self._on_width)
        self.width_mm.valueChanged.connect(self._on_width_mm)
        self.as_in_viewer.toggled.connect(self.preview.refresh)
        self.save.clicked.connect(self.save_clicked)

    @property
    def chosen(self) -> str:
        """Kind of the figure."""
        return str(self.kind.currentData())

    def request(self, dpi: float) -> FigureRequest:
        """Return what is to be drawn, at a resolution; UserError if there is nothing."""
        as_in_viewer = self.as_in_viewer.isChecked()
        return self._describe(self.chosen, self.width_mm.value(), dpi, as_in_viewer)

    def proposed(self, folder: Path) -> Path:
        """Return a name that is free in a folder."""
        stem, ending, number = self.chosen, str(self.format.currentData()), 1
        path = folder / f"{stem}.{ending}"
        while path.exists():
            number += 1
            path = folder / f"{stem}-{number}.{ending}"
        return path

    def ask_for_path(self, folder: Path) -> Path | None:
        """Ask where the figure should go; the system asks before it replaces something."""
        title = FORMATS[str(self.format.currentData())]
        remember(
            "figures",
            width_mm=self.width_mm.value(),
            resolution=self.dpi.value(),
            format=self.format.currentData(),
        )
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            "Save the figure",
            str(self.proposed(folder)),
            f"{title} (*.{self.format.currentData()})",
        )
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(f".{self.format.currentData()}")

    def set_idle(self, idle: bool) -> None:
        """Whether a figure can be saved now."""
        self.save.setEnabled(idle)

    def _on_kind(self, *_: Any) -> None:
        self.as_in_viewer.setVisible(self.chosen in HAVE_MAP)
        self.preview.refresh()

    def _on_width(self, *_: Any) -> None:
        width = self.usual_width.currentData()
        if width is not None:
            self.width_mm.setValue(width)

    def _on_width_mm(self, *_: Any) -> None:
        self._show_width()
        self.preview.refresh()

    def _show_width(self) -> None:
        index = self.usual_width.findData(self.width_mm.value())
        self.usual_width.setCurrentIndex(self.usual_width.count() - 1 if index < 0 else index)
