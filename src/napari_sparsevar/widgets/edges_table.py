"""The edges that changed between two windows, one row each."""

from __future__ import annotations

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

from napari_sparsevar.analysis.comparison.result import Comparison
from napari_sparsevar.widgets.compare_layers import changed_edges

TITLES = ("From", "To", "Lag", "Change", "p")
TOOLTIPS = (
    "Where the influence comes from: y, x in pixels.",
    "What it acts on: y, x in pixels.",
    "How much later, in frames where the frame rate is unknown.",
    "B minus A with its 95 % interval, in standard deviations of the target for one of the source.",
    "Adjusted for all edges that were looked at.",
)


class EdgesTable(QWidget):
    """Changed edges, the most surprising first; choosing a row goes there.

    Attributes
    ----------
    chosen : Signal of Series
        The row of the table of edges.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edges = pd.DataFrame()
        self.table = QTableWidget(0, len(TITLES))
        self.none = QLabel()
        self._pages = QStackedWidget()
        self._arrange()
        self.table.itemSelectionChanged.connect(self._on_selected)

    def _arrange(self) -> None:
        self.table.setHorizontalHeaderLabels(list(TITLES))
        for column, tooltip in enumerate(TOOLTIPS):
            self.table.horizontalHeaderItem(column).setToolTip(f"<qt>{tooltip}</qt>")
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        self.none.setWordWrap(True)
        self.none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages.addWidget(self.none)
        self._pages.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)

    def show_pair(self, pair: Comparison | None, fps: float | None) -> None:
        """List the edges of a pair of windows; lags in milliseconds where the rate is known."""
        self._edges = pd.DataFrame() if pair is None else changed_edges(pair)
        self.table.clearSelection()
        self.table.setRowCount(len(self._edges))
        for row, (_, edge) in enumerate(self._edges.iterrows()):
            for column, text in enumerate(_texts(edge, fps)):
                self.table.setItem(row, column, QTableWidgetItem(text))
        level = 0.05 if pair is None else pair.level
        self.none.setText(f"No edge changed at the level {level:g}, adjusted for all of them.")
        self._pages.setCurrentIndex(0 if self._edges.empty else 1)

    def _on_selected(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.chosen.emit(self._edges.iloc[rows[0].row()])


def _texts(edge: pd.Series, fps: float | None) -> tuple[str, ...]:
    lag = f"{1000 * edge['lag'] / fps:.0f} ms" if fps else f"{int(edge['lag'])}"
    return (
        f"{edge['source_y']:.0f},{edge['source_x']:.0f}",
        f"{edge['target_y']:.0f},{edge['target_x']:.0f}",
        lag,
        f"{edge['change']:+.2f} [{edge['low']:.2f}, {edge['high']:.2f}]",
        p_text(float(edge["p_adjusted"])),
    )


def p_text(p_value: float) -> str:
    """Return a p-value as papers write it."""
    return f"{p_value:.1e}" if p_value < 0.0005 else f"{p_value:.3f}"
