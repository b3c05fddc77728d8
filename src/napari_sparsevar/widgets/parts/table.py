"""Tables: cells that are changed and not made anew; rows a person chooses from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from napari_sparsevar.widgets.parts.boxes import in_column

PALE_TEXT = QColor(140, 146, 156)
"""Readable in a dark and in a light theme; a palette is not that of the theme before a table is
shown."""

if TYPE_CHECKING:
    import pandas as pd

Part = TypeVar("Part")


class Column(NamedTuple):
    """Title of a column and what it means."""

    title: str
    meaning: str


class Table(QTableWidget):
    """Rows of which one can be chosen.

    Parameters
    ----------
    columns : sequence of Column
    stretched : int or None
        The column that takes the room the others leave; None where all are equally wide.
    row_height : int
        In pixels.
    """

    def __init__(
        self, columns: Sequence[Column], stretched: int | None, row_height: int = 22
    ) -> None:
        super().__init__(0, len(columns))
        self._stretched = stretched
        self.setHorizontalHeaderLabels([column.title for column in columns])
        for index, column in enumerate(columns):
            self.title(index).setToolTip(f"<qt>{column.meaning}</qt>" if column.meaning else "")
        rows = there(self.verticalHeader())
        rows.hide()
        rows.setDefaultSectionSize(row_height)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.header.setHighlightSections(False)
        self._fit()

    @property
    def header(self) -> QHeaderView:
        """The titles of the columns."""
        return there(self.horizontalHeader())

    def title(self, column: int) -> QTableWidgetItem:
        """Return the title of a column."""
        return there(self.horizontalHeaderItem(column))

    def cell(self, row: int, column: int) -> QTableWidgetItem:
        """Return a cell that has been filled."""
        return there(self.item(row, column))

    @property
    def selected_row(self) -> int | None:
        """The row a person has chosen."""
        rows = there(self.selectionModel()).selectedRows()
        return rows[0].row() if rows else None

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Let widths follow the contents once at the end, not after each cell."""
        self.header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        yield
        self._fit()

    def _fit(self) -> None:
        if self._stretched is None:
            self.header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            return
        self.header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header.setSectionResizeMode(self._stretched, QHeaderView.ResizeMode.Stretch)


def there(part: Part | None) -> Part:
    """Return a part of a widget that is always there, although the types of Qt allow for None."""
    assert part is not None
    return part


class RowsTable(QWidget):
    """Rows as they come, or a sentence where there are none.

    Parameters
    ----------
    columns : sequence of Column
    stretched : int
        The column that takes the room the others leave.

    Attributes
    ----------
    chosen : Signal of Series
        The row.
    """

    chosen = Signal(object)

    def __init__(self, columns: Sequence[Column], stretched: int) -> None:
        super().__init__()
        self._rows: pd.DataFrame | None = None
        self.table = Table(columns, stretched)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.none = QLabel()
        self._pages = QStackedWidget()
        self._arrange()
        self.table.itemSelectionChanged.connect(self._on_selected)

    @property
    def empty(self) -> bool:
        """Whether there are no rows."""
        return self._rows is None or bool(self._rows.empty)

    def show_rows(
        self,
        rows: pd.DataFrame | None,
        texts: Sequence[Sequence[str]],
        nothing: str,
        pale: Sequence[bool] | None = None,
    ) -> None:
        """Fill the table.

        Parameters
        ----------
        rows : DataFrame or None
            One row each.
        texts : sequence of sequence of str
            What stands in the cells of each row.
        nothing : str
            Said where there are no rows.
        pale : sequence of bool, optional
            Which rows are to look as if they mattered little.
        """
        self._rows = rows
        # A row that goes selects another, and whoever hears of it would fill the table meanwhile.
        with QSignalBlocker(self.table), self.table.filling():
            self.table.setRowCount(len(texts))
            self.table.clearSelection()
            for row, cells in enumerate(texts):
                for column, text in enumerate(cells):
                    self._write(row, column, text, pale is not None and pale[row])
        self.none.setText(nothing)
        self._pages.setCurrentIndex(0 if self.empty else 1)

    def mark(self, row: int | None) -> None:
        """Select a row or none, without a word."""
        if row != self.table.selected_row:
            with QSignalBlocker(self.table):
                if row is None:
                    self.table.clearSelection()
                else:
                    self.table.selectRow(row)

    def _write(self, row: int, column: int, text: str, pale: bool) -> None:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            self.table.setItem(row, column, item)
        item.setToolTip("")
        if item.text() != text:
            item.setText(text)
        colour = PALE_TEXT if pale else None
        item.setData(Qt.ItemDataRole.ForegroundRole, colour)

    def _arrange(self) -> None:
        self.none.setWordWrap(True)
        self.none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages.addWidget(self.none)
        self._pages.addWidget(self.table)
        in_column(self._pages, inside=self)

    def _on_selected(self) -> None:
        row = self.table.selected_row
        if row is not None and self._rows is not None:
            self.chosen.emit(self._rows.iloc[row])
