"""Adjusted p-values of all pairs of windows as a matrix."""

from __future__ import annotations

import math

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.widgets.parts.table import there

MARKED = QColor(230, 159, 0, 90)


class PairsMatrix(QTableWidget):
    """Windows by windows; a cell that is clicked is the pair to look at.

    Attributes
    ----------
    pair_chosen : Signal of str, str
        Labels of the two windows.
    """

    pair_chosen = Signal(str, str)

    def __init__(self) -> None:
        super().__init__(0, 0)
        self._labels: list[str] = []
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = there(self.horizontalHeader())
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(46)
        there(self.verticalHeader()).setDefaultSectionSize(24)
        self.setToolTip(
            "<qt>p-values of the test of dynamics, adjusted for all pairs; those at the level are "
            "marked. Click a cell to see that pair.</qt>"
        )
        self.cellClicked.connect(self._on_clicked)

    def show_set(self, found: ComparisonSet | None) -> None:
        """Fill the matrix."""
        labels = [] if found is None else [window.label for window in found.windows]
        self._labels = labels
        self.setRowCount(len(labels))
        self.setColumnCount(len(labels))
        self.setHorizontalHeaderLabels(labels)
        self.setVerticalHeaderLabels(labels)
        if found is None:
            return
        level = found.pairs[0].level if found.pairs else 0.05
        for row, values in enumerate(found.matrix().to_numpy(float)):
            for column, value in enumerate(values):
                self.setItem(row, column, _cell(value, level))

    def show_pair(self, pair: Comparison | None) -> None:
        """Select the cell of a pair."""
        labels = self._labels
        if pair is not None and {pair.a.label, pair.b.label} <= set(labels):
            self.setCurrentCell(labels.index(pair.a.label), labels.index(pair.b.label))

    def _on_clicked(self, row: int, column: int) -> None:
        if there(self.item(row, column)).text():
            self.pair_chosen.emit(self._labels[row], self._labels[column])


def _cell(value: float, level: float) -> QTableWidgetItem:
    item = QTableWidgetItem("" if math.isnan(value) else p_value_text(value))
    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    if math.isnan(value):
        item.setFlags(Qt.ItemFlag.NoItemFlags)
    elif value <= level:
        item.setBackground(MARKED)
    return item
