"""Candidates: below a line, grey, without a number, and outlined only while they are selected."""

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from made_comparisons import made_folder
from made_runs import made_full_run
from napari_sparsevar.analysis.maps.drivers import keep_drivers
from napari_sparsevar.widgets.inspecting.driver_table import (
    NAME,
    NOT_BEYOND,
    NOT_TESTED,
    P_VALUE,
    STABILITY,
    STRENGTH,
)
from napari_sparsevar.widgets.parts.table import PALE_TEXT
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless

SHAPE = (33, 34)
LABELS = np.zeros(SHAPE, np.int32)
LABELS[4:9, 4:9], LABELS[24:28, 4:9], LABELS[24:28, 24:28], LABELS[4:8, 24:28] = 1, 2, 3, 4
LINE = 2


def with_candidates(folder, n_drivers=2, p_values=(0.01, 0.02, 0.3, 0.2)):
    """Return a run of four places of which only the first few are beyond chance."""
    run = made_full_run(folder, SHAPE, 60, labels=LABELS)
    found = run.results.drivers
    columns = {"strength": [0.6, 0.7, 1.0, 0.8], "stability": [0.9, 0.4, 0.3, 0.6]}
    found = replace(found, table=found.table.assign(**columns, p_adjusted=p_values))
    beyond = np.arange(4) < n_drivers
    drivers = keep_drivers(found, beyond)
    candidates = keep_drivers(found, ~beyond, first=n_drivers + 1)
    return replace(run, results=replace(run.results, drivers=drivers, candidates=candidates))


@pytest.fixture
def opened(viewer, tmp_path, add_full_movie, open_run, until_inspected, open_dock):
    """Open a run with the Drivers dock beside it."""

    def open_(**options):
        add_full_movie(viewer)
        session = open_run(viewer, with_candidates(made_folder(tmp_path / "a-run"), **options))
        until_inspected(session.inspecting)
        dock = open_dock("Drivers")
        dock.window().resize(420, 800)
        dock.window().show()
        return dock

    return open_


def rows(dock, column=NAME):
    table = dock.table
    shown = (row for row in range(table.rowCount()) if not table.isRowHidden(row))
    return [table.item(row, column).text() for row in shown]


def click_row(dock, row):
    where = dock.table.visualItemRect(dock.table.item(row, NAME)).center()
    QTest.mouseClick(dock.table.viewport(), Qt.MouseButton.LeftButton, pos=where)


def click_title(dock, column):
    header = dock.table.header
    where = QPoint(header.sectionViewportPosition(column) + 10, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_candidates_stand_below_a_line_in_grey(opened):
    table = opened().table
    dock = table.window()
    assert rows(dock) == ["driver 1", "driver 2", NOT_BEYOND, "candidate 3", "candidate 4"]
    assert [table.item(row, P_VALUE).text() for row in (3, 4)] == ["0.30", "0.20"]
    # All columns have room: none is as wide as the line is long.
    assert table.horizontalScrollBar().maximum() == 0
    grey = PALE_TEXT
    pale = [table.item(row, NAME).foreground().color() == grey for row in (0, 1, 3, 4)]
    assert pale == [False, False, True, True]


def test_what_was_not_tested_has_a_dash(opened):
    dock = opened(n_drivers=0, p_values=np.nan)
    assert rows(dock)[0] == NOT_TESTED
    assert rows(dock, P_VALUE)[1:] == ["–"] * 4


def test_the_line_cannot_be_chosen_and_a_candidate_can(viewer, opened, until_inspected):
    dock = opened()
    inspecting = get_session(viewer).inspecting
    click_row(dock, LINE)
    assert inspecting.selection is None
    click_row(dock, 3)
    until_inspected(inspecting)
    assert inspecting.selection.key == ("candidate", 3)
    assert set(inspecting.answer.influence) == {"outgoing", "incoming"}
    assert dock.selected.text() == "<b>candidate 3</b> · strength 1.00 · p 0.30"


def test_sorting_keeps_the_two_apart(opened):
    dock = opened()
    click_title(dock, STRENGTH)
    upwards = rows(dock)
    click_title(dock, STRENGTH)
    assert {tuple(upwards), tuple(rows(dock))} == {
        ("driver 1", "driver 2", NOT_BEYOND, "candidate 4", "candidate 3"),
        ("driver 2", "driver 1", NOT_BEYOND, "candidate 3", "candidate 4"),
    }
    assert dock.table.columnSpan(LINE, 0) == dock.table.columnCount()


def test_what_is_not_known_comes_last_whichever_way(opened):
    dock = opened(p_values=(0.01, 0.02, np.nan, 0.2))
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        dock.table.sortItems(P_VALUE, order)
        assert rows(dock)[-1] == "candidate 3"


def test_the_filter_holds_for_both_and_takes_the_line_with_the_last(opened):
    dock = opened()
    dock.actions_bar.least_stability.setValue(50)
    assert rows(dock) == ["driver 1", NOT_BEYOND, "candidate 4"]
    dock.actions_bar.least_stability.setValue(80)
    assert rows(dock) == ["driver 1"]
    assert rows(dock, STABILITY) == ["90 %"]


def test_keys_go_through_the_list_as_it_stands(viewer, opened, paint):
    dock = opened()
    inspecting = get_session(viewer).inspecting
    paint()
    visited = []
    for _ in range(6):
        inspecting.select_next(1)
        visited.append(inspecting.name_of(*inspecting.selection.key))
    assert visited == ["driver 1", "driver 2", "region 1", "candidate 3", "candidate 4", "driver 1"]
    assert [name for name in rows(dock) if name != NOT_BEYOND] == visited[:-1]


@pytest.fixture
def paint(viewer, until_inspected):
    def paint_():
        session = get_session(viewer)
        image = np.zeros(SHAPE, np.int32)
        image[14:18, 14:18] = 1
        session.painting.new_layer(image)
        until_inspected(session.inspecting)

    return paint_


def test_on_the_movie_a_candidate_is_outlined_only_while_it_is_selected(
    viewer, opened, until_inspected
):
    opened()
    session = get_session(viewer)
    outlines, numbers = (session.inspect_layers.layer(k) for k in ("drivers", "driver names"))
    assert set(np.unique(outlines.data)) == {0, 1, 2}
    session.inspecting.select("candidate", 3)
    until_inspected(session.inspecting)
    np.testing.assert_array_equal(outlines.data == 3, LABELS == 3)
    red, green, blue, opacity = outlines.colormap.map(np.array([3]))[0]
    assert red == green == blue
    assert opacity < 0.7
    assert list(numbers.features["word"]) == ["1", "2"]
    session.inspecting.select("driver", 1)
    assert set(np.unique(outlines.data)) == {0, 1, 2}


def test_an_empty_list_says_what_to_do(viewer, opened):
    dock = opened(n_drivers=0, p_values=(0.2, 0.3, 0.4, 0.5))
    verdict = get_session(viewer).run.verdict
    assert verdict.headline in dock.verdict.headline.text()
    assert verdict.advice in dock.verdict.advice.text()
    assert "Click anywhere on the field" in dock.selected.text()
