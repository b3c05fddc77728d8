"""Source and target of the chosen edge on the timeline, and rows that keep their own names."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtTest import QTest

from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def session(viewer, inspected):
    return get_session(viewer)


@pytest.fixture
def timeline(qtbot, session, open_dock):
    timeline = open_dock("Timeline")
    timeline.window().resize(1200, 300)
    timeline.window().show()
    qtbot.waitUntil(lambda: timeline.plot.raster.n_rows == 2, timeout=10_000)
    return timeline


@pytest.fixture
def drivers(session, timeline, open_dock, until_inspected):
    """The Drivers dock, with driver 1 selected."""
    dock = open_dock("Drivers")
    dock.window().resize(420, 800)
    dock.window().show()
    session.inspecting.select("driver", 1)
    until_inspected(session.inspecting)
    return dock


@pytest.fixture
def edge(qtbot, session, drivers, timeline):
    """The edge from driver 1 to driver 2, after a click on its row."""
    table = drivers.partners.table.table
    (row,) = (r for r in range(table.rowCount()) if table.item(r, 0).text() == "driver 2")
    where = table.visualItemRect(table.item(row, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.waitUntil(lambda: session.edge.answer is not None, timeout=10_000)
    timeline._redraw_soon.flush()
    return session.edge


def drawn(timeline):
    lines = timeline.plot.inspected.lines
    return {name for name, line in lines.items() if line.xData is not None and len(line.xData)}


def test_source_and_target_lie_over_each_other(timeline, edge):
    assert drawn(timeline) == {"source", "target"}
    lines = timeline.plot.inspected.lines
    for name in ("source", "target"):
        np.testing.assert_allclose(lines[name].yData, getattr(edge.answer, name))
        np.testing.assert_array_equal(lines[name].xData, np.arange(60))
    assert timeline.plot.right.labelText == "s.d."
    assert timeline.about.text() == "activity as the model sees it · ticks: events of “driver 1”"
    assert not timeline.switches.isVisible()


@pytest.mark.parametrize(("theme", "blue"), [("light", "#0072B2"), ("dark", "#56B4E9")])
def test_the_legend_names_them_in_the_colours_of_their_curves(timeline, edge, theme, blue):
    timeline.plot.set_theme(theme)
    timeline.legend.set_theme(theme)
    words = timeline.legend.words.text()
    assert timeline.legend.isVisible()
    assert words.index("driver 1") < words.index("→") < words.index("driver 2")
    colours = [
        timeline.plot.inspected.lines[name].opts["pen"].color() for name in ("source", "target")
    ]
    assert colours[0] == QColor(blue)
    source, target = words.split("→")
    assert colours[0].name().upper() in source
    assert colours[1].name().upper() in target


def test_a_name_is_shown_as_it_was_typed(qtbot, timeline, session, edge):
    session.inspecting.annotate("driver", 2, name="<b>&co")
    qtbot.waitUntil(lambda: "&lt;b&gt;&amp;co" in timeline.legend.words.text(), timeout=5000)


def test_the_place_alone_comes_back(qtbot, timeline, session, drivers, edge):
    QTest.mouseClick(timeline.legend.close_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: drawn(timeline) == {"movie", "own", "others"}, timeout=10_000)
    assert timeline.plot.right.labelText == "ΔF/F"
    assert timeline.switches.isVisible()
    assert not timeline.legend.isVisible()
    assert drivers.partners.table.table.selected_row is None
    assert "driver 1" in timeline.about.text()


def test_another_movie_than_that_of_the_run_shows_no_edge(qtbot, viewer, timeline, edge):
    viewer.add_image(np.ones((30, 33, 34)), name="other", contrast_limits=(0, 1))
    qtbot.waitUntil(lambda: not drawn(timeline), timeout=5000)
    assert not timeline.legend.isVisible()
    assert "not the movie of the run" in timeline.about.text()


def test_what_others_add_to_a_place_is_a_curve_of_its_own(
    qtbot, timeline, session, drivers, until_inspected
):
    session.inspecting.select("driver", 2)
    until_inspected(session.inspecting)
    qtbot.waitUntil(lambda: drawn(timeline) == {"movie", "own", "others"}, timeout=10_000)
    curves = session.inspected.traces()
    np.testing.assert_allclose(curves["own"] + curves["others"], curves["prediction"])
    np.testing.assert_allclose(timeline.plot.inspected.lines["others"].yData, curves["others"])


def test_rows_of_another_penalty_are_never_named_after_the_drivers_of_this_one(
    qtbot, timeline, session, until_inspected, monkeypatch
):
    inspecting, plot = session.inspecting, timeline.plot
    inspecting.annotate("driver", 1, name="hub")
    qtbot.waitUntil(lambda: plot.raster._names == ["hub", "2"], timeout=5000)
    # The rows of the next penalty are not there for a while.
    monkeypatch.setattr(session.inspected._asking_rows, "ask", lambda question: None)
    before = session.inspected.raster
    inspecting.set_penalty(0.8 * inspecting.penalty)
    until_inspected(inspecting)
    assert not session.inspected.current_raster
    assert plot.raster._raster is before
    assert plot.raster._names == ["hub", "2"]
    # A click on a row of which nobody knows which driver it is now selects none.
    timeline._on_row(1)
    assert inspecting.selection is None
    assert not plot.raster.edges[0].isVisible()
    monkeypatch.undo()
    session.inspected._asked_raster = None
    session.inspected._look_at_drivers()
    qtbot.waitUntil(lambda: session.inspected.raster is not before, timeout=10_000)
    assert len(plot.raster._names) == plot.raster.n_rows
