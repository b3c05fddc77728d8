"""A table of what changed between two windows of time; choosing a row goes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)


class Column(NamedTuple):
    """Title of a column and what it means."""

    title: str
    meaning: str


class ChangesTable(QWidget):
    """What changed, the most surprising first, or a sentence where nothing did.

    Parameters
    ----------
    columns : sequence of Column
    stretched : int
        The column that takes the room the others leave.

    Attributes
    ----------
    chosen : Signal of Series
        The row of the table of changes.
    """

    chosen = Signal(object)

    def __init__(
        self, columns: Sequence[Column], stretched: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._changes = pd.DataFrame()
        self._stretched = stretched
        self.table = QTableWidget(0, len(columns))
        self.none = QLabel()
        self._pages = QStackedWidget()
        self._arrange(columns)
        self.table.itemSelectionChanged.connect(self._on_selected)

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return self._changes.empty

    def show_changes(
        self, changes: pd.DataFrame, texts: Sequence[Sequence[str]], nothing: str
    ) -> None:
        """Fill the table.

        Parameters
        ----------
        changes : DataFrame
            One row each.
        texts : sequence of sequence of str
            What stands in the cells of each row.
        nothing : str
            Said where there are no changes.
        """
        self._changes = changes
        self.table.clearSelection()
        # Widths follow the contents once at the end, not after each cell.
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.setRowCount(len(texts))
        for row, cells in enumerate(texts):
            for column, text in enumerate(cells):
                self._write(row, column, text)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(self._stretched, QHeaderView.ResizeMode.Stretch)
        self.none.setText(nothing)
        self._pages.setCurrentIndex(0 if self.empty else 1)

    def _write(self, row: int, column: int, text: str) -> None:
        item = self.table.item(row, column)
        if item is None:
            self.table.setItem(row, column, QTableWidgetItem(text))
            return
        item.setToolTip("")
        if item.text() != text:
            item.setText(text)

    def _arrange(self, columns: Sequence[Column]) -> None:
        self.table.setHorizontalHeaderLabels([column.title for column in columns])
        for index, column in enumerate(columns):
            self.table.horizontalHeaderItem(index).setToolTip(f"<qt>{column.meaning}</qt>")
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(self._stretched, QHeaderView.ResizeMode.Stretch)
        self.none.setWordWrap(True)
        self.none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages.addWidget(self.none)
        self._pages.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)

    def _on_selected(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.chosen.emit(self._changes.iloc[rows[0].row()])


def p_text(p_value: float) -> str:
    """Return a p-value as papers write it."""
    return f"{p_value:.1e}" if p_value < 0.0005 else f"{p_value:.3f}"
