"""A row takes the view along only where it has to, and points out what it is about."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_sparsevar.widgets.layers.sight import FLASH_MS, Flash


@pytest.fixture
def dock(viewer, open_dock, inspected):
    dock = open_dock("Drivers")
    viewer.window.show()
    viewer.reset_view()
    return dock


def click_row(table, row):
    where = table.visualItemRect(table.item(row, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)


def rings(viewer):
    """Return the places that are pointed out, (y, x) in the world."""
    canvas, camera = viewer.window._qt_viewer.canvas.native, viewer.scene.camera
    found = [flash for flash in canvas.findChildren(Flash) if flash.isVisible()]
    if not found:
        return []
    (flash,) = found
    middle = np.array([canvas.height(), canvas.width()]) / 2
    at = [(np.array([each.y(), each.x()]) - middle) / camera.zoom for each in flash.places]
    return [tuple(np.round(each + camera.center[-2:], 3)) for each in at]


def test_what_is_in_sight_is_pointed_out_and_the_view_stays(viewer, dock, inspected, qtbot):
    before, n_layers = tuple(viewer.scene.camera.center), len(viewer.layers)
    click_row(dock.table, 1)
    place = inspected.selection
    assert tuple(viewer.scene.camera.center) == before
    assert rings(viewer) == [(2 * place.y, 2 * place.x)]
    assert len(viewer.layers) == n_layers
    qtbot.waitUntil(lambda: not rings(viewer), timeout=FLASH_MS + 2000)
    qtbot.waitUntil(lambda: not viewer.window._qt_viewer.canvas.native.findChildren(Flash))


def test_what_is_out_of_sight_is_gone_to(viewer, dock, inspected):
    viewer.scene.camera.zoom *= 8
    viewer.scene.camera.center = (0.0, 12.0, 12.0)
    click_row(dock.table, 1)
    place = inspected.selection
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (2 * place.y, 2 * place.x))


def test_a_partner_is_pointed_out_with_the_place_it_is_of(viewer, dock, inspected, until_inspected):
    inspected.select("driver", 1)
    until_inspected(inspected)
    click_row(dock.partners.table.table, 0)
    place, partner = inspected.selection, inspected.influence.partners.iloc[0]
    expected = [(2 * partner["y"], 2 * partner["x"]), (2 * place.y, 2 * place.x)]
    np.testing.assert_allclose(rings(viewer), expected, atol=1e-2)
    # They would point elsewhere once the view has moved.
    viewer.scene.camera.zoom *= 2
    assert rings(viewer) == []
