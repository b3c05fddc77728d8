"""Results to be exported: which, and into which folder."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.parts.form import form_rows, row_label
from napari_sparsevar.widgets.parts.label import wrapped_label

if TYPE_CHECKING:
    from napari_sparsevar.export.everything import Part
    from napari_sparsevar.run.run import Run

PARTS: dict[Part, tuple[str, str]] = {
    "maps": ("Maps as OME-TIFF", "Contribution, drivers, influence of painted regions, changes."),
    "tables": ("Tables as CSV", "Drivers, edges, activity over time, comparisons."),
    "figures": ("Figures of every kind as SVG", "With their captions."),
    "report": ("Report as one HTML page", "Figures, tables, settings, checks."),
    "nwb": ("All results as NWB", "Maps, drivers with their traces, edges, settings."),
    "movies": ("Predicted and residual movie as OME-Zarr", "In grey values; as large as floats."),
    "overlay": ("Movie of the overlay as MP4", "Grey movie, map and drivers, time, scale bar."),
}
NEEDS = {"nwb": ("pynwb", "nwb"), "overlay": ("av", "video")}
"""Libraries of parts, and the extras that bring them."""

CHOSEN_FIRST: tuple[Part, ...] = ("maps", "tables", "figures")


class ExportResults(QWidget):
    """Boxes to tick, a folder that does not exist yet, and a button."""

    export_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts = {part: QCheckBox(title) for part, (title, _) in PARTS.items()}
        self.start = QLineEdit()
        self.folder = QLineEdit()
        self.browse = QPushButton("…")
        self.export = QPushButton("Export")
        self.about = wrapped_label()
        self._proposed = ""
        self._idle = self._has_run = False
        self._arrange()
        for part, box in self.parts.items():
            self._describe(part, box)
            box.toggled.connect(self._on_toggled)
        self.folder.textChanged.connect(self.folder.setToolTip)
        self.browse.clicked.connect(self._browse)
        self.export.clicked.connect(self.export_clicked)
        self._on_toggled()

    def _describe(self, part: Part, box: QCheckBox) -> None:
        library, extra = NEEDS.get(part, ("", ""))
        missing = bool(library) and find_spec(library) is None
        words = f"Needs {library}: pip install 'napari-sparsevar[{extra}]'." if missing else ""
        box.setToolTip(f"<qt>{words or PARTS[part][1]}</qt>")
        box.setEnabled(not missing)
        box.setChecked(part in CHOSEN_FIRST)

    def _arrange(self) -> None:
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(self.browse)
        self.browse.setFixedWidth(28)
        self.browse.setToolTip("<qt>Choose the folder in which the new folder is made.</qt>")
        self.start.setPlaceholderText("e.g. 2026-05-01T10:30+02:00")
        self.start.setToolTip(
            "<qt>When the recording began. Left empty, it is taken from the movie's file; where "
            "that does not say, the notes of the NWB file do.</qt>"
        )
        self.start_label = row_label("Recorded")
        rows = form_rows()
        rows.addRow(self.start_label, self.start)
        rows.addRow(row_label("Folder"), place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 6, 0)
        layout.setSpacing(6)
        for box in self.parts.values():
            layout.addWidget(box)
        layout.addLayout(rows)
        layout.addWidget(self.export)
        layout.addWidget(self.about)
        layout.addStretch(1)

    @property
    def chosen(self) -> frozenset[Part]:
        """What is to be exported."""
        return frozenset(part for part, box in self.parts.items() if box.isChecked())

    def session_start(self) -> str | None:
        """Return when the recording began, as it was typed."""
        return self.start.text().strip() or None

    def path(self) -> Path:
        """Return the folder to make.

        Raises
        ------
        UserError
            If there is none, or it exists already.
        """
        written = self.folder.text().strip()
        if not written:
            raise UserError("The folder is empty; write or choose where the results should go.")
        path = Path(written).expanduser()
        if path.exists():
            raise UserError(f"{path} exists already; choose another name.")
        return path

    def propose(self, run: Run | None) -> None:
        """Propose a free folder beside a run, unless the person wrote another one."""
        if self.folder.text().strip() in ("", self._proposed):
            beside = None if run is None else Path(run.path).absolute()
            self._proposed = "" if beside is None else str(_free(beside.parent, beside.name))
            self.folder.setText(self._proposed)

    def set_state(self, *, idle: bool, has_run: bool) -> None:
        """Whether something can be exported now."""
        self._idle, self._has_run = idle, has_run
        self._on_toggled()

    def _on_toggled(self, *_: Any) -> None:
        self.export.setEnabled(self._idle and self._has_run and bool(self.chosen))
        for widget in (self.start, self.start_label):
            widget.setVisible("nwb" in self.chosen)

    def _browse(self) -> None:
        written = Path(self.folder.text().strip() or "export").expanduser()
        parent = QFileDialog.getExistingDirectory(
            self, "Where should the folder go?", str(written.parent)
        )
        if parent:
            stem = re.sub(r"-export(-\d+)?$", "", written.name)
            self.folder.setText(str(_free(Path(parent), stem)))


def _free(parent: Path, stem: str) -> Path:
    path, number = parent / f"{stem}-export", 1
    while path.exists():
        number += 1
        path = parent / f"{stem}-export-{number}"
    return path
