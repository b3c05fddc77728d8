"""The inspected place and the drivers on the timeline: what is drawn, said, clicked, left out."""

import time

import numpy as np
import pytest
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor
from qtpy.QtTest import QTest

from napari_sparsevar.cells.covariates.reading import covariates_of
from napari_sparsevar.cells.covariates.samples import Frames
from napari_sparsevar.widgets.timeline_dock import open_timeline

pytestmark = pytest.mark.windowless

LABELS = np.zeros((16, 20), np.int32)
LABELS[1:5, 2:6], LABELS[8:12, 3:7], LABELS[9:13, 13:18] = 1, 2, 3


@pytest.fixture
def run(tmp_path):
    """A run in which something happens once."""
    from made_comparisons import made_folder
    from made_runs import made_full_run

    made = made_full_run(made_folder(tmp_path / "a-run"), (16, 20), 60, labels=LABELS)
    made.results.latents[30] += 10
    return made


@pytest.fixture
def session(qtbot, viewer, add_movie, run, open_run):
    add_movie(viewer)
    session = open_run(viewer, run)
    qtbot.waitUntil(lambda: session.inspecting.read_out is not None, timeout=10_000)
    return session


@pytest.fixture
def timeline(qtbot, session, open_dock):
    timeline = open_dock("Timeline")
    timeline.window().resize(1200, 500)
    timeline.window().show()
    qtbot.waitUntil(lambda: timeline.plot.raster.n_rows == 3, timeout=10_000)
    return timeline


@pytest.fixture
def select(qtbot, session, timeline):
    """Select a driver and wait until it is drawn."""

    def select_(label):
        session.inspecting.select("driver", label)
        inspected = session.inspected
        qtbot.waitUntil(
            lambda: (
                inspected.movie.known == 60
                and not inspected.movie.busy
                and inspected.events.size > 0
            ),
            timeout=10_000,
        )
        timeline._redraw_soon.flush()

    return select_


def test_frames_that_are_left_out_are_grey(timeline, session, run):
    assert not timeline.plot.left_out.frames.size
    assert "left out" not in timeline.about.text()
    run.results.good[[7, 8, 30]] = False
    session.run_changed.emit(run)
    assert timeline.plot.left_out.frames.tolist() == [7, 8, 30]
    assert list(timeline.plot.left_out.bars.xvals) == [7, 8, 30]
    assert "grey: 3 frames left out" in timeline.about.text()
    timeline.plot.view.setXRange(20, 50, padding=0)
    assert list(timeline.plot.left_out.bars.xvals) == [30]


def test_covariates_of_the_run_lie_in_lanes(timeline, session, run):
    n_frames = len(run.results.good)
    speed, lick = np.linspace(0, 30, n_frames), np.zeros(n_frames)
    lick[[5, 50]] = 1
    frames = Frames(n_frames, 15.0)
    beside = covariates_of({"speed (cm/s)": speed, "lick": lick}, frames)
    object.__setattr__(run.results.activity, "covariates", beside)
    session.run_changed.emit(run)
    lanes = timeline.plot.lanes
    assert lanes.names == ("speed (cm/s)", "lick")
    curve, ticks = lanes._items
    low, high = np.nanmin(curve.yData), np.nanmax(curve.yData)
    assert 0 <= low < high <= ticks.yData.min() < ticks.yData.max() <= 2  # one below the other
    assert ticks.xData[::2].tolist() == [5.5, 50.5]
    assert timeline.tools.known.events["lick"].tolist() == [5, 50]
    object.__setattr__(run.results.activity, "covariates", None)
    session.run_changed.emit(run)
    assert not lanes.names
    assert not lanes._items


def drawn(timeline):
    lines = timeline.plot.inspected.lines
    return {name for name, line in lines.items() if line.xData is not None and len(line.xData)}


def test_movie_own_past_and_what_others_add_are_drawn_first(timeline, session, select):
    assert not timeline.switches.isVisible()
    select(2)
    assert drawn(timeline) == {"movie", "own", "others"}
    line = timeline.plot.inspected.lines["movie"]
    np.testing.assert_allclose(line.yData, session.inspected.traces()["movie"])
    assert timeline.plot.right.isVisible()
    assert timeline.about.text() == "“driver 2” in ΔF/F"
    assert timeline.switches.isVisible()


@pytest.mark.windowless(False)
def test_each_trace_has_a_switch_that_is_kept(qtbot, viewer, timeline, session, select):
    select(1)
    timeline.switches.boxes["residual"].click()
    timeline.switches.boxes["movie"].click()
    qtbot.waitUntil(lambda: drawn(timeline) == {"own", "others", "residual"}, timeout=5000)
    viewer.window.remove_dock_widget(timeline)
    again = open_timeline(viewer)
    qtbot.waitUntil(lambda: drawn(again) == {"own", "others", "residual"}, timeout=10_000)
    assert again.switches.boxes["residual"].isChecked()
    assert not again.switches.boxes["movie"].isChecked()


def test_all_of_it_goes_with_the_selection(qtbot, timeline, session, select):
    select(1)
    session.inspecting.clear()
    qtbot.waitUntil(lambda: not drawn(timeline), timeout=5000)
    assert not timeline.plot.right.isVisible()
    assert not timeline.switches.isVisible()
    assert "mean of the field" in timeline.about.text()


def test_painted_regions_come_back_when_nothing_is_inspected(
    qtbot, viewer, timeline, session, select
):
    labels = np.zeros((16, 20), int)
    labels[2:5, 2:5] = 1
    viewer.add_labels(labels, name="cells")
    qtbot.waitUntil(lambda: len(timeline.plot._regions) == 1, timeout=5000)
    select(3)
    qtbot.waitUntil(lambda: not timeline.plot._regions, timeout=5000)
    session.inspecting.clear()
    qtbot.waitUntil(lambda: len(timeline.plot._regions) == 1, timeout=5000)


def test_events_of_the_selection_are_marked_where_they_are_in_sight(timeline, session, select):
    select(1)
    assert timeline.plot.inspected.ticks.xvals == session.inspected.events.tolist() == [30]
    timeline.plot.view.setXRange(0, 20, padding=0)
    assert timeline.plot.inspected.ticks.xvals == []


def test_a_click_on_a_row_selects_that_driver(qtbot, timeline, session):
    plot = timeline.plot
    qtbot.waitUntil(lambda: plot.raster.view.height() > 10, timeout=5000)
    for row, label in ((2, 3), (0, 1)):
        scene = plot.raster.view.mapViewToScene(QPointF(20, row + 0.5))
        place = plot.mapFromScene(scene)
        QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert session.inspecting.selection.key == ("driver", label)
        assert [edge.value() for edge in plot.raster.edges] == [row, row + 1]
        assert plot.raster.edges[0].isVisible()


def test_rows_are_pooled_over_what_is_in_sight(qtbot, timeline, session):
    raster, pyramid = timeline.plot.raster, session.inspected.raster.pyramid
    qtbot.waitUntil(lambda: raster.image.image is not None, timeout=5000)
    np.testing.assert_array_equal(raster.image.image, pyramid.levels[0])
    timeline.plot.view.setXRange(20, 30, padding=0)
    assert raster.view.viewRange()[0] == pytest.approx([20, 30], abs=0.5)
    raster.image.setImage(np.zeros((3, 5)))
    raster._drawn = None
    qtbot.waitUntil(lambda: raster.image.image.shape[1] >= 10, timeout=5000)


def test_rows_say_who_they_are(qtbot, timeline, session):
    qtbot.waitUntil(lambda: len(timeline.plot.raster._ticks) == 3, timeout=5000)
    assert [text for _, text in timeline.plot.raster._ticks] == ["1", "2", "3"]
    session.inspecting.annotate("driver", 1, name="a pacemaker cell")
    qtbot.waitUntil(lambda: "a pacemak…" in timeline.plot.raster._ticks[0][1], timeout=5000)


@pytest.mark.windowless(False)
def test_there_is_no_raster_without_drivers(qtbot, viewer, timeline, session):
    for label in (1, 2, 3):
        session.inspecting.annotate("driver", label, hidden=True)
    qtbot.waitUntil(lambda: not timeline.plot.raster.view.isVisible(), timeout=5000)
    assert timeline.plot.raster.height == 0
    assert timeline.plot.sizeHint().height() == 165


@pytest.mark.windowless(False)
def test_nothing_is_drawn_while_nobody_can_see_it(qtbot, viewer, timeline, session, monkeypatch):
    calls = []
    dock = timeline.parent()
    dock.hide()
    for name in ("set_field", "set_inspected", "set_raster"):
        monkeypatch.setattr(timeline.plot, name, lambda *_, name=name: calls.append(name))
    pooled = timeline.plot.raster._drawn
    session.inspecting.select("driver", 2)
    qtbot.waitUntil(
        lambda: session.inspected.movie.known == 60 and not session.inspected._asking_place.busy,
        timeout=10_000,
    )
    timeline.plot.view.setXRange(0, 10, padding=0)
    viewer.dims.set_point(0, 1.0)
    qtbot.wait(300)
    assert calls == []
    assert timeline.plot.raster._drawn == pooled
    monkeypatch.undo()
    dock.show()
    qtbot.waitUntil(lambda: drawn(timeline) == {"movie", "own", "others"}, timeout=5000)
    assert timeline.plot.cursor.value() == 10
    assert timeline.plot.raster.edges[0].value() == 1


def test_it_is_drawn_ten_times_a_second_at_most(qtbot, timeline, session, monkeypatch):
    calls = []
    monkeypatch.setattr(timeline.plot, "set_inspected", lambda *_: calls.append(1))
    start = time.monotonic()
    for _ in range(50):
        session.inspected.changed.emit()
        qtbot.wait(10)
    assert 1 <= len(calls) <= 10 * (time.monotonic() - start) + 4


@pytest.mark.windowless(False)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_curves_and_their_legend_have_the_same_colours(viewer, timeline, select, theme):
    select(1)
    viewer.theme = "light" if theme == "dark" else "dark"
    viewer.theme = theme
    for name, box in timeline.switches.boxes.items():
        colour = timeline.plot.inspected.lines[name].opts["pen"].color()
        assert colour.name().upper() in box.styleSheet()
    wanted = QColor("#0072B2" if theme == "light" else "#56B4E9")
    assert timeline.plot.inspected.lines["movie"].opts["pen"].color() == wanted


@pytest.mark.windowless(False)
def test_no_word_is_cut_in_a_narrow_window(qtbot, viewer, timeline, session, select):
    select(1)
    for box in timeline.switches.boxes.values():
        box.setChecked(True)
    viewer.dims.set_point(0, 5.9)
    dock = timeline.parent()
    dock.setFloating(True)
    dock.resize(900, 250)
    qtbot.wait(150)
    assert timeline.width() <= 900
    widgets = [*timeline.switches.boxes.values(), timeline.readout, timeline.mark, timeline.whole]
    for widget in widgets:
        assert widget.width() >= widget.sizeHint().width(), widget.text()
    timeline.mark.setChecked(True)
    timeline._on_marking(2, 40)
    qtbot.wait(50)
    assert not timeline.switches.isVisible()
    assert timeline.readout.width() >= timeline.readout.sizeHint().width()
    timeline.mark.setChecked(False)
    assert timeline.switches.isVisible()


def test_a_movie_that_has_gone_is_asked_for(viewer, timeline, session, select):
    select(1)
    viewer.layers.remove("movie")
    assert timeline.hint.isVisible()
    assert "open it to see its activity over time" in timeline.hint.text()
    assert not timeline.switches.isVisible()
