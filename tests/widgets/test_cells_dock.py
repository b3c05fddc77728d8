"""What a person does with the Cells dock: bring cells, fit, look, change, keep."""

import importlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog, QInputDialog

import napari_sparsevar as sv
from made_fits import NAMES, made_fit, made_traces
from napari_sparsevar.widgets.cells.saving import PICTURES
from napari_sparsevar.widgets.cells.table import DRIVES, NAME, STRENGTH
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def dock(open_dock):
    return open_dock("Cells")


@pytest.fixture
def cells(viewer):
    return get_session(viewer).cells


@pytest.fixture
def until_idle(qtbot, cells):
    def wait():
        qtbot.waitUntil(lambda: cells.state == "idle" and not cells.busy, timeout=60_000)

    return wait


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "traces.csv"
    pd.DataFrame(made_traces(), columns=list(NAMES)).to_csv(path, index=False)
    return path


@pytest.fixture
def fitted(dock, cells):
    fit = made_fit()
    cells.take(fit.cells, fit)
    return dock


@pytest.fixture
def told(monkeypatch):
    sentences = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", sentences.append)
    monkeypatch.setattr("napari_sparsevar.widgets.cells.saving.show_info", sentences.append)
    return sentences


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def column(dock, index):
    rows = dock.cells.table
    return [rows.cell(row, index).text() for row in range(rows.rowCount())]


def drop(dock, *paths):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    event = QDropEvent(QPointF(5, 5), actions, mime, buttons, Qt.KeyboardModifier.NoModifier)
    dock.dropEvent(event)


def test_first_look_says_what_to_do(dock):
    assert "suite2p" in dock.source.said.text()
    assert dock.panel.isHidden()
    assert dock.save.isHidden()


def test_a_table_that_is_dropped_is_fitted_at_a_click(dock, cells, table, until_idle):
    drop(dock, table)
    until_idle()
    assert "5 cells with raw fluorescence, 400 frames" in dock.source.said.text()
    click(dock.panel.begin_button)
    until_idle()
    assert dock.headline.text() == (
        "<b>2 edges are beyond chance (p ≤ 0.05, adjusted for all pairs and lags), from 1 cell to "
        "2 cells of 4.</b>"
    )
    assert column(dock, NAME)[0] == "b & c"
    assert column(dock, DRIVES)[0] == "2"
    assert "still" in dock.notes.text()
    assert column(dock, STRENGTH)[column(dock, NAME).index("still")] == "left out"


def test_what_a_file_leaves_open_is_asked(dock, cells, tmp_path, until_idle, monkeypatch):
    path = tmp_path / "F.npy"
    np.save(path, made_traces(50)[:, :5].repeat(10, axis=1)[:, :50])
    asked = []

    def answer(_, title, sentence, choices, *__):
        asked.append((title, sentence, tuple(choices)))
        return "columns", True

    monkeypatch.setattr(QInputDialog, "getItem", answer)
    cells.open(path)
    until_idle()
    assert [choices for _, _, choices in asked] == [("rows", "columns")]
    assert "F.npy" in asked[0][1]
    np.testing.assert_allclose(cells.given.traces["raw"][:, 0], made_traces(50)[:, 0])


def test_what_holds_no_cells_is_one_sentence_and_nothing_is_lost(
    fitted, cells, tmp_path, until_idle, told
):
    bad = tmp_path / "bad.csv"
    bad.write_text("nothing,of\nuse,here\n")
    cells.open(bad)
    until_idle()
    assert len(told) == 1
    assert "bad.csv" in told[0]
    assert cells.fit is not None
    assert len(cells.given) == 5


def test_a_row_shows_its_partners_and_a_partner_the_pair(fitted, cells):
    rows = fitted.cells.table
    rows.selectRow(0)
    assert cells.chosen == (1, None)
    partners = fitted.pair.partners.table
    others = {partners.cell(row, 1).text() for row in range(2)}
    assert others == {"ç", "12"}
    partners.selectRow(0)
    assert cells.chosen[0] == 1
    assert cells.chosen[1] in (2, 3)
    assert "1 frame (100 ms) later" in fitted.pair.words.text()
    fitted.pair.tabs.setCurrentIndex(1)
    assert len(fitted.pair.lags.points.data) == 4  # two lags, both ways


def test_a_field_of_the_matrix_is_a_pair(fitted, cells):
    fitted.matrix.plot.field_clicked.emit(1, 3)
    assert cells.chosen == (1, 3)
    fitted.matrix.plot.field_clicked.emit(2, 2)
    assert cells.chosen == (2, None)


def test_search_hides_other_rows_and_what_is_hidden_is_not_merged(fitted, cells):
    rows = fitted.cells.table
    fitted.cells.search.setText("b &")
    shown = [rows.cell(row, NAME).text() for row in range(5) if not rows.isRowHidden(row)]
    assert shown == ["b & c"]
    rows.selectAll()
    assert rows.selected == [1]


def test_merge_exclude_hide_and_undo(fitted, cells):
    rows = fitted.cells.table
    names = column(fitted, NAME)
    for name in ("ç", "12"):
        rows.item(names.index(name), NAME).setSelected(True)
    click(fitted.cells.merge)
    assert "ç + 12" in column(fitted, NAME)
    assert "Fit again" in fitted.notes.text()
    click(fitted.cells.undo)
    assert sorted(column(fitted, NAME)) == sorted(NAMES)
    assert "Fit again" not in fitted.notes.text()
    rows.clearSelection()
    rows.selectRow(column(fitted, NAME).index("a"))
    click(fitted.cells.exclude)
    assert column(fitted, STRENGTH)[column(fitted, NAME).index("a")] == "excluded"
    assert fitted.cells.exclude.text() == "Take in"
    click(fitted.cells.exclude)
    assert not cells.edits.excluded


def test_a_name_of_ones_own_is_kept_and_a_name_twice_refused(fitted, cells, told):
    rows = fitted.cells.table
    rows.item(0, NAME).setText("pacemaker")
    assert cells.fit.names[1] == "pacemaker"
    rows.item(0, NAME).setText("a")
    assert len(told) == 1
    assert column(fitted, NAME)[0] == "pacemaker"


def test_cells_of_a_movie_are_read_from_its_pixels(dock, cells, viewer, until_idle):
    traces = made_traces(300)
    labels = np.zeros((20, 24), np.int32)
    for cell in range(4):
        labels[8:12, 6 * cell : 6 * cell + 4] = cell + 1
    light = np.concatenate([np.zeros((300, 1), np.float32), traces[:, :4]], axis=1)
    movie = light[:, labels] * 10 + 100
    viewer.add_image(movie, name="movie")
    painted = viewer.add_labels(labels, name="painted")
    dock.source.list_sources()
    named = {action.text(): action for action in dock.source.menu.actions()}
    named["“painted”"].trigger()
    assert painted in viewer.layers
    assert list(dock.settings.way.choices) == ["pixels"]
    dock.settings.neuropil.value = 0.0
    dock.settings.events.value = "no"
    click(dock.panel.begin_button)
    until_idle()
    np.testing.assert_allclose(cells.fit.series, movie[:, 8, [0, 6, 12, 18]], rtol=1e-4)
    assert {
        tuple(pair)
        for pair in cells.fit.edges.query("p_adjusted <= 0.05")[["source", "target"]].to_numpy()
    } == {("2", "3"), ("2", "4")}


def test_cells_painted_with_frames_are_offered(dock, cells, viewer, until_idle):
    viewer.add_image(np.random.default_rng(0).random((9, 20, 24)), name="movie")
    viewer._new_labels()  # what napari's button does: labels of all frames
    labels = viewer.layers.selection.active
    assert labels.data.shape == (9, 20, 24)
    labels.data[2, 3:6, 3:6], labels.data[5, 10:14, 10:14] = 1, 2
    dock.source.list_sources()
    named = {action.text(): action for action in dock.source.menu.actions()}
    named[f"“{labels.name}”"].trigger()
    until_idle()
    assert len(cells.given) == 2
    assert any("2 frames lie on one another" in note for note in cells.given.notes)


def test_cells_that_nobody_drew_are_found_and_fitted(dock, cells, viewer, until_idle):
    finding = dock.source.detect
    assert not finding.isVisibleTo(dock)  # there is no movie to look at
    movie, truth = sv.simulate_movie(900, (48, 48), seed=0, n_cells=9, n_drivers=2, n_followers=2)
    viewer.add_image(movie.data.compute(), name="movie")
    assert finding.isVisibleTo(dock)
    click(finding)
    until_idle()
    away = np.linalg.norm(truth.centres[:, None] - cells.given.centres[None], axis=-1)
    assert np.mean(away.min(axis=1) < 3) > 0.6
    assert not finding.isVisibleTo(dock)  # there are cells now; the menu still has it
    assert list(dock.settings.way.choices) == ["pixels"]
    click(dock.panel.begin_button)
    until_idle()
    assert len(cells.fit.names) == len(cells.given)


def test_a_movie_without_cells_is_one_sentence(dock, cells, viewer, until_idle, told):
    noise = np.random.default_rng(0).poisson(50, (200, 40, 40)).astype(np.uint16)
    viewer.add_image(noise, name="dark")
    dock.source.diameter.setValue(9.0)
    click(dock.source.detect)
    until_idle()
    assert len(told) == 1
    assert "No cells" in told[0]
    assert cells.given is None


def test_what_is_kept_comes_back(fitted, cells, tmp_path, monkeypatch, qtbot, until_idle, told):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    for action in fitted.save.menu().actions()[:2]:
        action.trigger()
        qtbot.waitUntil(lambda: not fitted.save.busy, timeout=30_000)
    assert (tmp_path / "cells-fit" / "cells.json").is_file()
    assert any("Wrote csv" in sentence for sentence in told)
    fit = cells.fit
    cells.take(fit.cells)
    assert cells.fit is None
    drop(fitted, tmp_path / "cells-fit")
    until_idle()
    pd.testing.assert_frame_equal(cells.fit.edges, fit.edges)


def test_figures_and_the_report_are_drawn(fitted, tmp_path, monkeypatch, qtbot, told):
    names = iter(["matrix", "graph.png", "traces.svg", "all.html"])
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / next(names)), "")
    )
    named = {action.text(): action for action in fitted.save.menu().actions()}
    for words in PICTURES:
        named[words].trigger()
        qtbot.waitUntil(lambda: not fitted.save.busy, timeout=60_000)
    assert len(told) == 4
    assert all(sentence.startswith("Wrote ") for sentence in told)
    made = {path.name for path in tmp_path.iterdir()}
    assert {"matrix.svg", "graph.png", "traces.svg", "all.html"} <= made


def test_what_lies_beside_the_movie_is_offered(dock, cells, viewer, tmp_path, until_idle):
    from napari_sparsevar.cells.finding import find_cells

    spec = importlib.util.spec_from_file_location(
        "suite2p_cells", Path(__file__).parents[1] / "cells" / "formats" / "test_suite2p.py"
    )
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    made.write_plane(tmp_path / "suite2p" / "plane0")
    movie = tmp_path / "m.tif"
    movie.touch()
    assert find_cells(movie)
    viewer.add_image(np.zeros((5, 8, 8)), metadata={"napari_sparsevar": {"source": str(movie)}})
    assert not dock.source.offer.isHidden()
    click(dock.source.offer)
    until_idle()
    assert len(cells.given) == 3
    assert dock.source.offer.isHidden()
    shutil.rmtree(tmp_path / "suite2p")


def test_a_dock_that_is_opened_again_shows_the_same(open_dock, fitted, cells):
    cells.choose(1, 2)
    again = open_dock("Cells")
    assert column(again, NAME) == column(fitted, NAME)
    assert again.pair.words.text() == fitted.pair.words.text()


def test_the_settings_say_what_is_fitted(fitted, cells):
    request = fitted.settings.request()
    assert request.way == "traces"
    assert request.preparation == sv.cells.preparing.Preparation()
    fitted.settings.lags.value = 3
    fitted.settings.kind.value = "raw"
    changed = fitted.settings.request()
    assert (changed.lags, changed.preparation.kind) == (3, "raw")
    assert changed.fps == pytest.approx(10.0)


def test_a_click_on_the_movie_chooses_the_cell(fitted, cells):
    pixel = cells.given.pixel_size_um
    fitted._on_canvas((2.5 * pixel, 4.5 * pixel))
    assert cells.chosen == (1, None)
    rows = fitted.cells.table
    assert rows.number_at(rows.selectedIndexes()[0].row()) == 1
