"""Drivers and painted regions, one row each, and candidates below a line: sorted, filtered, named.

The line stays where it is however the rows are sorted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QTableWidgetItem

from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.widgets.inspecting.answers import PlaceKind
from napari_sparsevar.widgets.inspecting.state import Inspecting, listed
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.table import PALE_TEXT, Column, Table

if TYPE_CHECKING:
    import pandas as pd

NAME, STRENGTH, STABILITY, P_VALUE, NOTE = range(5)
COLUMNS = (
    Column("Name", "Double-click to give it a name of your own."),
    Column("Strength", "How strongly the place drives others: 1 is what chance reaches there."),
    Column(
        "Stable",
        "Share of parts of the movie in which the driver stands out again; known for drivers at "
        "the penalty of the run.",
    ),
    Column(
        "p",
        "That chance makes any place of the field drive others this much; a dash where nothing was "
        "tested.",
    ),
    Column("Note", "Double-click to write one; it is kept with the run."),
)
KEY = Qt.ItemDataRole.UserRole
NUMBER = Qt.ItemDataRole.UserRole + 1
SECTION = Qt.ItemDataRole.UserRole + 2

NOT_TESTED, NOT_BEYOND = "Candidates: not tested", "Candidates: not beyond chance"

_PLACES, _LINE, _CANDIDATES = range(3)
"""Sections, from the top."""


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
        rows = [] if places is None else list(listed(places).itertuples())
        above = sum(place.kind != "candidate" for place in rows)
        with QSignalBlocker(self):
            self.setSortingEnabled(False)
            self.clearSpans()
            with self.filling():
                self.setRowCount(len(rows) + (above < len(rows)))
                for index, place in enumerate(rows):
                    self._fill_row(index + (index >= above), place)
                if above < len(rows):
                    self._draw_line(above, rows[above:])
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

    def key_at(self, row: int) -> tuple[PlaceKind, int] | None:
        """Return kind and label of a row; None of the line."""
        key = self.cell(row, NAME).data(KEY)
        return None if key is None else (key[0], int(key[1]))

    def _draw_line(self, row: int, candidates: list[Any]) -> None:
        """Say across a row what those below it are; it cannot be chosen."""
        tested = any(not math.isnan(place.p_adjusted) for place in candidates)
        for column in range(self.columnCount()):
            item = _Cell(NOT_BEYOND if tested else NOT_TESTED)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setData(SECTION, _LINE)
            item.setSizeHint(QSize(0, 0))  # no column is to be as wide as the line is long
            self.setItem(row, column, item)
        self.setSpan(row, 0, 1, self.columnCount())

    def _fill_row(self, row: int, place: Any) -> None:
        texts = (
            place.name,
            f"{place.strength:.2f}".replace("-", "\N{MINUS SIGN}"),
            percent_text(place.stability),
            p_value_text(place.p_adjusted),
            place.note,
        )
        numbers = (None, place.strength, place.stability, place.p_adjusted, None)
        section = _CANDIDATES if place.kind == "candidate" else _PLACES
        for column, (text, number) in enumerate(zip(texts, numbers, strict=True)):
            item = _Cell(text)
            item.setData(NUMBER, None if number is None or math.isnan(number) else float(number))
            if column not in (NAME, NOTE):
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            item.setData(SECTION, section)
            if place.hidden or section == _CANDIDATES:
                item.setForeground(PALE_TEXT)
            item.setToolTip(text if column in (NAME, NOTE) else "")
            self.setItem(row, column, item)
        self.cell(row, NAME).setData(KEY, (place.kind, int(place.label)))

    def _filter(self) -> None:
        if self._shown is None:
            return
        hidden = {
            (place.kind, int(place.label)): place.hidden for place in self._shown.itertuples()
        }
        line, below = None, False
        for row in range(self.rowCount()):
            key = self.key_at(row)
            if key is None:
                line = row
                continue
            stability = self.cell(row, STABILITY).data(NUMBER)
            unstable = stability is not None and stability < self._least_stability
            out = unstable or (hidden[key] and not self._show_hidden)
            self.setRowHidden(row, out)
            below = below or (line is not None and not out)
        if line is not None:
            self.setRowHidden(line, not below)

    def _on_selected(self) -> None:
        row = self.selected_row
        key = None if row is None else self.key_at(row)
        if key is not None:
            self.chosen.emit(*key)

    def _on_edited(self, item: QTableWidgetItem) -> None:
        key = self.key_at(item.row())
        field = {NAME: "name", NOTE: "note"}.get(item.column())
        if field is not None and key is not None:
            kind, label = key
            self._inspecting.annotate(kind, label, **{field: item.text().strip()})


class _Cell(QTableWidgetItem):
    """Sorts by its number where it has one, in its section; what is not known comes last."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        sections = self.data(SECTION), other.data(SECTION)
        mine, its = self.data(NUMBER), other.data(NUMBER)
        if sections[0] != sections[1]:
            return bool(sections[0] < sections[1]) != self._downwards
        if mine is None and its is None:
            return self.text() < other.text()
        if mine is None or its is None:
            return (its is None) != self._downwards
        return bool(mine < its)

    @property
    def _downwards(self) -> bool:
        """Whether the largest is to come first: then Qt puts the greater above."""
        table = self.tableWidget()
        assert isinstance(table, DriverTable)
        return table.header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
