"""A table of edges or places, or a sentence where there are none; choosing a row goes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QStackedWidget,
    QTableWidgetItem,
    QWidget,
)

from napari_sparsevar.widgets.parts.boxes import in_column
from napari_sparsevar.widgets.parts.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd


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

    def __init__(
        self, columns: Sequence[Column], stretched: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
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
        self, rows: pd.DataFrame | None, texts: Sequence[Sequence[str]], nothing: str
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
        """
        self._rows = rows
        self.table.clearSelection()
        with self.table.filling():
            self.table.setRowCount(len(texts))
            for row, cells in enumerate(texts):
                for column, text in enumerate(cells):
                    self._write(row, column, text)
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
