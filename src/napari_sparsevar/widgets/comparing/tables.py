"""Pairs of windows as a matrix; edges and places that changed between two, one row each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.widgets.comparing.layers import changed_edges, changed_places
from napari_sparsevar.widgets.parts.table import Column, RowsTable, there

if TYPE_CHECKING:
    import pandas as pd

EDGE_COLUMNS = (
    Column("From", "Where the influence comes from: y, x in pixels."),
    Column("To", "What it acts on: y, x in pixels."),
    Column("Lag", "How much later, in frames where the frame rate is unknown."),
    Column(
        "Change",
        "B minus A with its 95 % interval, in standard deviations of the target for one of the "
        "source.",
    ),
    Column("p", "Adjusted for all edges that were looked at."),
)


class EdgesTable(RowsTable):
    """Changed edges."""

    def __init__(self) -> None:
        super().__init__(EDGE_COLUMNS, stretched=3)

    def show_pair(self, pair: Comparison | None, fps: float | None) -> None:
        """List the edges of a pair of windows; lags in milliseconds where the rate is known."""
        if pair is None:
            self.show_rows(None, [], "")
            return
        edges = changed_edges(pair)
        texts = [_edge_texts(edge, fps) for _, edge in edges.iterrows()]
        self.show_rows(edges, texts, _nothing(pair))


def _edge_texts(edge: pd.Series, fps: float | None) -> tuple[str, ...]:
    lag = f"{1000 * edge['lag'] / fps:.0f} ms" if fps else f"{int(edge['lag'])}"
    return (
        f"{edge['source_y']:.0f},{edge['source_x']:.0f}",
        f"{edge['target_y']:.0f},{edge['target_x']:.0f}",
        lag,
        f"{edge['change']:+.2f} [{edge['low']:.2f}, {edge['high']:.2f}]",
        p_value_text(float(edge["p_adjusted"])),
    )


def _nothing(pair: Comparison) -> str:
    said = f"No edge changed at the level {pair.level:g}, adjusted for all of them."
    if changed_places(pair).empty:
        return said
    return f"{said}\nPlaces did, all edges of each taken together: see Changed places."


IN_B = 1
PLACE_COLUMNS = (
    Column("Place", "Where the influence comes from: y, x in pixels."),
    Column(
        "In B",
        "Whether the place drives others more or less in the second window, as most of its edges "
        "tell. A row says its balance where the pointer rests: +1 if all of the change is to "
        "more, -1 if all is to less, about 0 if as much went up as down.",
    ),
    Column("p", "Adjusted for all places."),
)


class PlacesTable(RowsTable):
    """Changed places."""

    def __init__(self) -> None:
        super().__init__(PLACE_COLUMNS, stretched=IN_B)

    def show_pair(self, pair: Comparison | None) -> None:
        """List the places of a pair of windows."""
        places = None if pair is None else changed_places(pair)
        level = 0.05 if pair is None else pair.level
        self.show_rows(
            places,
            [] if places is None else [_place_texts(place) for _, place in places.iterrows()],
            f"No place changed at the level {level:g}, adjusted for all of them.",
        )
        if pair is None or places is None:
            return
        self.table.title(IN_B).setText(f"In {pair.b.label}")
        for row, balance in enumerate(places.get("balance", ())):
            self.table.cell(row, IN_B).setToolTip(f"balance {balance:+.2f}")


def _place_texts(place: pd.Series) -> tuple[str, ...]:
    return (
        f"{place['y']:.0f},{place['x']:.0f}",
        "more" if place["balance"] > 0 else "less",
        p_value_text(float(place["p_adjusted"])),
    )


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
