"""What a person does on the timeline: look, move the slider, mark and drag windows."""

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QColor, QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.widgets.session import get_session
from napari_sparsevar.widgets.timeline_dock import Timeline, open_timeline
from napari_sparsevar.widgets.training.choices import HOW_TO_BEGIN

pytestmark = pytest.mark.windowless

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def timeline(open_dock):
    timeline = open_dock("Timeline")
    timeline.window().resize(1200, 400)
    timeline.window().show()
    return timeline


@pytest.fixture
def windows(viewer):
    return get_session(viewer).comparing.windows


@pytest.fixture
def on_movie(qtbot, timeline, viewer, add_movie):
    add_movie(viewer)
    qtbot.wait(200)
    return timeline


@pytest.fixture
def at():
    """Return where a frame lies on the screen."""

    def place(timeline, frame):
        view = timeline.plot.view
        middle = view.viewRect().center().y()
        return timeline.plot.mapFromScene(view.mapViewToScene(QPointF(frame, middle)))

    return place


@pytest.fixture
def click(at):
    def click_(timeline, frame):
        QTest.mouseClick(timeline.plot.viewport(), LEFT, NONE, at(timeline, frame))

    return click_


@pytest.fixture
def drag(at):
    """Drag with the mouse as a person does, in steps."""

    def drag_(timeline, first, last, modifier=NONE):
        port, steps = timeline.plot.viewport(), 6
        QTest.mouseMove(port, at(timeline, first))
        QTest.qWait(30)
        QTest.mousePress(port, LEFT, modifier, at(timeline, first))
        places = [at(timeline, first + (last - first) * i / steps) for i in range(1, steps + 1)]
        for place in places:
            event = QMouseEvent(
                QEvent.Type.MouseMove,
                QPointF(place),
                QPointF(port.mapToGlobal(place)),
                Qt.MouseButton.NoButton,
                LEFT,
                modifier,
            )
            QApplication.sendEvent(port, event)
            QTest.qWait(15)
        QTest.mouseRelease(port, LEFT, modifier, places[-1])
        QTest.qWait(30)

    return drag_


def test_first_look_says_what_to_do(timeline):
    assert timeline.hint.text() == HOW_TO_BEGIN
    assert timeline.hint.isVisible()
    assert not timeline.plot.isVisible()
    assert not timeline.mark.isEnabled()


@pytest.mark.windowless(False)
def test_it_lies_across_the_bottom(viewer):
    timeline = open_timeline(viewer)
    dock = timeline.parent()
    area = viewer.window._qt_window.dockWidgetArea(dock)
    assert area == Qt.DockWidgetArea.BottomDockWidgetArea
    assert open_timeline(viewer) is timeline


@pytest.mark.windowless(False)
def test_opened_from_the_plugins_menu_it_lies_across_the_bottom_too(viewer):
    dock, widget = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Timeline")
    assert isinstance(widget, Timeline)
    area = viewer.window._qt_window.dockWidgetArea(dock)
    assert area == Qt.DockWidgetArea.BottomDockWidgetArea


@pytest.mark.windowless(False)
def test_a_place_chosen_by_the_person_is_kept(viewer):
    from napari.settings import get_settings

    places = get_settings().application.plugin_widget_positions
    places["Timeline (napari-sparsevar)"] = "left"
    dock, _ = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Timeline")
    area = viewer.window._qt_window.dockWidgetArea(dock)
    assert area == Qt.DockWidgetArea.LeftDockWidgetArea


def test_the_mean_of_the_field_is_drawn(qtbot, on_movie, movie_data):
    qtbot.waitUntil(lambda: on_movie.plot.field.xData is not None, timeout=5000)
    qtbot.waitUntil(lambda: len(on_movie.plot.field.xData) == 60, timeout=5000)
    np.testing.assert_allclose(on_movie.plot.field.yData, movie_data.mean((1, 2)), rtol=1e-5)
    assert "mean of the field" in on_movie.about.text()


def test_regions_are_drawn_in_their_colours(qtbot, viewer, on_movie):
    labels = np.zeros((16, 20), int)
    labels[2:5, 2:5], labels[8:12, 8:12] = 1, 5
    layer = viewer.add_labels(labels, name="cells")
    curves = on_movie.plot._regions
    qtbot.waitUntil(lambda: len(curves) == 2 and len(curves[1].xData) == 60, timeout=5000)
    shown = curves[1].opts["pen"].color()
    np.testing.assert_allclose(shown.getRgb()[:3], 255 * layer.get_color(5)[:3], atol=1)
    assert "“cells”" in on_movie.about.text()
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: not on_movie.plot._regions, timeout=5000)
    assert not on_movie.plot.right.isVisible()


def test_long_movies_are_thinned_to_what_the_screen_can_show(qtbot, viewer, timeline):
    viewer.add_image(np.zeros((100_000, 2, 2), np.uint8), contrast_limits=(0, 1))
    qtbot.waitUntil(
        lambda: timeline.plot.field.xData is not None and len(timeline.plot.field.xData) == 100_000,
        timeout=20_000,
    )
    drawn, _ = timeline.plot.field.getData()
    assert len(drawn) < 20_000


def test_the_axis_speaks_in_seconds_only_if_the_rate_is_known(viewer, timeline, add_movie):
    layer = add_movie(viewer)
    assert timeline.plot.bottom.labelText == "time (s)"
    assert timeline.plot.bottom.scale == pytest.approx(0.1)
    viewer.layers.remove(layer)
    add_movie(viewer, scale=(1, 1, 1), units=("pixel", "pixel", "pixel"))
    assert timeline.plot.bottom.labelText == "frame"
    assert timeline.plot.bottom.scale == 1


def test_what_is_in_sight_stays_when_only_the_frame_rate_is_another(viewer, timeline, add_movie):
    layer = add_movie(viewer)
    timeline.plot.view.setXRange(10, 30, padding=0)
    layer.scale = (0.2, 2, 2)
    assert timeline.plot.bottom.scale == pytest.approx(0.2)
    assert timeline.plot.view.viewRange()[0] == [10, 30]
    viewer.add_image(np.zeros((500, 4, 4)), contrast_limits=(0, 1))
    assert timeline.plot.view.viewRange()[0] == [0, 500]


def test_the_line_follows_the_slider_and_drives_it(viewer, on_movie, click):
    viewer.dims.set_point(0, 2.3)
    assert on_movie.plot.cursor.value() == 23
    assert on_movie.readout.text() == "frame 23 · 2.30 s"
    click(on_movie, 41)
    assert viewer.dims.point[0] == pytest.approx(4.1, abs=0.051)
    on_movie.plot.cursor.setValue(10.4)
    assert viewer.dims.point[0] == pytest.approx(1.0)
    assert on_movie.plot.cursor.value() == 10


@pytest.mark.windowless(False)
def test_dragging_the_line_moves_the_slider(viewer, on_movie, drag):
    viewer.dims.set_point(0, 2.0)
    drag(on_movie, 20, 50)
    assert viewer.dims.point[0] == pytest.approx(5.0, abs=0.11)


def test_dragging_pans_unless_windows_are_marked(on_movie, windows, drag):
    on_movie.plot.view.setXRange(20, 40, padding=0)
    drag(on_movie, 35, 30)
    assert len(windows) == 0
    assert on_movie.plot.view.viewRange()[0][0] > 21


def test_marking_makes_windows_of_whole_frames(on_movie, windows, drag):
    on_movie.mark.setChecked(True)
    drag(on_movie, 2.2, 20.3)
    drag(on_movie, 30.1, 55.0)
    first, second = windows
    assert (first.label, second.label) == ("A", "B")
    for found, wanted in zip((*first.pieces[0], *second.pieces[0]), (2, 20, 30, 55), strict=True):
        assert isinstance(found, int)
        assert abs(found - wanted) <= 1
    assert not on_movie.plot.draft.isVisible()


def test_shift_adds_a_piece_to_the_selected_window(on_movie, windows, drag):
    on_movie.mark.setChecked(True)
    drag(on_movie, 2, 10)
    drag(on_movie, 20, 30, SHIFT)
    (only,) = windows
    assert len(only.pieces) == 2


def test_a_window_reaches_no_further_than_the_movie(on_movie, windows, drag):
    on_movie.mark.setChecked(True)
    drag(on_movie, 50, 75)
    (only,) = windows
    assert only.pieces[0][1] == 60


def test_a_span_can_be_dragged_and_keeps_its_length(on_movie, windows, drag):
    windows.add([(30, 40)])
    drag(on_movie, 35, 20)
    ((start, stop),) = windows["A"].pieces
    assert stop - start == 10
    assert abs(start - 15) <= 1
    drag(on_movie, start + 5, 75)
    assert windows["A"].pieces == ((50, 60),)


def test_an_edge_can_be_dragged_across_the_other(on_movie, windows, drag):
    windows.add([(30, 40)])
    drag(on_movie, 40, 50)
    ((start, stop),) = windows["A"].pieces
    assert start == 30
    assert abs(stop - 50) <= 1
    drag(on_movie, stop, 10)
    ((start, stop),) = windows["A"].pieces
    assert stop == 30
    assert abs(start - 10) <= 1


def test_a_click_selects_a_window_and_moves_the_slider(viewer, on_movie, windows, click):
    windows.add([(5, 15)])
    windows.add([(30, 40)])
    click(on_movie, 10)
    assert windows.selected == "A"
    assert viewer.dims.point[0] == pytest.approx(1.0, abs=0.11)
    on_movie.remove.click()
    assert [window.label for window in windows] == ["B"]


def test_spans_follow_the_list(on_movie, windows):
    windows.add([(5, 15), (20, 25)], "odd {label}")
    windows.add([(30, 40)], "B")
    assert on_movie.spans.span("odd {label}", 1).getRegion() == (20, 25)
    windows.replace("B", [(31, 44)])
    assert on_movie.spans.span("B").getRegion() == (31, 44)
    windows.rename("B", "stimulus")
    assert on_movie.spans.span("stimulus").getRegion() == (31, 44)
    windows.set_all([Window("x", ((0, 5),))])
    assert list(on_movie.spans._spans) == [("x", 0)]


@pytest.mark.windowless(False)
def test_windows_survive_closing_and_opening_again(qtbot, viewer, on_movie, windows):
    windows.add([(5, 15)])
    viewer.window.remove_dock_widget(on_movie)
    qtbot.wait(50)
    windows.add([(20, 30)])
    again = open_timeline(viewer)
    assert again is not on_movie
    assert again.spans.span("A").getRegion() == (5, 15)
    assert again.spans.span("B").getRegion() == (20, 30)
    qtbot.waitUntil(
        lambda: again.plot.field.xData is not None and len(again.plot.field.xData) == 60,
        timeout=5000,
    )


def test_the_stretch_in_sight_is_where_a_new_window_goes(on_movie, windows):
    on_movie.plot.view.setXRange(10, 30, padding=0)
    assert windows.seen == (10, 30)
    on_movie.whole.click()
    assert windows.seen == (0, 60)


@pytest.mark.windowless(False)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_follow_the_theme(viewer, on_movie, windows, theme):
    from napari.utils.theme import get_theme

    windows.add([(5, 15)])
    viewer.theme = "light" if theme == "dark" else "dark"
    viewer.theme = theme
    wanted = QColor(get_theme(theme).background.as_hex(format="long"))
    assert on_movie.plot.backgroundBrush().color() == wanted
    text = get_theme(theme).text.as_hex(format="long")
    assert on_movie.spans.span("A")._name.color == QColor(text)


def test_bad_frames_are_marked_with_the_mouse_and_taken_back(on_movie, viewer, drag, windows):
    painted = get_session(viewer).painted
    windows.add([(0, 60)])  # a window in the way is not dragged
    QTest.mouseClick(on_movie.tools.paint, LEFT)
    drag(on_movie, 20, 30)
    assert np.flatnonzero(painted.bad).tolist() == list(range(20, 30))
    drag(on_movie, 24, 26, SHIFT)
    assert painted.bad.sum() == 8
    assert windows["A"].pieces == ((0, 60),)
    assert on_movie.plot.lanes.names == ("bad frames",)
    assert on_movie.plot.painted.frames.tolist() == np.flatnonzero(painted.bad).tolist()
    QTest.mouseClick(on_movie.tools.undo, LEFT)
    assert painted.bad.sum() == 10
    QTest.mouseClick(on_movie.tools.paint, LEFT)
    assert "orange: 10 marked bad" in on_movie.about.text()
    drag(on_movie, 30, 40)  # no longer
    assert painted.bad.sum() == 10


def test_marking_windows_and_bad_frames_exclude_each_other(on_movie):
    on_movie.tools.paint.click()
    on_movie.mark.click()
    assert not on_movie.tools.paint.isChecked()
    on_movie.tools.paint.click()
    assert not on_movie.mark.isChecked()
    assert not on_movie.tools.undo.isHidden()
    assert "mark bad frames" in on_movie.about.text()


def test_what_is_opened_beside_is_drawn_until_the_movie_is_another(
    qtbot, on_movie, viewer, add_movie, tmp_path
):
    (tmp_path / "trials.csv").write_text("start,stop\n0,20\n20,45\n")
    on_movie.tools.open(tmp_path / "trials.csv")
    qtbot.waitUntil(lambda: on_movie.plot.lanes.names == ("trials",), timeout=10_000)
    get_session(viewer).movie_layer = add_movie(viewer)
    assert not on_movie.plot.lanes.names


def test_a_trial_that_reaches_beyond_the_movie_is_announced(qtbot, on_movie, tmp_path, monkeypatch):
    notices: list[str] = []
    monkeypatch.setattr("napari_sparsevar.widgets.timeline.beside.show_warning", notices.append)
    (tmp_path / "trials.csv").write_text("start,stop\n0,20\n20,99999\n")
    on_movie.tools.open(tmp_path / "trials.csv")
    qtbot.waitUntil(lambda: on_movie.plot.lanes.names == ("trials",), timeout=10_000)
    assert any("1 of 2 trials reach beyond" in notice for notice in notices)
