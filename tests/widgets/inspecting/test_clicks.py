"""A click on the field inspects what is there, or the place that was clicked."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_sparsevar.widgets.inspecting.layers import POINT
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def session(viewer, inspected):
    return get_session(viewer)


@pytest.fixture
def dock(open_dock, inspected):
    return open_dock("Drivers")


def world(y, x):
    """A pixel of the made movie, which has 2 µm pixels."""
    return (0.0, 2.0 * y, 2.0 * x)


@pytest.mark.windowless(False)
def test_a_click_on_the_canvas_probes_the_place(viewer, session, dock, inspected, until_inspected):
    viewer.window.show()
    viewer.reset_view()
    click_canvas(viewer, 16, 15)
    until_inspected(inspected)
    place = inspected.selection
    assert (place.kind, place.y, place.x) == ("point", 16, 15)
    assert inspected.name_of(*place.key) == "(32.0, 30.0) µm"
    assert {*inspected.answer.influence} == {"outgoing", "incoming"}
    assert session.inspect_layers.layer("influence outgoing").name == "what (32.0, 30.0) µm drives"
    outlines = session.inspect_layers.layer("drivers")
    np.testing.assert_array_equal(outlines.data == POINT, place.mask)
    assert "<b>(32.0, 30.0) µm</b>" in dock.selected.text()
    # What is dragged is the view, and no question.
    click_canvas(viewer, 10, 28, moved=20)
    assert inspected.selection.key == place.key
    click_canvas(viewer, 6, 6)
    assert inspected.selection.key == ("driver", 1)
    assert POINT not in outlines.data


def click_canvas(viewer, y, x, moved=0):
    canvas, camera = viewer.window._qt_viewer.canvas.native, viewer.scene.camera
    away = (np.array([2.0 * y, 2.0 * x]) - camera.center[-2:]) * camera.zoom
    down, right = away + np.array([canvas.height(), canvas.width()]) / 2
    at = QPoint(round(right), round(down))
    QTest.mouseMove(canvas, at)
    QTest.mousePress(canvas, LEFT, pos=at)
    if moved:
        QTest.qWait(20)
        QTest.mouseMove(canvas, at + QPoint(moved, moved))
        QTest.qWait(20)
    QTest.mouseRelease(canvas, LEFT, pos=at + QPoint(moved, moved))


def test_a_point_is_a_disc_of_about_a_cell_with_the_evidence_of_a_region(
    viewer, session, dock, inspected, until_inspected
):
    session._clicks.click(world(16, 15))
    until_inspected(inspected)
    point = inspected.selection
    rows, columns = np.nonzero(point.mask)
    assert (rows.mean(), columns.mean()) == (16, 15)
    assert 4 <= np.ptp(rows) + 1 <= 9  # latents every 4 pixels, 0.6 of a cell
    dock.actions_bar.turn.click()
    until_inspected(inspected)
    region = inspected.place("region", 1)
    assert inspected.selection.key == ("region", 1)
    np.testing.assert_array_equal(inspected.selection.mask, point.mask)
    assert (point.strength, point.p_adjusted) == (region["strength"], region["p_adjusted"]) or (
        np.isnan(point.p_adjusted) and np.isnan(region["p_adjusted"])
    )


def test_a_point_follows_the_penalty_and_ends_with_another_choice(
    session, dock, inspected, until_inspected
):
    session._clicks.click(world(16, 15))
    until_inspected(inspected)
    inspected.set_penalty(1.2 * inspected.penalty)
    until_inspected(inspected)
    assert inspected.selection.kind == "point"
    assert inspected.answer.question.penalty == inspected.penalty
    inspected.select_next(1)
    assert inspected.selection.kind != "point"


def test_beside_the_field_there_is_nothing(session, dock, inspected):
    for place in ((-1, 5), (33, 5), (5, 34)):
        session._clicks.click(world(*place))
        assert inspected.selection is None
    session._clicks.click(world(-0.4, 33.4))
    assert (inspected.selection.y, inspected.selection.x) == (0, 33)


def test_marks_of_somebody_else_are_clicked_in_peace(viewer, session, dock, inspected):
    viewer.add_points([[5.0, 5.0]], name="mine")
    session._clicks.click(world(16, 15))
    assert inspected.selection is None
    viewer.layers.selection.active = session.inspect_layers.layer("contribution")
    session._clicks.click(world(16, 15))
    assert inspected.selection is not None


@pytest.mark.windowless(False)
def test_without_the_dock_a_click_beside_all_outlines_means_nothing(
    viewer, session, dock, inspected
):
    for widget in list(viewer.window.dock_widgets.values()):  # the run has opened one by itself
        viewer.window.remove_dock_widget(widget)
    session._clicks.click(world(16, 15))
    assert inspected.selection is None
    session._clicks.click(world(6, 6))
    assert inspected.selection.key == ("driver", 1)
