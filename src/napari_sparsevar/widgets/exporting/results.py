"""Results to be exported: which, and into which folder."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, LineEdit
from qtpy.QtWidgets import QPushButton, QWidget

from napari_sparsevar.widgets.parts.boxes import in_column, wrapped_label
from napari_sparsevar.widgets.parts.fields import Rows, tooltip
from napari_sparsevar.widgets.parts.new_folder import NewFolder, free

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

    def __init__(self) -> None:
        super().__init__()
        self.parts = {part: _part(part) for part in PARTS}
        self.start = LineEdit(
            label="Recorded",
            tooltip=tooltip(
                "When the recording began. Left empty, it is taken from the movie's file; where "
                "that does not say, the notes of the NWB file do."
            ),
        )
        self.start.native.setPlaceholderText("e.g. 2026-05-01T10:30+02:00")
        self.folder = NewFolder("export", label="Folder")
        self.export = QPushButton("Export")
        self.about = wrapped_label()
        self._idle = self._has_run = False
        self._arrange()
        for box in self.parts.values():
            box.changed.connect(self._on_ticked)
        self._on_ticked()

    def _arrange(self) -> None:
        rows = Rows(*self.parts.values(), self.start, self.folder)
        parts = rows.native, self.export, self.about, None
        in_column(*parts, inside=self, margins=(0, 6, 6, 0), spacing=6)

    @property
    def chosen(self) -> frozenset[Part]:
        """What is to be exported."""
        return frozenset(part for part, box in self.parts.items() if box.value)

    def session_start(self) -> str | None:
        """Return when the recording began, as it was typed."""
        return self.start.value.strip() or None

    def propose(self, run: Run | None) -> None:
        """Propose a free folder beside a run, unless the person wrote another one."""
        beside = None if run is None else Path(run.path).absolute()
        self.folder.propose(beside and free(beside.with_name(f"{beside.name}-export")))

    def set_state(self, *, idle: bool, has_run: bool) -> None:
        """Whether something can be exported now."""
        self._idle, self._has_run = idle, has_run
        self._on_ticked()

    def _on_ticked(self, *_: Any) -> None:
        self.export.setEnabled(self._idle and self._has_run and bool(self.chosen))
        self.start.visible = "nwb" in self.chosen


def _part(part: Part) -> CheckBox:
    title, about = PARTS[part]
    library, extra = NEEDS.get(part, ("", ""))
    missing = bool(library) and find_spec(library) is None
    words = f"Needs {library}: pip install 'napari-sparsevar[{extra}]'." if missing else about
    return CheckBox(
        text=title, value=part in CHOSEN_FIRST, enabled=not missing, tooltip=tooltip(words)
    )
