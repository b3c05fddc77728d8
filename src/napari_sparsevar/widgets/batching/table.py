"""The recordings of a batch as a table: which is done, and with what result."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QAbstractItemView, QTableWidgetItem

from napari_sparsevar.widgets.batching.state import Batching, BatchRow
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.table import Column, Table

COLUMNS = (
    Column("Name", "Of the run folder. The movie is in the tooltip."),
    Column("Status", "Double-click one that is finished to open its run."),
    Column("Drivers", "Places beyond chance; – where it was too short to test."),
    Column("To know", "What its run warns of, or why it failed."),
)
NAME, STATUS, DRIVERS, WORDS = range(len(COLUMNS))


class BatchTable(Table):
    """A view of ``Batching``.

    Attributes
    ----------
    opened : Signal of str
        The run directory of a finished row that was double-clicked.
    """

    opened = Signal(str)

    def __init__(self, batching: Batching) -> None:
        super().__init__(COLUMNS, WORDS)
        self._batching = batching
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.cellDoubleClicked.connect(self._on_double_click)
        watch(batching.rows_changed, self.show_rows, self)
        self.show_rows()

    def show_rows(self) -> None:
        """Show the rows as they are now."""
        rows, at_work_on = self._batching.rows, self._batching.at_work_on
        idle = self._batching.state == "idle"
        with self.filling():
            self.setRowCount(len(rows))
            for index, row in enumerate(rows):
                waiting = "" if idle else "running" if index == at_work_on else "waiting"
                self._write(index, row, waiting)

    def said(self) -> str:
        """Return in full what is to know of the selected row, else of the last that failed."""
        rows, index = self._batching.rows, self.selected_row
        if index is not None and index < len(rows):
            return _words(rows[index])
        failed = [row for row in rows if row.outcome is not None and row.outcome.error]
        return f"{failed[-1].recording.name}: {_words(failed[-1])}" if failed else ""

    def _write(self, index: int, row: BatchRow, status: str) -> None:
        outcome, drivers, words = row.outcome, "", _words(row)
        if outcome is not None:
            status = "done before" if outcome.skipped else outcome.status
            if outcome.status == "finished":
                drivers = "–" if outcome.drivers is None else str(outcome.drivers)
        movie = str(row.recording.movie)
        cells = (row.recording.name, movie), (status, ""), (drivers, ""), (words, words)
        for column, (text, tooltip) in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(tooltip and f"<qt>{tooltip}</qt>")
            self.setItem(index, column, item)

    def _on_double_click(self, index: int, _column: int) -> None:
        outcome = self._batching.rows[index].outcome
        if outcome is not None and outcome.status == "finished":
            self.opened.emit(outcome.run)


def _words(row: BatchRow) -> str:
    """Return why a recording failed, or what its run warns of."""
    return "" if row.outcome is None else row.outcome.error or row.outcome.warnings
