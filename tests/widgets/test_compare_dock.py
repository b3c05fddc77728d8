"""What a person does with the Compare dock, from the first look to the answer."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget

from napari_sparsevar.widgets.compare_dock import NO_WINDOWS, CompareDock
from napari_sparsevar.widgets.comparing.windows_table import LABEL, LENGTH, START, STOP
from napari_sparsevar.widgets.layers.overlays import MAPS, kind_of
from napari_sparsevar.widgets.parts.dock import NO_RUN
from napari_sparsevar.widgets.session import get_session
from napari_sparsevar.widgets.timeline_dock import Timeline, open_timeline

pytestmark = pytest.mark.windowless


@pytest.fixture
def shown(monkeypatch):
    """What the person was notified of."""
    shown = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", shown.append)
    return shown


@pytest.fixture
def compare(open_dock):
    return open_dock("Compare")


@pytest.fixture
def windows(viewer):
    return get_session(viewer).comparing.windows


@pytest.fixture
def ready(viewer, compare, add_movie, run, open_run, fake_compare, windows):
    """A dock with a movie, a run and two windows."""
    add_movie(viewer)
    open_run(viewer, run)
    windows.add([(0, 20)])
    windows.add([(30, 50)])
    return compare


def texts(compare, row):
    table = compare.windows.table
    return [table.item(row, column).text() for column in range(table.columnCount())]


def type_(compare, row, column, text):
    compare.windows.table.item(row, column).setText(text)


def test_first_look_says_what_is_missing(viewer, compare, add_movie, run, open_run, windows):
    assert compare.panel.sentence.text() == NO_RUN
    assert not compare.panel.begin_button.isEnabled()
    assert not compare.windows.add.isEnabled()
    assert compare.result.isHidden()
    add_movie(viewer)
    open_run(viewer, run)
    assert compare.panel.sentence.text() == NO_WINDOWS
    compare.windows.add.click()
    compare.windows.add.click()
    assert compare.panel.begin_button.isEnabled()
    assert compare.panel.sentence.text() == ""


@pytest.mark.windowless(False)
def test_it_is_a_tab_beside_the_train_dock(qtbot, viewer, dock, compare):
    qtbot.wait(50)
    window = viewer.window._qt_window
    beside = window.tabifiedDockWidgets(compare.parent())
    assert [other.widget() for other in beside if isinstance(other, QDockWidget)] == [dock]
    # Four tabs fit beside each other: their titles are not cut.
    assert [place.parent().windowTitle() for place in (dock, compare)] == ["Train", "Compare"]


@pytest.mark.windowless(False)
def test_the_timeline_can_be_opened_from_here(qtbot, viewer, compare):
    assert not compare.timeline.isHidden()
    compare.timeline.click()
    (timeline,) = [w for w in viewer.window.dock_widgets.values() if isinstance(w, Timeline)]
    area = viewer.window._qt_window.dockWidgetArea(timeline.parent())
    assert area == Qt.DockWidgetArea.BottomDockWidgetArea
    assert compare.timeline.isHidden()
    viewer.window.remove_dock_widget(timeline)
    assert not compare.timeline.isHidden()


@pytest.mark.windowless(False)
def test_two_docks_show_the_same_windows(qtbot, viewer, ready, windows):
    timeline = open_timeline(viewer)
    timeline.spans.span("A").moved.emit(3, 25)
    assert texts(ready, 0)[:3] == ["A", "3", "25"]
    type_(ready, 1, START, "35")
    assert timeline.spans.span("B").getRegion() == (35, 50)
    type_(ready, 1, LABEL, "stimulus")
    assert timeline.spans.span("stimulus").getRegion() == (35, 50)
    ready.windows.table.selectRow(0)
    assert windows.selected == "A"
    ready.windows.remove.click()
    assert list(timeline.spans._spans) == [("stimulus", 0)]


@pytest.mark.windowless(False)
def test_the_answer(viewer, ready, until_compared, fake_compare):
    ready.panel.begin_button.click()
    comparing = get_session(viewer).comparing
    assert comparing.state == "comparing"
    assert not ready.question.isEnabled()
    assert ready.panel.end_button.isEnabled()
    until_compared(comparing)
    assert ready.question.isEnabled()
    assert not ready.result.isHidden()
    assert ready.result.sentence.text() == "A against B, adjusted None"
    assert "variance" in ready.result.others.text()
    assert ready.result.edges.table.rowCount() == 4
    assert not ready.result.tabs.isTabVisible(ready.result.tabs.indexOf(ready.result.matrix))
    pair = comparing.pair[0]
    assert ready.result.null_plot.observed.value() == pair.dynamics.statistic
    assert sum(ready.result.null_plot.bars.yData) == len(pair.dynamics.null)
    options = fake_compare.requests[0][2]
    assert (options.draws, options.level, options.seed, options.baseline) == (1000, 0.05, 0, None)


def test_lags_are_in_milliseconds_where_the_rate_is_known(viewer, ready, until_compared, run):
    ready.panel.begin_button.click()
    until_compared(get_session(viewer).comparing)
    assert ready.result.edges.table.item(0, 2).text() in ("67 ms", "133 ms")
    ready.result.edges.show_pair(get_session(viewer).comparing.pair[0], None)
    assert ready.result.edges.table.item(0, 2).text() in ("1", "2")


def test_an_edge_that_is_clicked_is_gone_to(viewer, ready, until_compared):
    ready.panel.begin_button.click()
    until_compared(get_session(viewer).comparing)
    viewer.scene.camera.center = (0, 0, 0)
    ready.result.edges.table.selectRow(1)
    edge = get_session(viewer).comparing.pair[0].dynamics.changed().iloc[1]
    middle = [edge[f"source_{axis}"] + edge[f"target_{axis}"] for axis in ("y", "x")]
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], middle)


def test_a_place_that_is_clicked_is_gone_to(viewer, ready, fake_compare, until_compared):
    fake_compare.changed_places = 3
    ready.panel.begin_button.click()
    until_compared(get_session(viewer).comparing)
    places = get_session(viewer).comparing.pair[0].dynamics.changed_places()
    table = ready.result.places.table
    assert table.rowCount() == len(places) == 3
    place = places.iloc[1]
    assert table.item(1, 0).text() == f"{place['y']:.0f},{place['x']:.0f}"
    assert table.item(1, 1).text() == ("more" if place["balance"] > 0 else "less")
    assert f"{place['balance']:+.2f}" in table.item(1, 1).toolTip()
    assert "balance" in table.horizontalHeaderItem(1).toolTip()
    assert table.item(1, 2).text() == "0.006"
    viewer.scene.camera.center, zoom = (0, 0, 0), viewer.scene.camera.zoom
    table.selectRow(1)
    expected = [2 * place["y"], 2 * place["x"]]
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], expected)
    assert viewer.scene.camera.zoom == zoom


def test_places_come_first_where_no_single_edge_changed(
    viewer, ready, fake_compare, until_compared
):
    comparing, result = get_session(viewer).comparing, ready.result

    def compare(edges, places):
        fake_compare.changed, fake_compare.changed_places = edges, places
        ready.panel.begin_button.click()
        until_compared(comparing)

    compare(4, 3)
    assert result.tabs.currentWidget() is result.edges
    compare(0, 3)
    assert result.tabs.currentWidget() is result.places
    result.tabs.setCurrentWidget(result.edges)
    assert "Places did" in result.edges.none.text()
    result.show_sets()
    assert result.tabs.currentWidget() is result.edges
    result.tabs.setCurrentWidget(result.places)
    compare(4, 0)
    assert result.tabs.currentWidget() is result.edges
    result.tabs.setCurrentWidget(result.null_plot)
    compare(0, 3)
    assert result.tabs.currentWidget() is result.null_plot


def test_several_windows_make_a_matrix_whose_cells_choose_the_pair(
    viewer, ready, windows, until_compared
):
    windows.add([(52, 59)])
    comparing = get_session(viewer).comparing
    ready.panel.begin_button.click()
    until_compared(comparing)
    matrix = ready.result.matrix
    assert ready.result.tabs.currentWidget() is matrix
    assert matrix.item(0, 0).text() == ""
    assert matrix.item(0, 2).text() == matrix.item(2, 0).text() != ""
    matrix.cellClicked.emit(2, 1)
    assert ready.result.sentence.text().startswith("B against C")
    assert ready.result.places.table.horizontalHeaderItem(1).text() == "In C"
    assert {layer.name for layer in viewer.layers} >= {"difference C − B", "changed edges C − B"}
    matrix.cellClicked.emit(1, 1)
    assert ready.result.sentence.text().startswith("B against C")


def test_each_against_one(viewer, ready, windows, until_compared, fake_compare):
    assert len(ready.options.pairs) == 3
    windows.add([(52, 59)])
    ready.options.pairs.value = "B"
    windows.replace("C", [(52, 58)])
    ready.panel.begin_button.click()
    until_compared(get_session(viewer).comparing)
    assert fake_compare.requests[0][2].baseline == "B"
    assert ready.options.options().baseline == "B"
    windows.remove("C")
    assert ready.options.options().baseline is None
    windows.remove("B")
    assert ready.options.pairs.value is None


def test_windows_are_taken_in_seconds_too(viewer, ready, windows):
    ready.windows.unit.setCurrentText("seconds")
    assert texts(ready, 1) == ["B", "3.00", "5.00", "20"]
    type_(ready, 1, STOP, "5.5")
    assert windows["B"].pieces == ((30, 55),)
    type_(ready, 0, START, "0:1, 1.5:2")
    assert windows["A"].pieces == ((0, 10), (15, 20))
    assert texts(ready, 0) == ["A", "0.00:1.00, 1.50:2.00", "", "15 in 2"]
    assert ready.windows.table.columnSpan(0, START) == 2
    ready.windows.unit.setCurrentText("frames")
    assert texts(ready, 0)[START] == "0:10, 15:20"


def test_seconds_are_offered_only_where_the_rate_is_known(viewer, compare, add_movie):
    layer = add_movie(viewer, scale=(1, 1, 1), units=("pixel", "pixel", "pixel"))
    assert compare.windows.unit.count() == 1
    layer.scale, layer.units = (0.1, 1, 1), ("s", "um", "um")
    assert compare.windows.unit.count() == 2


@pytest.mark.parametrize(
    ("column", "text"), [(START, "x"), (STOP, "10"), (LABEL, "B"), (START, "5:3"), (STOP, "")]
)
def test_what_makes_no_sense_is_told_and_not_taken(ready, windows, shown, column, text):
    windows.replace("A", [(12, 20)])
    before = list(windows)
    type_(ready, 0, column, text)
    assert list(windows) == before
    assert texts(ready, 0)[:3] == ["A", "12", "20"]
    assert len(shown) == 1
    assert shown[0].endswith(".")


def test_the_length_cannot_be_typed(ready):
    assert not ready.windows.table.item(0, LENGTH).flags() & Qt.ItemFlag.ItemIsEditable


def test_windows_that_overlap_are_refused_before_anything_starts(
    viewer, ready, windows, shown, fake_compare
):
    windows.replace("B", [(10, 50)])
    ready.panel.begin_button.click()
    assert get_session(viewer).comparing.state == "idle"
    assert "share 10 frames" in shown[0]
    assert ready.panel.sentence.text() == shown[0]
    assert fake_compare.requests == []


def test_trials_from_a_file(ready, windows, shown, tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text("start_s,stop_s,label\n0,1,familiar\n2,3,novel\n4,5,familiar\n")
    ready.windows.read_trials(path)
    assert [str(window) for window in windows] == ["familiar (0:10,40:50)", "novel (20:30)"]
    path.write_text("a,b\n1,2\n")
    ready.windows.read_trials(path)
    assert len(shown) == 1
    assert len(windows) == 2


def test_earlier_comparisons_newest_first(viewer, ready, windows, until_compared):
    comparing = get_session(viewer).comparing
    ready.panel.begin_button.click()
    until_compared(comparing)
    windows.rename("B", "late")
    ready.panel.begin_button.click()
    until_compared(comparing)
    earlier = ready.result.earlier
    assert [earlier.itemText(i).split(" · ")[0] for i in range(2)] == ["A, late", "A, B"]
    earlier.setCurrentIndex(1)
    assert ready.result.sentence.text().startswith("A against B")
    assert "difference B − A" in viewer.layers
    ready.result.take_windows.click()
    assert [window.label for window in windows] == ["A", "B"]


def test_an_opened_run_brings_its_comparisons_but_no_layers_until_asked(
    qtbot, viewer, ready, until_compared, make_napari_viewer, run, open_run
):
    ready.panel.begin_button.click()
    until_compared(get_session(viewer).comparing)
    other = make_napari_viewer()
    session = open_run(other, run)
    dock = CompareDock(other)
    other.window.add_dock_widget(dock, name="Compare again")
    assert dock.result.sentence.text() == "A against B, adjusted None"
    assert [str(window) for window in session.comparing.windows] == ["A (0:20)", "B (30:50)"]
    assert [kind_of(layer) for layer in other.layers] == list(MAPS)
    dock.result.layers.click()
    assert "difference B − A" in other.layers


@pytest.mark.windowless(False)
def test_closed_and_opened_again_while_comparing(
    qtbot, viewer, ready, fake_compare, until_compared
):
    fake_compare.steps = 100_000
    comparing = get_session(viewer).comparing
    ready.panel.begin_button.click()
    qtbot.waitUntil(lambda: comparing.report.fraction > 0, timeout=5000)
    viewer.window.remove_dock_widget(ready)
    qtbot.wait(50)
    _, again = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Compare")
    assert again is not ready
    assert again.panel.end_button.isEnabled()
    assert not again.question.isEnabled()
    again.panel.end_button.click()
    until_compared(comparing)
    assert "Stopped" in again.panel.sentence.text()
    assert again.question.isEnabled()


def test_what_a_map_shows_without_a_difference_is_called_chance(
    viewer, ready, fake_compare, until_compared
):
    ready.panel.begin_button.click()
    until_compared(get_session(viewer).comparing)
    assert "chance" not in ready.result.others.text()
    fake_compare.adjusted = 0.3
    ready.panel.begin_button.click()
    until_compared(get_session(viewer).comparing)
    assert "may well be chance" in ready.result.others.text()
    assert ready.result.layers.isEnabled()


def test_where_nothing_changed_the_table_says_so(viewer, ready, fake_compare, until_compared):
    fake_compare.changed = 0
    ready.panel.begin_button.click()
    until_compared(get_session(viewer).comparing)
    edges = ready.result.edges
    assert edges.none.isVisibleTo(edges)
    assert "0.05" in edges.none.text()
    assert "Places" not in edges.none.text()
    places = ready.result.places
    assert places.none.isVisibleTo(places)
    assert "0.05" in places.none.text()
    assert ready.result.tabs.currentWidget() is edges
    assert not ready.result.layers.isEnabled()


@pytest.mark.windowless(False)
def test_the_null_plot_takes_the_theme(viewer, ready):
    viewer.theme = "light"
    light = ready.result.null_plot.backgroundBrush().color().lightness()
    viewer.theme = "dark"
    assert ready.result.null_plot.backgroundBrush().color().lightness() < light
