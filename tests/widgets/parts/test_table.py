"""Rows are exchanged without a word: only a person chooses."""

from __future__ import annotations

import pandas as pd
import pytest

from napari_sparsevar.widgets.parts.table import Column, RowsTable


@pytest.fixture
def rows(qtbot) -> RowsTable:
    table = RowsTable([Column("name", ""), Column("p", "")], stretched=0)
    qtbot.addWidget(table)
    return table


def fill(rows: RowsTable, n: int) -> None:
    frame = pd.DataFrame({"name": [f"place {k}" for k in range(n)]})
    rows.show_rows(frame, [(name, "0.01") for name in frame["name"]], "nothing")


def test_a_row_that_goes_chooses_no_other(rows: RowsTable) -> None:
    fill(rows, 3)
    heard: list[str] = []
    rows.chosen.connect(lambda row: heard.append(row["name"]))
    rows.table.selectRow(2)
    fill(rows, 2)
    assert heard == ["place 2"]
    assert rows.table.selected_row is None


def test_who_hears_of_a_choice_may_fill_the_table(rows: RowsTable) -> None:
    fill(rows, 3)
    rows.chosen.connect(lambda row: fill(rows, 1))
    rows.table.selectRow(2)
    assert rows.table.rowCount() == 1
    rows.mark(0)
    fill(rows, 0)
    assert rows.empty
