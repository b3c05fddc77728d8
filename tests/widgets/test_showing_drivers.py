"""From the map to the drivers: a button after training, by itself where a run is opened."""

import json

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

import napari_sparsevar as sv
from made_fits import made_fit
from napari_sparsevar.run.store import FOUND_CELLS
from napari_sparsevar.widgets.session import get_session


def drivers_docks(viewer):
    from napari_sparsevar.widgets.drivers_dock import DriversDock

    return [each for each in viewer.window.dock_widgets.values() if isinstance(each, DriversDock)]


@pytest.fixture
def train(open_dock, viewer):
    dock = open_dock("Train")
    viewer.window.show()
    return dock


def test_a_button_leads_from_the_map_to_the_drivers(
    viewer, train, fake_train, add_movie, until_idle, qtbot
):
    assert train.panel.drivers_button.isHidden()
    add_movie(viewer)
    train.train()
    session = get_session(viewer)
    qtbot.waitUntil(lambda: session.run is not None, timeout=10_000)
    # The map is enough: the analysis may go on.
    assert train.panel.drivers_button.isEnabled()
    assert not drivers_docks(viewer)
    QTest.mouseClick(train.panel.drivers_button, Qt.MouseButton.LeftButton)
    (dock,) = drivers_docks(viewer)
    until_idle(session.training)
    # Again: the same, in front of the others.
    train.parent().raise_()
    QTest.mouseClick(train.panel.drivers_button, Qt.MouseButton.LeftButton)
    assert drivers_docks(viewer) == [dock]
    qtbot.waitUntil(lambda: not dock.visibleRegion().isEmpty())


def test_a_button_leads_from_the_map_to_the_cells_of_the_movie(
    viewer, train, fake_train, until_idle, qtbot
):
    assert train.panel.cells_button.isHidden()
    movie, _ = sv.simulate_movie(900, (48, 48), seed=0, n_cells=9, n_drivers=2, n_followers=2)
    viewer.add_image(movie.data.compute(), name="movie")
    train.train()
    session = get_session(viewer)
    until_idle(session.training)
    QTest.mouseClick(train.panel.cells_button, Qt.MouseButton.LeftButton)
    assert "Cells (SparseVAR)" in viewer.window.dock_widgets
    until_idle(session.cells)
    found = session.cells.given
    # Again: the same cells, with whatever was done to them.
    train.parent().raise_()
    QTest.mouseClick(train.panel.cells_button, Qt.MouseButton.LeftButton)
    assert not session.cells.busy
    assert session.cells.given is found is not None


def test_cells_that_the_run_found_are_there_at_once_with_their_fit(
    viewer, train, fake_train, add_movie, until_idle, qtbot
):
    add_movie(viewer)
    train.train()
    session = get_session(viewer)
    until_idle(session.training)
    fit = made_fit()
    sv.save_fit(fit, session.run.path / FOUND_CELLS)
    QTest.mouseClick(train.panel.cells_button, Qt.MouseButton.LeftButton)
    until_idle(session.cells)
    assert session.cells.fit.names == fit.names
    assert session.cells.given.names == fit.cells.names


def test_opening_a_run_opens_the_drivers(viewer, full_run, open_run):
    get_session(viewer)
    open_run(viewer, full_run)
    assert len(drivers_docks(viewer)) == 1


def test_it_comes_once_and_stays_closed(viewer, full_run, open_run, until_inspected):
    session = open_run(viewer, full_run)
    until_inspected(session.inspecting)
    viewer.window.remove_dock_widget(drivers_docks(viewer)[0])
    session.show_run()
    until_inspected(session.inspecting)
    assert not drivers_docks(viewer)


def test_a_dock_that_is_open_is_left_where_it_is(viewer, open_dock, full_run, open_run, qtbot):
    drivers, train = open_dock("Drivers"), open_dock("Train")
    viewer.window.show()
    qtbot.wait(50)  # until they are tabs of one another
    train.parent().raise_()
    qtbot.waitUntil(lambda: not train.visibleRegion().isEmpty())
    open_run(viewer, full_run)
    assert drivers_docks(viewer) == [drivers]
    assert not train.visibleRegion().isEmpty()


def test_who_watches_a_training_is_not_called_away(viewer, train, full_run, open_run, monkeypatch):
    monkeypatch.setattr(get_session(viewer).training, "state", "training")
    open_run(viewer, full_run)
    assert not drivers_docks(viewer)


def test_a_run_that_is_dropped_on_an_empty_viewer_is_enough(viewer, run_folder, qtbot):
    """Nobody has opened a dock of ours before."""
    assert json.loads((run_folder / "run.json").read_text())["status"] == "finished"
    with pytest.warns(UserWarning, match="only its maps open"):
        viewer.open(str(run_folder), plugin="napari-sparsevar")
    qtbot.waitUntil(lambda: len(drivers_docks(viewer)) == 1, timeout=10_000)
    session = get_session(viewer)
    qtbot.waitUntil(lambda: not session.training.busy, timeout=20_000)
