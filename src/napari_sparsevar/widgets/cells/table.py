"""Cells, one row each, the surest driver first: searched, named, merged, left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QPushButton,
    QTableWidgetItem,
    QWidget,
)

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.words import UNKNOWN, p_value_text, percent_text
from napari_sparsevar.cells.editing import listed, name_of
from napari_sparsevar.cells.ordering import natural_order
from napari_sparsevar.widgets.cells.state import BroughtCells
from napari_sparsevar.widgets.parts.boxes import in_column, in_row
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.table import PALE_TEXT, Column, Table
from napari_sparsevar.widgets.work.failure import refusals_shown

NAME, DRIVES, DRIVEN, STRENGTH, P_VALUE, STABLE = range(6)
COLUMNS = (
    Column("Cell", "As it came. Double-click to give it a name of your own."),
    Column("→", "Edges beyond chance from it to others."),
    Column("←", "Edges beyond chance from others to it."),
    Column(
        "Strength",
        "Sum of what follows it over all cells: above 0 they go up, below they go down. 0 where "
        "the lasso keeps none of its edges; an edge can be beyond chance all the same.",
    ),
    Column("p", "That chance makes any cell drive others this surely; – where not tested."),
    Column("Stable", "Share of halves of the recording in which its surest edge is found."),
)
NUMBER, SORTED_BY = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1

EXCLUDED, HIDDEN, NOT_FITTED = "excluded", "hidden", "left out"


class CellTable(Table):
    """A view of the cells at hand.

    Attributes
    ----------
    picked : Signal
        A person has chosen other rows.
    """

    picked = Signal()

    def __init__(self, brought: BroughtCells) -> None:
        super().__init__(COLUMNS, stretched=NAME)
        self._brought = brought
        self._wanted = ""
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.itemSelectionChanged.connect(self._on_selected)
        self.itemChanged.connect(self._on_edited)
        for signal in (brought.cells_changed, brought.edits_changed, brought.fit_changed):
            watch(signal, self.fill, self)
        watch(brought.chosen_changed, self.follow, self)
        self.fill()

    @property
    def selected(self) -> list[int]:
        """The cells whose rows are chosen, in the order of the rows."""
        rows = sorted({index.row() for index in self.selectedIndexes()})
        return [self.number_at(row) for row in rows if not self.isRowHidden(row)]

    def number_at(self, row: int) -> int:
        """Return which cell a row is of."""
        return int(self.cell(row, NAME).data(NUMBER))

    def row_of(self, cell: int | None) -> int | None:
        """Return the row of a cell, None where it has none."""
        rows = range(self.rowCount() if cell is not None else 0)
        return next((row for row in rows if self.number_at(row) == cell), None)

    def search(self, wanted: str) -> None:
        """Show only cells whose names hold what is wanted."""
        self._wanted = wanted.strip().casefold()
        for row in range(self.rowCount()):
            out = self._wanted not in self.cell(row, NAME).text().casefold()
            self.setRowHidden(row, out)

    def fill(self, *_: Any) -> None:
        """List the cells anew."""
        brought = self._brought
        with QSignalBlocker(self):
            self.setSortingEnabled(False)
            with self.filling():
                if brought.given is None:
                    self.setRowCount(0)
                else:
                    self._fill_rows()
            self.setSortingEnabled(True)
        self.search(self._wanted)
        self.follow()

    def follow(self, *_: Any) -> None:
        """Mark the row of the cell one looks at."""
        row = self.row_of(self._brought.chosen[0])
        if row is None or row in {index.row() for index in self.selectedIndexes()}:
            return
        with QSignalBlocker(self):
            self.selectRow(row)
            self.scrollToItem(self.item(row, NAME))

    def _fill_rows(self) -> None:
        brought = self._brought
        assert brought.given is not None
        numbers, called, _ = listed(brought.given, brought.edits, with_excluded=True)
        names = dict(zip(map(int, numbers), called, strict=True))
        known = brought.found
        order = [cell for cell in known if cell in names]
        order += [cell for cell in names if cell not in known]
        self.setRowCount(len(order))
        for row, cell in enumerate(order):
            self._fill_row(row, cell, names[cell], known.get(cell))

    def _fill_row(self, row: int, cell: int, name: str, found: Any) -> None:
        texts, values = _written(found)
        edits = self._brought.edits
        state = EXCLUDED if cell in edits.excluded else HIDDEN if cell in edits.hidden else ""
        if found is not None and math.isnan(found.strength):
            state = state or NOT_FITTED
        pale = bool(state) or found is None or not found.p_adjusted <= LEVEL
        for column, text in enumerate((name, *texts)):
            item = self.item(row, column)
            if item is None:
                item = _Item()
                self.setItem(row, column, item)
            item.setText(text)
            item.setData(NUMBER, cell)
            item.setData(SORTED_BY, None if column == NAME else values[column - 1])
            item.setData(Qt.ItemDataRole.ForegroundRole, PALE_TEXT if pale else None)
            item.setToolTip(state)
            if column != NAME:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
        if state in (EXCLUDED, NOT_FITTED):
            self.cell(row, STRENGTH).setText(state)

    def _on_selected(self) -> None:
        selected = self.selected
        if len(selected) == 1:
            self._brought.choose(selected[0])
        self.picked.emit()

    def _on_edited(self, item: QTableWidgetItem) -> None:
        if item.column() == NAME:
            cell, edits = int(item.data(NUMBER)), self._brought.edits
            with refusals_shown():
                self._brought.change(edits.rename(cell, _own_name(self._brought, cell, item)))
            self.fill()


class CellActions(QWidget):
    """Search above the table, and what can be done with the chosen rows below."""

    def __init__(self, brought: BroughtCells) -> None:
        super().__init__()
        self._brought = brought
        self.table = CellTable(brought)
        self.search = QLineEdit()
        self.merge = QPushButton("Merge")
        self.exclude = QPushButton("Exclude")
        self.hide_cells = QPushButton("Hide")
        self.undo = QPushButton("Undo")
        self._arrange()
        self.search.textChanged.connect(self.table.search)
        self.merge.clicked.connect(self._on_merge)
        self.exclude.clicked.connect(self._on_exclude)
        self.hide_cells.clicked.connect(self._on_hide)
        self.undo.clicked.connect(brought.undo)
        self.table.picked.connect(self.show_state)
        for signal in (brought.cells_changed, brought.edits_changed, brought.fit_changed):
            watch(signal, self.show_state, self)
        self.show_state()

    def _arrange(self) -> None:
        self.search.setPlaceholderText("Search names")
        self.search.setClearButtonEnabled(True)
        self.merge.setToolTip(
            "<qt>Take the chosen cells for one (Ctrl or Shift chooses more).</qt>"
        )
        self.exclude.setToolTip("<qt>Leave the chosen cells out of the next fit.</qt>")
        self.hide_cells.setToolTip("<qt>Fit the chosen cells, but do not show them.</qt>")
        self.undo.setToolTip("<qt>Take the last change back.</qt>")
        buttons = self.merge, self.exclude, self.hide_cells, self.undo
        row = in_row(*((button, 1) for button in buttons), spacing=4)
        in_column(self.search, (self.table, 1), row, inside=self, margins=(0, 4, 0, 0), spacing=4)

    def show_state(self, *_: Any) -> None:
        """Offer what can be done with the chosen rows."""
        chosen, edits = self.table.selected, self._brought.edits
        merged = {group[0] for group in edits.merged}
        splits = len(chosen) == 1 and chosen[0] in merged
        self.merge.setText("Split" if splits else "Merge")
        self.merge.setEnabled(len(chosen) > 1 or splits)
        self.exclude.setText("Take in" if chosen and set(chosen) <= edits.excluded else "Exclude")
        self.hide_cells.setText("Show" if chosen and set(chosen) <= edits.hidden else "Hide")
        for button in (self.exclude, self.hide_cells):
            button.setEnabled(bool(chosen))
        self.undo.setEnabled(self._brought.can_undo)

    def _on_merge(self) -> None:
        chosen, edits = self.table.selected, self._brought.edits
        with refusals_shown():
            change = edits.split(chosen[0]) if len(chosen) == 1 else edits.merge(chosen)
            self._brought.change(change)

    def _on_exclude(self) -> None:
        chosen, edits = self.table.selected, self._brought.edits
        with refusals_shown():
            self._brought.change(edits.exclude(chosen, out=not set(chosen) <= edits.excluded))

    def _on_hide(self) -> None:
        chosen, edits = self.table.selected, self._brought.edits
        with refusals_shown():
            self._brought.change(edits.hide(chosen, out=not set(chosen) <= edits.hidden))


class _Item(QTableWidgetItem):
    """Sorts by its number where it has one, else by its text, numbers in names as numbers."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        mine, its = self.data(SORTED_BY), other.data(SORTED_BY)
        if mine is None or its is None:
            return natural_order(self.text()) < natural_order(other.text())
        return bool(mine < its)


def _own_name(brought: BroughtCells, cell: int, item: QTableWidgetItem) -> str:
    """Return the name written, nothing where it is the one that the cell has by itself."""
    assert brought.given is not None
    written = item.text().strip()
    own = brought.edits.rename(cell, "")
    return "" if written == name_of(brought.given, own, cell) else written


def _written(found: Any) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the texts of a row behind the name, and what each sorts by."""
    if found is None:
        return (UNKNOWN,) * 5, (-1.0, -1.0, -1.0, 2.0, -1.0)
    texts = (
        str(found.drives),
        str(found.driven_by),
        UNKNOWN if math.isnan(found.strength) else f"{found.strength:+.2f}",
        p_value_text(found.p_adjusted),
        percent_text(found.stability),
    )
    unknown = (-1.0, -1.0, -np.inf, 2.0, -1.0)
    values = found.drives, found.driven_by, found.strength, found.p_adjusted, found.stability
    numbers = (
        instead if math.isnan(value) else float(value)
        for value, instead in zip(values, unknown, strict=True)
    )
    return texts, tuple(numbers)
