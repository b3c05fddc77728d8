"""Tables with a title and a meaning for each column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

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
        self,
        columns: Sequence[Column],
        stretched: int | None,
        row_height: int = 22,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(0, len(columns), parent)
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
