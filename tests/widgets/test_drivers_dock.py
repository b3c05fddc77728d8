"""What a person does with the Drivers dock."""

from dataclasses import replace

import numpy as np
import pytest
from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QDockWidget

from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.widgets.drivers_dock import NOTHING_YET, DriversDock
from napari_sparsevar.widgets.inspecting.driver_table import NAME, NOTE, STABILITY, STRENGTH
from napari_sparsevar.widgets.inspecting.keys import KEYS, help_text
from napari_sparsevar.widgets.layers.overlays import kind_of
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def dock(open_dock):
    return open_dock("Drivers")


@pytest.fixture
def ready(dock, inspected):
    return dock


def names(dock):
    return [dock.table.item(row, NAME).text() for row in range(dock.table.rowCount())]


def test_first_look_says_what_to_do(dock):
    assert dock._pages.currentWidget() is dock.none
    assert dock.none.text() == NOTHING_YET


def test_a_run_fills_it(ready, inspected):
    assert dock_page(ready) == 1
    assert names(ready) == ["driver 1", "driver 2"]
    assert ready.sparsity.slider.isEnabled()
    assert "edges" in ready.sparsity.words.text()
    assert not ready.sparsity.reset.isEnabled()


def dock_page(dock):
    return dock._pages.currentIndex()


def test_a_row_shows_the_partners(viewer, ready, inspected, until_inspected):
    ready.table.selectRow(1)
    until_inspected(inspected)
    assert inspected.selection.key == ("driver", 2)
    assert ready.partners.table.table.rowCount() == len(
        inspected.answer.influence["outgoing"].partners
    )
    assert "driver 2" in ready.selected.text()


def test_the_same_selection_everywhere(viewer, ready, inspected, until_inspected):
    session = get_session(viewer)
    session._clicks.click((0.0, 2 * 6.0, 2 * 6.0))
    until_inspected(inspected)
    assert inspected.selection.key == ("driver", 1)
    assert [index.row() for index in ready.table.selectionModel().selectedRows()] == [0]
    inspected.select_next(1)
    assert [index.row() for index in ready.table.selectionModel().selectedRows()] == [1]
    inspected.clear()
    assert not ready.table.selectionModel().selectedRows()


def test_both_directions(viewer, ready, inspected, until_inspected):
    ready.table.selectRow(0)
    until_inspected(inspected)
    layers = get_session(viewer).inspect_layers
    out, back = (layers.layer(f"influence {name}") for name in ("outgoing", "incoming"))
    assert (out.visible, back.visible) == (True, False)
    ready.partners.directions["incoming"].click()
    assert (out.visible, back.visible) == (False, True)
    rows = ready.partners.table.table.rowCount()
    assert rows == len(inspected.answer.influence["incoming"].partners)


def test_lags_can_be_looked_at_one_by_one(ready, inspected, until_inspected):
    assert [ready.partners.lag.itemText(index) for index in range(3)] == [
        "All lags",
        "After 67 ms",
        "After 133 ms",
    ]
    ready.table.selectRow(0)
    until_inspected(inspected)
    ready.partners.lag.setCurrentIndex(2)
    ready.partners.lag.activated.emit(2)
    until_inspected(inspected)
    assert inspected.answer.question.lag == 2
    assert set(inspected.answer.influence["outgoing"].partners["lag"]) <= {2}


def test_the_slider_and_back(ready, inspected, full_run, until_inspected):
    ready.sparsity.slider.setValue(300)
    until_inspected(inspected)
    sparse = inspected.read_out.n_edges
    assert f"{sparse:,} edge" in ready.sparsity.words.text()
    ready.sparsity.slider.setValue(1000)
    until_inspected(inspected)
    assert inspected.read_out.n_edges > sparse
    assert inspected.read_out.run.penalty == pytest.approx(inspected.solution_path.least)
    ready.sparsity.reset.click()
    until_inspected(inspected)
    assert inspected.read_out.run is full_run


def test_criteria_can_be_gone_to(ready, inspected, until_inspected):
    actions = {action.text(): action for action in ready.sparsity.choice.menu().actions()}
    actions["Predicts best"].trigger()
    until_inspected(inspected)
    assert inspected.read_out.run.penalty == max(0.2, inspected.solution_path.least)


def test_names_and_notes_are_typed_into_the_table(ready, inspected):
    ready.table.item(0, NAME).setText("hub")
    assert inspected.name_of("driver", 1) == "hub"
    ready.table.item(1, NOTE).setText("beside a vessel")
    assert list(inspected.places()["note"]) == ["", "beside a vessel"]
    # An empty name is the old one again.
    ready.table.item(0, NAME).setText("")
    assert names(ready)[0] == "driver 1"


def test_the_table_sorts_by_numbers(ready):
    ready.table.sortItems(STRENGTH, Qt.SortOrder.AscendingOrder)
    assert names(ready) == ["driver 2", "driver 1"]
    ready.table.sortItems(STRENGTH, Qt.SortOrder.DescendingOrder)
    assert names(ready) == ["driver 1", "driver 2"]


@pytest.mark.windowless(False)
def test_hidden_drivers_leave_the_table_and_the_movie(viewer, ready, inspected, until_inspected):
    ready.table.selectRow(0)
    until_inspected(inspected)
    ready.actions_bar.hide_place.click()
    assert ready.table.isRowHidden(ready.table.row_of("driver", 1))
    assert set(np.unique(get_session(viewer).inspect_layers.layer("drivers").data)) == {0, 2}
    ready.actions_bar.show_hidden.setChecked(True)
    assert not ready.table.isRowHidden(ready.table.row_of("driver", 1))
    ready.actions_bar.hide_place.click()
    assert set(np.unique(get_session(viewer).inspect_layers.layer("drivers").data)) == {0, 1, 2}


def test_unstable_drivers_can_be_filtered_out(ready, inspected):
    from dataclasses import replace

    places = inspected.read_out.places.assign(stability=[0.9, 0.4])
    inspected.read_out = replace(inspected.read_out, places=places)
    inspected.read_out_changed.emit()
    ready.actions_bar.least_stability.setValue(50)
    hidden = [ready.table.isRowHidden(row) for row in range(2)]
    assert hidden == [False, True]
    assert ready.table.item(0, STABILITY).text() == "90 %"


def test_a_driver_becomes_a_region_and_a_region_a_driver(
    viewer, ready, inspected, full_run, until_inspected
):
    ready.table.selectRow(0)
    until_inspected(inspected)
    ready.actions_bar.turn.click()
    until_inspected(inspected)
    layer = inspected.regions.layer
    np.testing.assert_array_equal(layer.data == 1, full_run.driver_labels == 1)
    assert inspected.selection.key == ("region", 1)
    assert ready.actions_bar.turn.text() == "To driver"
    ready.actions_bar.turn.click()
    drivers = get_session(viewer).inspect_layers.layer("drivers")
    assert 1001 in drivers.data
    assert ready.actions_bar.turn.text() == "Back to region"
    ready.actions_bar.turn.click()
    assert 1001 not in drivers.data


def test_the_outline_of_a_region_among_the_drivers_follows_the_brush(
    viewer, ready, inspected, until_inspected
):
    ready.table.selectRow(0)
    until_inspected(inspected)
    ready.actions_bar.turn.click()
    until_inspected(inspected)
    ready.actions_bar.turn.click()
    layer, drivers = inspected.regions.layer, get_session(viewer).inspect_layers.layer("drivers")
    free = np.argwhere((layer.data == 0) & (drivers.data == 0))[0]
    layer.data_setitem(tuple(free[:, None]), 1)
    until_inspected(inspected)
    np.testing.assert_array_equal(drivers.data == 1001, layer.data == 1)
    layer.data_setitem(np.nonzero(layer.data == 1), 0)
    until_inspected(inspected)
    assert 1001 not in drivers.data


def test_new_region_is_two_dimensional_and_ready_to_paint(viewer, ready):
    ready.actions_bar.new_region.click()
    layer = viewer.layers.selection.active
    assert layer.data.shape == (33, 34)
    assert (layer.mode, layer.selected_label) == ("paint", 1)
    assert tuple(layer.scale) == (2.0, 2.0)
    layer.data_setitem((np.array([3]), np.array([3])), 1)
    ready.actions_bar.new_region.click()
    assert viewer.layers.selection.active is layer
    assert layer.selected_label == 2


def test_arrows_are_drawn_when_the_box_is_ticked(viewer, ready, qtbot, inspected):
    kinds = {"arrows", "arrows within chance"}
    assert not kinds & {kind_of(layer) for layer in viewer.layers}
    click(qtbot, ready.arrows)
    shown = [layer for layer in viewer.layers if kind_of(layer) in kinds]
    assert shown
    assert all(layer.visible for layer in shown)
    click(qtbot, ready.arrows)
    assert not any(layer.visible for layer in shown)
    get_session(viewer).inspect_layers.arrows.show(True)
    assert ready.arrows.isChecked()


def click(qtbot, box):
    """Click the mark of a check box."""
    box.resize(box.sizeHint())
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def test_decoded_movies_come_and_go(viewer, ready, inspected):
    ready.movies["prediction"].click()
    (layer,) = [layer for layer in viewer.layers if kind_of(layer) == "prediction"]
    assert layer.data.shape == (60, 33, 34)
    assert tuple(layer.scale) == pytest.approx((1 / 15, 2.0, 2.0))
    assert ready.movies["prediction"].isChecked()
    ready.movies["prediction"].click()
    assert not layer.visible
    viewer.layers.remove(layer)
    assert not ready.movies["prediction"].isChecked()


def test_decoded_movies_without_the_movie_are_one_sentence(
    viewer, dock, full_run, open_run, until_inspected, monkeypatch
):
    shown = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", shown.append)
    session = open_run(viewer, full_run)
    until_inspected(session.inspecting)
    dock.table.selectRow(0)
    until_inspected(session.inspecting)
    assert session.inspecting.answer is not None
    dock.movies["residual"].click()
    assert len(shown) == 1
    assert "is not open" in shown[0]
    assert not dock.movies["residual"].isChecked()


@pytest.mark.windowless(False)
def test_plots_are_drawn_only_where_they_can_be_seen(
    viewer, ready, inspected, until_inspected, monkeypatch
):
    drawn = []
    monkeypatch.setattr(type(ready.curves), "draw", lambda plot: drawn.append(plot))
    ready.table.selectRow(0)
    until_inspected(inspected)
    assert not ready.curves.isVisible()
    assert not drawn
    viewer.window._qt_window.show()
    ready.tabs.setCurrentWidget(ready.curves)
    assert drawn


@pytest.mark.windowless(False)
def test_the_path_is_drawn_for_the_selected_place(viewer, ready, inspected, until_inspected):
    viewer.window._qt_window.show()
    ready.tabs.setCurrentWidget(ready.curves)
    ready.table.selectRow(0)
    until_inspected(inspected)
    curves = inspected.answer.influence["outgoing"].curves
    assert len(ready.curves._lines) == len(curves) > 0
    np.testing.assert_allclose(ready.curves._lines[0].yData, curves[0].values)


@pytest.mark.windowless(False)
def test_keys_work_and_are_given_back(viewer, dock, inspected, until_inspected):
    for key in KEYS:
        assert coerce_keybinding(key.key) in viewer.keymap
        assert key.meaning in help_text()
    viewer.keymap[coerce_keybinding("Alt-Right")](viewer)
    assert inspected.selection.key == ("driver", 1)
    until_inspected(inspected)
    contribution = get_session(viewer).inspect_layers.layer("contribution")
    before = contribution.visible
    viewer.keymap[coerce_keybinding("Alt-1")](viewer)
    assert contribution.visible != before
    viewer.window.remove_dock_widget(dock)
    for key in KEYS:
        assert coerce_keybinding(key.key) not in viewer.keymap


@pytest.mark.windowless(False)
def test_keys_of_somebody_else_are_left_alone(viewer):
    def theirs(_):
        pass

    viewer.bind_key("Alt-1", theirs)
    _, dock = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Drivers")
    assert viewer.keymap[coerce_keybinding("Alt-1")] is theirs
    viewer.window.remove_dock_widget(dock)
    assert viewer.keymap[coerce_keybinding("Alt-1")] is theirs


@pytest.mark.windowless(False)
def test_closed_and_opened_again_it_shows_the_same(viewer, dock, inspected, until_inspected):
    dock.table.selectRow(1)
    inspected.set_penalty(1.2 * inspected.penalty)
    until_inspected(inspected)
    listed = names(dock)
    assert {str(name) for name in inspected.places()["name"]} <= set(listed)
    viewer.window.remove_dock_widget(dock)
    _, again = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Drivers")
    assert isinstance(again, DriversDock)
    assert again is not dock
    assert names(again) == listed
    assert again.sparsity.reset.isEnabled()
    assert again.partners.table.table.rowCount() == len(
        inspected.answer.influence["outgoing"].partners
    )


@pytest.mark.windowless(False)
def test_it_is_a_tab_beside_the_other_docks(qtbot, viewer, dock):
    _, train = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Train")
    _, drivers = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Compare")
    qtbot.wait(50)
    window = viewer.window._qt_window
    beside = window.tabifiedDockWidgets(drivers.parent())
    assert train in [other.widget() for other in beside if isinstance(other, QDockWidget)]


@pytest.mark.windowless(False)
def test_it_fits_a_laptop(qtbot, viewer, ready):
    assert ready.minimumSizeHint().height() <= 560
    assert ready.minimumSizeHint().width() <= 360


def test_the_verdict_stands_above_and_grows_with_the_analysis(viewer, ready, inspected, full_run):
    session, text = get_session(viewer), ready.verdict.headline.text
    assert full_run.verdict.headline in text()
    mapped = replace(
        full_run,
        results=replace(
            full_run.results,
            stage="map",
            significance=Significance.unknown(full_run.results.fitted),
        ),
    )
    session.training.run_grew.emit(mapped)
    assert text().startswith("<b>Not tested against chance yet: ")
    session.training.run_grew.emit(full_run)
    assert full_run.verdict.headline in text()
    assert ready.verdict.advice.text() == full_run.verdict.advice


@pytest.mark.parametrize("title", ["Drivers", "Train"])
def test_warnings_are_there_when_a_run_is_opened_again(
    viewer, open_dock, full_run, open_run, title
):
    warnings = ("The field of view moves.", "10 frames are few.", "No frame rate.", "Saturated.")
    record = full_run.record.model_copy(update={"notices": warnings})
    open_run(viewer, replace(full_run, record=record))
    dock = open_dock(title)
    dock.verdict.fold.setChecked(True)
    assert "4 warnings" in dock.verdict.fold.text()
    for said in warnings:
        assert said in dock.verdict.warnings.text()
    assert full_run.verdict.headline in dock.verdict.headline.text()
