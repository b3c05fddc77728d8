"""Before training: the anatomy in one click, the size of a cell as a circle."""

import numpy as np
import pytest
from napari.layers import Shapes
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def layer(viewer, add_movie):
    return add_movie(viewer)


@pytest.fixture
def guessed(monkeypatch):
    """Cells of 6 pixels are seen in every movie."""
    monkeypatch.setattr(
        "napari_sparsevar.movie.inspection.cell_size.guess_cell_diameter", lambda *_: 6.0
    )


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def images(viewer, dock, qtbot):
    click(qtbot, dock.look.anatomy)
    anatomy = get_session(viewer).anatomy
    qtbot.waitUntil(lambda: not anatomy.busy, timeout=10_000)
    return {each.name: each for each in viewer.layers if "kind" in str(each.metadata)}


def test_one_click_lays_four_images_on_the_movie(viewer, layer, dock, qtbot, movie_data):
    found = images(viewer, dock, qtbot)
    names = ["correlation (movie)", "standard deviation (movie)", "maximum (movie)", "mean (movie)"]
    assert [each.name for each in viewer.layers] == ["movie", *names]
    assert [name for name in names if found[name].visible] == ["mean (movie)"]
    np.testing.assert_allclose(found["mean (movie)"].data, movie_data.mean(axis=0), rtol=1e-4)
    np.testing.assert_array_equal(found["maximum (movie)"].data, movie_data.max(axis=0))
    np.testing.assert_allclose(
        found["standard deviation (movie)"].data, movie_data.std(axis=0), rtol=1e-3
    )
    for each in found.values():
        assert tuple(each.scale) == (2.0, 2.0)
        assert tuple(each.translate) == (10.0, 30.0)
        assert [str(unit) for unit in each.units] == ["micrometer", "micrometer"]
    assert viewer.layers.selection.active is layer


def test_made_again_they_are_no_others(viewer, layer, dock, qtbot):
    first = images(viewer, dock, qtbot)
    viewer.layers.remove(first["maximum (movie)"])
    again = images(viewer, dock, qtbot)
    assert set(again) == set(first)
    assert again["mean (movie)"] is first["mean (movie)"]


def test_the_movie_goes_while_it_is_read(viewer, layer, dock, qtbot):
    click(qtbot, dock.look.anatomy)
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: not get_session(viewer).anatomy.busy, timeout=10_000)
    assert not viewer.layers
    assert not dock.look.anatomy.isEnabled()


@pytest.fixture
def cell(guessed, viewer, layer, dock, qtbot):
    """The field of the cell diameter, once the guess is in it."""
    field = dock.form.field("model", "cell_diameter")
    qtbot.waitUntil(lambda: field.native.text() != "auto", timeout=10_000)
    return field


def circle(viewer):
    [found] = [each for each in viewer.layers if isinstance(each, Shapes)]
    return found


def size_of(shapes):
    return np.ptp(shapes.data[0], axis=0)


def test_the_guess_stands_in_the_field(cell):
    assert cell.native.text() == "auto: 12.0 µm"
    assert cell.value == "auto"


def test_the_circle_is_dragged_to_the_size_of_a_cell(viewer, dock, cell, qtbot):
    click(qtbot, dock.look.show_cell)
    shapes = circle(viewer)
    np.testing.assert_allclose(size_of(shapes), 6.0)
    shapes.data = [np.array([[2.0, 2], [2, 12], [12, 12], [12, 2]])]
    assert cell.value == 20.0
    assert dock.preset.value == "custom"
    cell.native.setValue(8.0)
    np.testing.assert_allclose(size_of(shapes), 4.0)
    np.testing.assert_allclose(np.mean(shapes.data[0], axis=0), 7.0)


@pytest.mark.windowless(False)
def test_a_corner_is_pulled_with_the_mouse(viewer, dock, cell, qtbot):
    viewer.window.show()
    viewer.reset_view()
    click(qtbot, dock.look.show_cell)
    shapes = circle(viewer)
    box = shapes.data[0].copy()
    corner, away = box[2], box[2] + (box[2] - box.mean(axis=0))
    drag(viewer, shapes, corner, away)
    np.testing.assert_allclose(size_of(shapes), 9.0, atol=1.0)
    assert cell.value == pytest.approx(2 * size_of(shapes).mean(), abs=0.06)


def drag(viewer, layer, start, stop):
    """Drag in the canvas from one place of a layer to another."""
    canvas, camera = viewer.window._qt_viewer.canvas.native, viewer.scene.camera
    middle = np.array([canvas.height(), canvas.width()]) / 2

    def point(place):
        away = np.asarray(layer.data_to_world(place)) - camera.center[-2:]
        y, x = middle + away * camera.zoom
        return QPoint(round(x), round(y))

    QTest.mouseMove(canvas, point(start))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=point(start))
    for share in (0.3, 0.6, 1.0):
        QTest.mouseMove(canvas, point(start + share * (stop - start)))
        QTest.qWait(30)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=point(stop))


def test_the_circle_may_be_deleted(viewer, dock, cell, qtbot):
    click(qtbot, dock.look.show_cell)
    viewer.layers.remove(circle(viewer))
    assert not dock.look.show_cell.isChecked()
    cell.native.setValue(8.0)
    click(qtbot, dock.look.show_cell)
    np.testing.assert_allclose(size_of(circle(viewer)), 4.0)
    click(qtbot, dock.look.show_cell)
    assert not [each for each in viewer.layers if isinstance(each, Shapes)]


def test_nothing_is_guessed_without_a_movie(dock):
    assert not dock.look.show_cell.isEnabled()
    assert dock.form.field("model", "cell_diameter").native.text() == "auto"
