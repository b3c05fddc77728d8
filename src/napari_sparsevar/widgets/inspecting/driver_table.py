"""Drivers and painted regions, one row each: sorted, filtered, named, noted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QTableWidgetItem

from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.widgets.inspecting.answers import PlaceKind
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd

NAME, STRENGTH, STABILITY, P_VALUE, NOTE = range(5)
COLUMNS = (
    Column("Name", "Double-click to give it a name of your own."),
    Column("Strength", "How strongly the place drives others; the strongest of the field is 1."),
    Column(
        "Stable",
        "Share of parts of the movie in which the driver stands out again; known for drivers at "
        "the penalty of the run.",
    ),
    Column("p", "That chance makes any place of the field drive others this much."),
    Column("Note", "Double-click to write one; it is kept with the run."),
)
KEY = Qt.ItemDataRole.UserRole
NUMBER = Qt.ItemDataRole.UserRole + 1


class DriverTable(Table):
    """A view of the places of the inspection; its selection is that of the inspection.

    Attributes
    ----------
    chosen : Signal of str, int
        Kind and label of a row the person has clicked.
    """

    chosen = Signal(str, int)

    def __init__(self, inspecting: Inspecting) -> None:
        super().__init__(COLUMNS, stretched=NOTE)
        self._inspecting = inspecting
        self._least_stability = 0.0
        self._show_hidden = False
        self._shown: pd.DataFrame | None = None
        self._arrange()
        self.itemSelectionChanged.connect(self._on_selected)
        self.itemChanged.connect(self._on_edited)
        watch(inspecting.read_out_changed, self.fill, self)
        watch(inspecting.notes_changed, self.fill, self)
        watch(inspecting.run_changed, self.fill, self)
        watch(inspecting.selection_changed, self.follow_selection, self)
        self.fill()

    def _arrange(self) -> None:
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setWordWrap(False)
        # In the order they come until a header is clicked.
        self.header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def set_filter(self, least_stability: float, show_hidden: bool) -> None:
        """Show places at least so stable (those not known are), and hidden ones or not."""
        self._least_stability, self._show_hidden = least_stability, show_hidden
        self._filter()

    def fill(self, *_: Any) -> None:
        """List the places anew where they are others."""
        read_out = self._inspecting.read_out
        places = None if read_out is None else self._inspecting.places()
        if places is self._shown or (places is not None and places.equals(self._shown)):
            return
        self._shown = places
        rows = [] if places is None else list(places.itertuples())
        with QSignalBlocker(self):
            self.setSortingEnabled(False)
            with self.filling():
                self.setRowCount(len(rows))
                for row, place in enumerate(rows):
                    self._fill_row(row, place)
            self.setSortingEnabled(True)
        self._filter()
        self.follow_selection()

    def follow_selection(self) -> None:
        """Mark the row of what is inspected."""
        selection = self._inspecting.selection
        with QSignalBlocker(self):
            row = None if selection is None else self.row_of(*selection.key)
            if row is None:
                self.clearSelection()
            else:
                self.selectRow(row)
                self.scrollToItem(self.item(row, NAME))

    def row_of(self, kind: str, label: int) -> int | None:
        """Return the row of a place, or None."""
        for row in range(self.rowCount()):
            if self.cell(row, NAME).data(KEY) == (kind, label):
                return row
        return None

    def key_at(self, row: int) -> tuple[PlaceKind, int]:
        """Return kind and label of a row."""
        kind, label = self.cell(row, NAME).data(KEY)
        return kind, int(label)

    def _fill_row(self, row: int, place: Any) -> None:
        texts = (
            place.name,
            f"{place.strength:.2f}",
            percent_text(place.stability),
            p_value_text(place.p_adjusted),
            place.note,
        )
        numbers = (None, place.strength, place.stability, place.p_adjusted, None)
        for column, (text, number) in enumerate(zip(texts, numbers, strict=True)):
            item = _Cell(text)
            item.setData(NUMBER, None if number is None or math.isnan(number) else float(number))
            if column not in (NAME, NOTE):
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            if place.hidden:
                item.setForeground(self.palette().placeholderText())
            item.setToolTip(text if column in (NAME, NOTE) else "")
            self.setItem(row, column, item)
        self.cell(row, NAME).setData(KEY, (place.kind, int(place.label)))

    def _filter(self) -> None:
        if self._shown is None:
            return
        hidden = {
            (place.kind, int(place.label)): place.hidden for place in self._shown.itertuples()
        }
        for row in range(self.rowCount()):
            stability = self.cell(row, STABILITY).data(NUMBER)
            unstable = stability is not None and stability < self._least_stability
            out = hidden[self.key_at(row)] and not self._show_hidden
            self.setRowHidden(row, unstable or out)

    def _on_selected(self) -> None:
        row = self.selected_row
        if row is not None:
            self.chosen.emit(*self.key_at(row))

    def _on_edited(self, item: QTableWidgetItem) -> None:
        kind, label = self.key_at(item.row())
        field = {NAME: "name", NOTE: "note"}.get(item.column())
        if field is not None:
            self._inspecting.annotate(kind, label, **{field: item.text().strip()})


class _Cell(QTableWidgetItem):
    """Sorts by its number where it has one; what is not known comes last."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        mine, its = self.data(NUMBER), other.data(NUMBER)
        if mine is None and its is None:
            return self.text() < other.text()
        return its is None or (mine is not None and mine < its)
