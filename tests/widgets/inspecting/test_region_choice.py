"""Which layer the regions are on, and that names stay with the pixels they were given to."""

import numpy as np
import pytest
import widget_fakes
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

import napari_sparsevar as sv
from napari_sparsevar.cells.cells import footprints_of_labels
from napari_sparsevar.run.annotations import read_regions, write_regions
from napari_sparsevar.widgets.inspecting.driver_table import NAME
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless

SHAPE = (33, 34)


@pytest.fixture
def dock(open_dock, inspected):
    return open_dock("Drivers")


@pytest.fixture
def cells():
    """A label image of thirty cells."""
    image = np.zeros(SHAPE, np.int32)
    for number in range(30):
        y, x = divmod(number, 6)
        image[6 * y + 1 : 6 * y + 4, 5 * x + 1 : 5 * x + 4] = number + 1
    return image


@pytest.fixture
def paint_spot(viewer, dock, inspected, until_inspected):
    """Press New region and paint a spot, as a person does."""

    def paint():
        QTest.mouseClick(dock.actions_bar.new_region, Qt.MouseButton.LeftButton)
        layer = viewer.layers.selection.active
        layer.brush_size = 5
        layer.paint((20, 10), layer.selected_label)
        until_inspected(inspected)
        return layer

    return paint


@pytest.fixture
def open_again(open_run, full_run, until_inspected):
    """Open the run in another viewer."""
    viewer = widget_fakes.ViewerWithoutWindow()

    def open_():
        session = open_run(viewer, full_run)
        until_inspected(session.inspecting)
        return session.inspecting

    yield open_
    viewer.close()


def cells_of(labels):
    """Return cells with these outlines, as another program would bring them."""
    footprints, _ = footprints_of_labels(labels)
    traces = np.random.default_rng(0).standard_normal((300, footprints.shape[0]))
    names = [str(number) for number in range(footprints.shape[0])]
    return sv.Cells(names, footprints, SHAPE, traces={"raw": traces.astype(np.float32)})


def choose(dock, name):
    box = dock.actions_bar.regions.box.native
    QTest.qWait(QApplication.keyboardInputInterval() + 50)  # letters typed before are forgotten
    QTest.keyClicks(box, name)
    assert box.currentText() == name


def listed(dock):
    return [dock.table.item(row, NAME).text() for row in range(dock.table.rowCount())]


def rename(dock, label, name):
    dock.table.item(dock.table.row_of("region", label), NAME).setText(name)


def kept(run):
    """What the run holds: pixels by name, of the labels that have one."""
    found = read_regions(run.path, SHAPE)
    if found is None:
        return {}
    named = {note.name: label for label, note in found.notes.items()}
    return {name: int((found.image == label).sum()) for name, label in named.items()}


def test_a_layer_that_is_added_or_selected_does_not_become_the_regions(
    viewer, dock, paint_spot, cells, inspected, until_inspected
):
    spot = paint_spot()
    added = viewer.add_labels(cells, name="cells")
    until_inspected(inspected)
    viewer.layers.selection.active = added
    until_inspected(inspected)
    assert inspected.regions.layer is spot
    box = dock.actions_bar.regions.box.native
    assert box.currentText() == "regions"
    assert [box.itemText(index) for index in range(box.count())] == [
        "regions",
        "cells",
        "new layer …",
    ]
    assert listed(dock) == ["driver 1", "driver 2", "region 1"]


def test_cells_that_were_brought_are_no_regions(viewer, dock, cells, inspected, until_inspected):
    get_session(viewer).cells.take(cells_of(cells))
    until_inspected(inspected)
    assert "cells" in [layer.name for layer in viewer.layers]
    assert inspected.regions.layer is None
    assert listed(dock) == ["driver 1", "driver 2"]
    assert get_session(viewer).painting.layers() == []


def test_what_is_named_is_what_is_kept_and_comes_back(
    qtbot, viewer, dock, paint_spot, cells, inspected, until_inspected, full_run, open_again
):
    paint_spot()
    viewer.add_labels(cells, name="cells")
    choose(dock, "cells")
    until_inspected(inspected)
    assert len(listed(dock)) == 2 + 30
    rename(dock, 1, "Ann")
    rename(dock, 30, "Zoe")
    qtbot.waitUntil(lambda: kept(full_run) == {"Ann": 9, "Zoe": 9}, timeout=20_000)
    again = open_again()
    np.testing.assert_array_equal(again.regions.layer.data, cells)
    assert (again.name_of("region", 1), again.name_of("region", 30)) == ("Ann", "Zoe")
    assert again.name_of("region", 2) == "region 2"


def test_each_layer_keeps_its_own_names(
    qtbot, viewer, dock, paint_spot, cells, inspected, until_inspected, full_run
):
    spot = paint_spot()
    n_pixels = int((spot.data == 1).sum())
    rename(dock, 1, "spot")
    viewer.add_labels(cells, name="cells")
    choose(dock, "cells")
    until_inspected(inspected)
    assert "spot" not in listed(dock)
    assert inspected.selection is None
    rename(dock, 1, "Ann")
    qtbot.waitUntil(lambda: kept(full_run) == {"Ann": 9}, timeout=20_000)
    choose(dock, "regions")
    until_inspected(inspected)
    assert listed(dock) == ["driver 1", "driver 2", "spot"]
    # What is chosen is what is kept, without another stroke.
    qtbot.waitUntil(lambda: kept(full_run) == {"spot": n_pixels}, timeout=20_000)


def test_names_do_not_pass_from_one_layer_to_the_next_for_a_moment(
    viewer, dock, paint_spot, cells, inspected
):
    paint_spot()
    rename(dock, 1, "spot")
    viewer.add_labels(cells, name="cells")
    choose(dock, "cells")
    # Before anything is answered.
    assert listed(dock) == ["driver 1", "driver 2"]


def test_a_new_layer_begins_empty_and_without_names(
    qtbot, viewer, dock, paint_spot, inspected, until_inspected, full_run
):
    first = paint_spot()
    rename(dock, 1, "spot")
    qtbot.waitUntil(lambda: "spot" in kept(full_run), timeout=20_000)
    box = dock.actions_bar.regions.box.native
    QTest.keyClick(box, Qt.Key.Key_End)
    second = viewer.layers.selection.active
    assert second is inspected.regions.layer is not first
    assert (second.mode, int(second.data.max())) == ("paint", 0)
    # Nothing has been painted: the run holds what it held.
    qtbot.wait(50)
    assert "spot" in kept(full_run)
    second.paint((5, 5), second.selected_label)
    until_inspected(inspected)
    assert listed(dock) == ["driver 1", "driver 2", "region 1"]
    qtbot.waitUntil(lambda: kept(full_run) == {}, timeout=20_000)


def test_the_regions_of_a_run_come_back_beside_other_labels(
    viewer, add_full_movie, open_run, full_run, cells, until_inspected
):
    from napari_sparsevar.run.annotations import RegionNote

    spot = np.zeros(SHAPE, np.int32)
    spot[3:6, 3:6] = 1
    write_regions(full_run.path, spot, 2.0, {1: RegionNote(name="spot")})
    add_full_movie(viewer)
    viewer.add_labels(cells, name="cells")
    inspecting = open_run(viewer, full_run).inspecting
    until_inspected(inspecting)
    np.testing.assert_array_equal(inspecting.regions.layer.data, spot)
    assert inspecting.name_of("region", 1) == "spot"
    assert len(inspecting.places()) == 2 + 1


def test_what_was_painted_before_the_run_is_kept_with_it(
    qtbot, viewer, add_full_movie, open_run, full_run, until_inspected
):
    add_full_movie(viewer)
    session = get_session(viewer)
    session.painting.new_region()
    session.inspecting.regions.layer.data_setitem((np.array([4]), np.array([5])), 1)
    open_run(viewer, full_run)
    until_inspected(session.inspecting)
    qtbot.waitUntil(lambda: read_regions(full_run.path, SHAPE) is not None, timeout=20_000)
    assert read_regions(full_run.path, SHAPE).image[4, 5] == 1


@pytest.mark.windowless(False)
def test_undo_and_redo_are_followed_by_map_table_and_file(
    qtbot, viewer, dock, paint_spot, inspected, until_inspected, full_run
):
    layer = paint_spot()
    first = inspected.answer.influence["outgoing"].image.copy()
    layer.paint((28, 28), 1)
    until_inspected(inspected)
    second = inspected.answer.influence["outgoing"].image.copy()
    assert not np.array_equal(first, second)
    n_pixels = int(layer.data.astype(bool).sum())
    canvas = viewer.window._qt_viewer.canvas.native

    def undo(modifiers=Qt.KeyboardModifier.ControlModifier):
        QTest.keyClick(canvas, Qt.Key.Key_Z, modifiers)
        until_inspected(inspected)

    def kept_pixels():
        found = read_regions(full_run.path, SHAPE)
        return None if found is None else int((found.image > 0).sum())

    qtbot.waitUntil(lambda: kept_pixels() == n_pixels, timeout=20_000)
    undo()
    np.testing.assert_array_equal(inspected.answer.influence["outgoing"].image, first)
    qtbot.waitUntil(lambda: kept_pixels() < n_pixels, timeout=20_000)
    undo()
    assert listed(dock) == ["driver 1", "driver 2"]
    assert inspected.selection is None
    qtbot.waitUntil(lambda: kept_pixels() == 0, timeout=20_000)
    for _ in range(2):
        undo(Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert listed(dock) == ["driver 1", "driver 2", "region 1"]
    qtbot.waitUntil(lambda: kept_pixels() == n_pixels, timeout=20_000)


def test_labels_with_frames_are_said_to_be_none_and_can_be_taken(
    viewer, dock, inspected, until_inspected, monkeypatch
):
    told = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", told.append)
    viewer.layers.selection.active = viewer.layers["movie"]
    viewer._new_labels()
    framed = viewer.layers.selection.active
    viewer.dims.set_current_step(0, 7)
    framed.mode, framed.brush_size = "paint", 6
    framed.paint((7, 20, 10), 1)
    framed.paint((8, 5, 5), 1)
    choice = dock.actions_bar.regions
    assert choice.take.isVisibleTo(dock)
    assert "has frames, and a region layer is flat" in choice.about.text()
    viewer.dims.set_current_step(0, 3)
    QTest.mouseClick(choice.take, Qt.MouseButton.LeftButton)
    assert len(told) == 1
    assert "Nothing is painted on the frame shown" in told[0]
    assert inspected.regions.layer is None
    viewer.dims.set_current_step(0, 7)
    QTest.mouseClick(choice.take, Qt.MouseButton.LeftButton)
    until_inspected(inspected)
    np.testing.assert_array_equal(inspected.regions.layer.data, framed.data[7])
    assert inspected.selection.key == ("region", 1)
    assert not choice.take.isVisibleTo(dock)
    assert tuple(inspected.regions.layer.scale) == (2.0, 2.0)
