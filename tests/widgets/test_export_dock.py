"""The Export dock: previews while looked at, writes what was asked for, cancels without a trace."""

import json
import threading

import numpy as np
import pandas as pd
import pytest
import tifffile
from matplotlib.patches import FancyArrowPatch
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest

from made_comparisons import made_set
from napari_sparsevar.comparison.store import save_comparisons
from napari_sparsevar.widgets.export_dock import ExportDock
from napari_sparsevar.widgets.export_requests import NO_PLACE
from napari_sparsevar.widgets.exporting import worker
from napari_sparsevar.widgets.exporting.worker import CURRENT_VIEW, Written
from napari_sparsevar.widgets.parts.dock import NO_RUN
from napari_sparsevar.widgets.work.one_work import Progressed

pytestmark = pytest.mark.windowless


@pytest.fixture
def dock(open_dock):
    widget = open_dock("Export")
    assert isinstance(widget, ExportDock)
    return widget


@pytest.fixture
def until_exported(qtbot):
    def wait(dock):
        exporting = dock._session.exporting
        qtbot.waitUntil(lambda: exporting.state == "idle" and not exporting.busy, timeout=20_000)
        return exporting.report.sentence

    return wait


@pytest.fixture
def notifications(monkeypatch):
    from napari_sparsevar.widgets.exporting import state

    said = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", said.append)
    for name in ("show_info", "show_warning"):
        monkeypatch.setattr(state, name, said.append)
    return said


def choose(dock, kind):
    dock.figure.kind.value = kind


def look(qtbot, viewer, dock):
    """Show the window and wait for the preview."""
    viewer.window._qt_window.show()
    qtbot.waitUntil(dock.figure.preview.isVisible, timeout=5000)
    dock.figure.preview.refresh()
    qtbot.waitUntil(lambda: not dock.figure.preview.busy, timeout=20_000)


@pytest.mark.windowless(False)
def test_it_opens_from_the_menu_and_says_what_is_missing(viewer, dock, notifications):
    assert not dock.results.export.isEnabled()
    assert dock.results.about.text() == NO_RUN
    dock.save_figure()
    assert notifications == [NO_RUN]
    assert dock.panel.sentence.text() == NO_RUN


@pytest.mark.windowless(False)
def test_every_figure_is_previewed_and_only_while_looked_at(
    qtbot, viewer, dock, inspected, monkeypatch
):
    asked = []
    stream = worker.preview_stream

    def preview(request):
        asked.append(request.kind)
        return stream(request)

    dock.figure.preview._latest._answer = preview
    choose(dock, "contribution")
    qtbot.wait(250)
    assert asked == []  # the window is not shown
    look(qtbot, viewer, dock)
    assert dock.figure.preview.shown
    for kind in ("influence", CURRENT_VIEW):
        choose(dock, kind)
        qtbot.waitUntil(lambda: not dock.figure.preview.busy, timeout=20_000)
        assert dock.figure.preview.shown, dock.figure.preview.text()
    choose(dock, "comparison")
    qtbot.waitUntil(lambda: not dock.figure.preview.busy, timeout=20_000)
    assert "keeps no comparison" in dock.figure.preview.text()
    assert set(asked) == {"contribution", "influence", CURRENT_VIEW, "comparison"}


@pytest.mark.windowless(False)
def test_the_current_view_follows_the_viewer(qtbot, viewer, dock, inspected):
    choose(dock, CURRENT_VIEW)
    look(qtbot, viewer, dock)
    changes = [
        lambda: viewer.window.resize(900, 650),
        lambda: viewer.dims.set_current_step(0, 9),
        lambda: setattr(viewer.scene.camera, "zoom", 2 * viewer.scene.camera.zoom),
        lambda: setattr(viewer.layers[0], "opacity", 0.5),
        lambda: setattr(viewer.layers[0], "visible", False),
    ]
    for change in changes:
        qtbot.waitUntil(lambda: not dock.figure.preview.busy, timeout=20_000)
        change()
        qtbot.waitUntil(lambda: dock.figure.preview.busy, timeout=5000)
    viewer.layers.clear()
    qtbot.waitUntil(lambda: "nothing to see" in dock.figure.preview.text(), timeout=20_000)


def test_the_map_has_the_limits_and_colours_of_its_layer(viewer, dock, inspected):
    layer = next(layer for layer in viewer.layers if layer.name.startswith("contribution"))
    layer.contrast_limits, layer.colormap, layer.gamma = (0.1, 0.6), "viridis", 0.5
    choose(dock, "contribution")
    options = dock.figure.request(100).options
    assert options["limits"] == (0.1, 0.6)
    colours = layer.colormap.map(np.array([0.5]))[0]
    # Half of the way in colour is a quarter of the way in grey value.
    np.testing.assert_allclose(options["colormap"](0.25), colours, atol=0.01)
    dock.figure.as_in_viewer.value = False
    assert "limits" not in dock.figure.request(100).options


def test_each_influence_has_the_limits_of_its_own_layer(viewer, dock, inspected, until_inspected):
    inspected.select("driver", 1)
    until_inspected(inspected)
    layers = dock._session.inspect_layers
    for kind, top in (("influence outgoing", 0.5), ("influence incoming", 0.01)):
        layers.layer(kind).contrast_limits = (-top, top)
    choose(dock, "influence")
    options = dock.figure.request(100).options
    assert (options["limits"], options["incoming_limits"]) == ((-0.5, 0.5), (-0.01, 0.01))
    _, caption = worker.drawn(dock.figure.request(100))
    assert "colours −0.5 to 0.5" in caption
    assert "colours −0.01 to 0.01" in caption


def test_figure_and_results_are_of_the_same_place_penalty_and_windows(
    viewer, dock, inspected, until_inspected, until_exported, notifications
):
    assert dock.about.text() == (
        f"Influence of driver 1, as none is selected. Penalty {inspected.penalty:.3g} "
        "(the run's own)."
    )
    inspected.select("driver", 1)
    inspected.set_penalty(1.25 * inspected.penalty)
    until_inspected(inspected)
    inspected.annotate(*inspected.selection.key, name="Ann")
    session = dock._session
    session.comparing.show_set(save_comparisons(session.run.path, made_set(3)))
    session.comparing.show_pair("A", "C")
    place, penalty = inspected.selection.mask, inspected.penalty
    assert dock.about.text() == (
        f"Influence of Ann. Penalty {penalty:.3g}. Comparison A-B-C (A-C)."
    )
    choose(dock, "influence")
    request = dock.figure.request(100)
    assert request.run.penalty == pytest.approx(penalty)
    assert request.options["place"].name == "Ann"
    np.testing.assert_array_equal(request.options["place"].mask, place)
    assert (request.options["comparison"], request.options["pair"]) == ("A-B-C", "A-C")
    for part, box in dock.results.parts.items():
        box.value = part in ("maps", "tables")
    out = dock.results.folder.value
    dock.results.export.click()
    until_exported(dock)
    written = tifffile.imread(out / "maps" / "influence-incoming-Ann.ome.tif")
    np.testing.assert_array_equal(written, request.run.influence(place, "incoming"))
    partners = pd.read_csv(out / "tables" / "partners-outgoing-Ann.csv")
    assert partners["strength"].tolist() == pytest.approx(
        inspected.answer.influence["outgoing"].partners["strength"].tolist()
    )
    record = json.loads((out / "export.json").read_text(encoding="utf-8"))
    assert (record["place"], record["penalty"]) == ("Ann", pytest.approx(penalty))


def test_without_a_place_the_viewer_says_where_to_choose_one(
    viewer, dock, inspected, until_inspected, notifications
):
    inspected.set_penalty(10.0)
    until_inspected(inspected)
    assert dock.about.text() == "No place is selected. Penalty 10."
    choose(dock, "influence")
    dock.copy_figure()
    assert notifications == [NO_PLACE]


def test_arrows_that_chance_makes_are_drawn_when_asked_for(viewer, dock, inspected):
    choose(dock, "drivers")
    drawn = []
    for wanted in (False, True):
        dock.figure.all_arrows.value = wanted
        figure, caption = worker.drawn(dock.figure.request(100))
        drawn.append(figure.findobj(FancyArrowPatch))
        assert ("thin and pale" in caption) == wanted
    # In this run nothing was tested.
    assert not drawn[0]
    assert drawn[1]
    assert all(arrow.get_alpha() < 0.5 for arrow in drawn[1])


@pytest.mark.windowless(False)
def test_the_figure_is_enlarged_in_a_window_that_follows(qtbot, viewer, dock, inspected):
    choose(dock, "contribution")
    look(qtbot, viewer, dock)
    window = dock.figure.preview.enlarged
    assert not window.isVisible()
    QTest.mouseClick(dock.figure.enlarge, Qt.MouseButton.LeftButton)
    assert window.isVisible()
    assert window.isWindow()
    assert window.width() > 1.5 * dock.figure.preview.width()
    qtbot.waitUntil(lambda: window.picture.shown, timeout=20_000)
    dock.tabs.setCurrentIndex(1)  # the preview itself is out of sight
    before = window.picture.pixmap().toImage()
    choose(dock, "drivers")
    qtbot.waitUntil(lambda: window.picture.pixmap().toImage() != before, timeout=20_000)
    choose(dock, "comparison")
    qtbot.waitUntil(lambda: "keeps no comparison" in window.picture.text(), timeout=20_000)
    window.resize(500, 400)
    window.close()
    dock.figure.preview.enlarge()
    assert (window.width(), window.height()) == (500, 400)
    qtbot.waitUntil(lambda: not dock.figure.preview.busy, timeout=20_000)


def test_the_figure_is_copied_as_an_image_of_the_chosen_dots(
    viewer, dock, inspected, until_exported, notifications
):
    choose(dock, "contribution")
    dock.figure.width_mm.value, dock.figure.dpi.value = 127, 100
    QTest.mouseClick(dock.figure.copy, Qt.MouseButton.LeftButton)
    sentence = until_exported(dock)
    image = QGuiApplication.clipboard().image()
    assert image.width() == 500
    assert round(image.dotsPerMeterX() * 0.0254) == 100
    assert sentence == f"Copied the figure, 500 x {image.height()} dots."
    assert notifications == []
    QGuiApplication.clipboard().clear()


def test_a_figure_is_saved_with_its_caption(
    viewer, dock, inspected, until_exported, notifications, tmp_path, monkeypatch
):
    out = tmp_path / "figures" / "view.png"
    out.parent.mkdir()
    monkeypatch.setattr(dock.figure, "ask_for_path", lambda folder: out)
    choose(dock, CURRENT_VIEW)
    dock.figure.width_mm.value = 85
    dock.figure.dpi.value = 72
    dock.figure.save.click()
    assert until_exported(dock) == f"Wrote {out}."
    assert notifications == [f"Wrote {out}."]
    assert out.stat().st_size > 5000
    assert "contribution" in (out.parent / "view.caption.txt").read_text(encoding="utf-8")
    assert dock.figure.usual_width.current_choice == "Column"
    assert dock._folder() == out.parent
    monkeypatch.setattr(dock.figure, "ask_for_path", lambda folder: tmp_path / "view.gif")
    dock.figure.save.click()
    assert "no format of figures" in until_exported(dock)
    assert dock.figure.save.isEnabled()


def test_results_are_written_into_a_new_folder(
    viewer, dock, inspected, until_exported, notifications
):
    run = dock._session.run
    out = run.path.with_name("full-run-export")
    assert dock.results.folder.value == out
    dock.results.parts["figures"].value = False
    dock.results.export.click()
    assert until_exported(dock) == f"Wrote {out}."
    written = tifffile.imread(out / "maps" / "contribution.ome.tif")
    np.testing.assert_array_equal(written, run.contribution_map)
    # The next one goes elsewhere; what is there is never replaced.
    assert dock.results.folder.value == out.with_name("full-run-export-2")
    dock.results.folder.value = out
    dock.results.export.click()
    assert "exists already" in notifications[-1]


@pytest.mark.windowless(False)
def test_an_export_that_is_cancelled_leaves_nothing(
    qtbot, viewer, dock, inspected, until_exported, tmp_path, monkeypatch
):
    dock.results.parts["movies"].value = True
    dock.results.parts["figures"].value = False
    dock.results.folder.value = tmp_path / "place" / "out"
    exporting = dock._session.exporting
    going = threading.Event()
    written = worker.results_stream

    def slow(request):
        for news in written(request):
            yield news
            going.wait(5)

    monkeypatch.setattr("napari_sparsevar.widgets.export_dock.results_stream", slow)
    dock.results.export.click()
    qtbot.waitUntil(lambda: exporting.report.sentence != "Beginning…", timeout=20_000)
    assert not dock.results.export.isEnabled()
    assert not dock.figure.save.isEnabled()
    dock.panel.end_button.click()
    going.set()
    assert until_exported(dock) == "Cancelled; nothing was left behind."
    assert not list((tmp_path / "place").iterdir())
    assert dock.results.export.isEnabled()


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), OSError("no space")])
def test_a_failure_is_said_and_the_dock_is_idle_again(
    viewer, dock, inspected, until_exported, notifications, error
):
    def failing():
        yield Progressed(0.5, "Writing")
        raise error

    dock._session.exporting.start(failing)
    assert str(error) in until_exported(dock)
    assert str(error) in notifications[-1]
    assert dock.results.export.isEnabled()


def test_what_was_assumed_is_a_warning(viewer, dock, until_exported, notifications, tmp_path):
    dock._session.exporting.start(lambda: iter([Written(tmp_path, ("Something was assumed.",))]))
    assert until_exported(dock).endswith("Something was assumed.")
    assert notifications[-1] == "Something was assumed."


def test_what_needs_a_missing_library_cannot_be_ticked(qtbot, monkeypatch):
    from napari_sparsevar.widgets.exporting import results

    monkeypatch.setattr(results, "find_spec", lambda name: None)
    results = results.ExportResults()
    qtbot.addWidget(results)
    assert not results.parts["nwb"].enabled
    assert "napari-sparsevar[nwb]" in results.parts["nwb"].tooltip
    assert results.parts["maps"].enabled
