"""The Batch dock: a list of movies, worked through one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from magicgui.types import FileDialogMode
from magicgui.widgets import ComboBox, FileEdit
from qtpy.QtWidgets import QFileDialog, QPushButton, QWidget

from napari_sparsevar.errors import UserError
from napari_sparsevar.training.config import PRESETS
from napari_sparsevar.widgets.batching.table import BatchTable
from napari_sparsevar.widgets.drivers_dock import DriversDock
from napari_sparsevar.widgets.parts.boxes import (
    MARGINS,
    FittingScroll,
    boxed,
    in_column,
    in_row,
    wrapped_label,
)
from napari_sparsevar.widgets.parts.dock import Dock
from napari_sparsevar.widgets.parts.fields import Rows, slim, tooltip
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.preferences import preferred
from napari_sparsevar.widgets.session import get_session, plain_viewer
from napari_sparsevar.widgets.train_dock import FIRST_PRESET, TrainDock
from napari_sparsevar.widgets.work.failure import refusals_shown
from napari_sparsevar.widgets.work.panel import WorkPanel

NO_MOVIES = "Add movies, or a list of them in CSV."


class BatchDock(Dock):
    """The table of recordings above, where the results go and buttons below."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer = plain_viewer(napari_viewer)
        self._session = get_session(self._viewer)
        self._batching = self._session.batching
        self.table = BatchTable(self._batching)
        self.words = wrapped_label()
        self.add = QPushButton("Add movies…")
        self.from_list = QPushButton("From CSV…")
        self.remove = QPushButton("Remove")
        self.out = FileEdit(
            mode=FileDialogMode.EXISTING_DIRECTORY,
            label="Results",
            tooltip=tooltip("Folder of the runs and of the table results.csv."),
        )
        self.preset = ComboBox(
            label="Preset",
            choices=list(PRESETS),
            value=preferred("training", "preset", FIRST_PRESET),
            tooltip=tooltip("How long to train on movies added here; a list has its own column."),
        )
        self.panel = WorkPanel(self._batching, begin="Run")
        self.settings = self._settings()
        self._arrange()
        self._connect()
        self._on_rows()
        self.lie_beside(TrainDock, DriversDock)

    def _settings(self) -> QWidget:
        slim(self.out)
        buttons = in_row((self.add, 1), (self.from_list, 1), (self.remove, 1), spacing=4)
        return boxed(in_column(buttons, Rows(self.out, self.preset).native, spacing=5))

    def _arrange(self) -> None:
        self.table.setMinimumHeight(120)
        words = FittingScroll(boxed(in_column(self.words)), minimum_height=36)
        parts = (self.table, 1), words, self.settings, self.panel
        in_column(*parts, inside=self, margins=MARGINS)
        self.from_list.setToolTip(
            "<qt>A table with a movie a row: columns movie, and name, fps, pixel_size_um, preset, "
            "apply_from … where wanted.</qt>"
        )
        self.panel.end_button.setToolTip("<qt>Ends at once; Run goes on where it was.</qt>")
        self.setMinimumWidth(330)

    def _connect(self) -> None:
        self.add.clicked.connect(self._on_add)
        self.from_list.clicked.connect(self._on_list)
        self.remove.clicked.connect(self._on_remove)
        self.panel.begin_button.clicked.connect(self.run)
        self.table.opened.connect(self._on_opened)
        self.table.itemSelectionChanged.connect(self._say)
        watch(self._batching.rows_changed, self._on_rows, self)

    def run(self) -> None:
        """Work through the list, as the button does."""
        written = self.out.line_edit.value.strip()
        if not written:
            self._batching.refuse(UserError("The folder of the results is empty: choose one."))
            return
        self._batching.start(Path(written).expanduser(), self.preset.value)

    def _on_add(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Which movies?", self._folder())
        if chosen:
            self._batching.add_movies([Path(path) for path in chosen])

    def _on_list(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Which list of movies?", self._folder(), "CSV (*.csv)"
        )
        if chosen:
            with refusals_shown():
                self._batching.take_list(Path(chosen))

    def _on_remove(self) -> None:
        row = self.table.selected_row
        if row is not None:
            self._batching.remove(row)

    def _folder(self) -> str:
        out = self._batching.out
        return "" if out is None else str(out.parent)

    def _on_rows(self) -> None:
        batching = self._batching
        if batching.out is not None and not self.out.line_edit.value.strip():
            self.out.value = batching.out
        self.settings.setEnabled(batching.state == "idle")
        self.panel.set_obstacle(None if batching.rows else NO_MOVIES)
        self._say()

    def _say(self) -> None:
        self.words.setText(self.table.said())

    def _on_opened(self, path: str) -> None:
        run = self._session.run
        if run is not None and Path(run.path) == Path(path):
            self._session.show_run()
        else:
            self._viewer.open(path, plugin="napari-sparsevar")
