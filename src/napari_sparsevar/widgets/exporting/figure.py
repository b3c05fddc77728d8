"""The figure to be exported: what it shows, how large it is, and how it will look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, Container, FloatSpinBox
from qtpy.QtWidgets import QAbstractSpinBox, QFileDialog, QPushButton, QWidget

from napari_sparsevar.figures.options import KINDS
from napari_sparsevar.widgets.exporting.preview import FigurePreview
from napari_sparsevar.widgets.exporting.worker import CURRENT_VIEW, FigureRequest
from napari_sparsevar.widgets.parts.boxes import in_column, in_row
from napari_sparsevar.widgets.parts.fields import Rows, number, tooltip
from napari_sparsevar.widgets.parts.new_folder import free
from napari_sparsevar.widgets.parts.preferences import preferred, remember

HAVE_MAP = [name for name, kind in KINDS.items() if kind.has_map]
"""Kinds that can have limits and colours of a layer in the viewer."""

HAVE_ARROWS = [name for name, kind in KINDS.items() if kind.has_arrows]

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

    def __init__(self, describe: Callable[[str, float, float, bool], FigureRequest]) -> None:
        super().__init__()
        self._describe = describe
        self.kind = _choice(
            "Figure",
            {kind.title: name for name, kind in KINDS.items()} | {"Current view": CURRENT_VIEW},
        )
        self.usual_width = _choice(
            "Width",
            {**WIDTHS_MM, "Other": None},
            tooltip=tooltip("In journals a column is 85 mm wide, a page 180 mm."),
        )
        self.width_mm = number(
            80, 400, unit="mm", step=1, value=preferred("figures", "width_mm", 180)
        )
        self.format = _choice(
            "Format",
            {title: ending for ending, title in FORMATS.items()},
            value=preferred("figures", "format", "svg"),
        )
        self.dpi = number(
            30,
            1200,
            unit="dpi",
            step=1,
            value=preferred("figures", "resolution", 300),
            tooltip=tooltip(
                "Dots an inch of a PNG, and of the picture in the current view; all else is lines "
                "and text in SVG and PDF."
            ),
        )
        self.as_in_viewer = CheckBox(
            text="Limits and colours of the viewer",
            value=True,
            tooltip=tooltip("The map has the limits and the colours of its layer in the viewer."),
        )
        self.all_arrows = CheckBox(
            text="Arrows that are not beyond chance",
            value=False,
            tooltip=tooltip("Thin and pale, for chance alone makes such influences."),
        )
        self.preview = FigurePreview(self.request, lambda: self.width_mm.value)
        self.enlarge = QPushButton("Enlarge")
        self.copy = QPushButton("Copy")
        self.save = QPushButton("Save figure…")
        self._arrange()
        self._connect()
        self._show_width()
        self._on_kind()

    def _arrange(self) -> None:
        rows = Rows(
            self.kind,
            _beside(self.usual_width, self.width_mm),
            _beside(self.format, self.dpi),
            self.as_in_viewer,
            self.all_arrows,
        )
        self.enlarge.setToolTip(tooltip("Opens the figure in a window of its own, which follows."))
        self.copy.setToolTip(
            tooltip("Copies the figure to the clipboard, as an image of so many dots an inch.")
        )
        buttons = in_row(self.enlarge, self.copy, (self.save, 1), spacing=6)
        parts = rows.native, (self.preview, 1), buttons
        in_column(*parts, inside=self, margins=(0, 6, 0, 0), spacing=6)

    def _connect(self) -> None:
        self.kind.changed.connect(self._on_kind)
        self.usual_width.changed.connect(self._on_width)
        self.width_mm.changed.connect(self._on_width_mm)
        self.as_in_viewer.changed.connect(self.preview.refresh)
        self.all_arrows.changed.connect(self.preview.refresh)
        self.enlarge.clicked.connect(self.preview.enlarge)

    @property
    def chosen(self) -> str:
        """Kind of the figure."""
        return str(self.kind.value)

    def set_idle(self, idle: bool) -> None:
        """Whether something can be exported now."""
        self.save.setEnabled(idle)
        self.copy.setEnabled(idle)

    def request(self, dpi: float) -> FigureRequest:
        """Return what is to be drawn, at a resolution; UserError if there is nothing."""
        as_in_viewer = self.as_in_viewer.value
        found = self._describe(self.chosen, self.width_mm.value, dpi, as_in_viewer)
        if self.chosen not in HAVE_ARROWS:
            return found
        return replace(found, options={**found.options, "all_arrows": self.all_arrows.value})

    def proposed(self, folder: Path) -> Path:
        """Return a name that is free in a folder."""
        ending = f".{self.format.value}"
        return free(folder / f"{self.chosen}{ending}", ending)

    def ask_for_path(self, folder: Path) -> Path | None:
        """Ask where the figure should go; the system asks before it replaces something."""
        ending = self.format.value
        remember(
            "figures",
            width_mm=self.width_mm.value,
            resolution=int(self.dpi.value),
            format=ending,
        )
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            "Save the figure",
            str(self.proposed(folder)),
            f"{FORMATS[ending]} (*.{ending})",
        )
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(f".{ending}")

    def _on_kind(self, *_: Any) -> None:
        self.as_in_viewer.visible = self.chosen in HAVE_MAP
        self.all_arrows.visible = self.chosen in HAVE_ARROWS
        self.preview.refresh()

    def _on_width(self, width_mm: float) -> None:
        self.width_mm.value = width_mm

    def _on_width_mm(self, *_: Any) -> None:
        self._show_width()
        self.preview.refresh()

    def _show_width(self) -> None:
        width = self.width_mm.value
        with self.usual_width.changed.blocked():
            self.usual_width.value = width if width in WIDTHS_MM.values() else None


def _choice(label: str, choices: dict[str, Any], **options: Any) -> ComboBox:
    return ComboBox(label=label, choices=list(choices.items()), **options)


def _beside(choice: ComboBox, box: FloatSpinBox) -> Container[Any]:
    """Return a row of two; without arrows, which would leave no room in a narrow dock."""
    box.native.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.native.setFixedWidth(76)
    row = Container(widgets=[choice, box], layout="horizontal", labels=False, label=choice.label)
    row.margins = (0, 0, 0, 0)
    return row
