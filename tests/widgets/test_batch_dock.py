"""What a person does with the Batch dock: add movies, run, watch, stop, open what is finished."""

import threading
import time
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_sparsevar.batch.outcome import Outcome
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.batching.table import DRIVERS, NAME, STATUS, WORDS
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def dock(open_dock):
    return open_dock("Batch")


@pytest.fixture
def batching(viewer):
    return get_session(viewer).batching


class FakeBatch:
    """Yields what ``run_batch`` would, each when it is let go on."""

    def __init__(self):
        self.calls = []
        self.go_on = threading.Semaphore(0)
        self.error = None

    def __call__(self, recordings, *, out, control):
        self.calls.append((tuple(recordings), out))
        if self.error is not None:
            raise self.error
        for index, recording in enumerate(recordings):
            while not self.go_on.acquire(timeout=0.01):
                if control.stop_requested:
                    return
            yield self.outcome(index, Outcome.waiting(recording, out))

    def outcome(self, index, waiting):
        if index == 1:
            return waiting.failed("The movie is constant; record another one.")
        found = {"status": "finished", "drivers": None if index else 3, "warnings": "It moves."}
        return waiting.model_copy(update=found)


@pytest.fixture
def fake_batch(monkeypatch):
    batch = FakeBatch()
    monkeypatch.setattr("napari_sparsevar.batch.run.run_batch", batch)
    return batch


@pytest.fixture
def choose(monkeypatch):
    """Choose files where they are asked for."""

    def chooses(*paths):
        names = [str(path) for path in paths]
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (names, ""))
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (names[0], ""))

    return chooses


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def shown(dock, column):
    table = dock.table
    return [table.cell(row, column).text() for row in range(table.rowCount())]


@pytest.fixture
def with_three(dock, choose, tmp_path):
    choose(*(tmp_path / name for name in ("a.tif", "b.tif", "a.ome.tif")))
    click(dock.add)
    return dock


def test_first_look_says_what_to_do(dock):
    assert dock.panel.sentence.text() == "Add movies, or a list of them in CSV."
    assert not dock.panel.begin_button.isEnabled()


def test_movies_are_worked_through_one_after_the_other(
    qtbot, with_three, fake_batch, batching, until_idle, tmp_path
):
    dock = with_three
    assert shown(dock, NAME) == ["a", "b", "a-2"]
    assert dock.out.value == tmp_path / "sparsevar-batch"
    dock.preset.value = "thorough"
    click(dock.panel.begin_button)
    assert shown(dock, STATUS) == ["running", "waiting", "waiting"]
    assert not dock.settings.isEnabled()
    fake_batch.go_on.release()
    qtbot.waitUntil(lambda: shown(dock, STATUS) == ["finished", "running", "waiting"])
    assert dock.panel.sentence.text() == "1 of 3 done; working on b."
    fake_batch.go_on.release(2)
    until_idle(batching)
    assert shown(dock, STATUS) == ["finished", "failed", "finished"]
    assert shown(dock, DRIVERS) == ["3", "", "–"]
    assert shown(dock, WORDS)[:2] == ["It moves.", "The movie is constant; record another one."]
    assert dock.words.text() == "b: The movie is constant; record another one."
    dock.table.selectRow(0)
    assert dock.words.text() == "It moves."
    assert dock.panel.sentence.text() == "2 of 3 finished; the table is results.csv."
    [(recordings, out)] = fake_batch.calls
    assert [one.preset for one in recordings] == ["thorough"] * 3
    assert out == tmp_path / "sparsevar-batch"


def test_stop_ends_at_once_and_run_goes_on(qtbot, with_three, fake_batch, batching, until_idle):
    dock = with_three
    click(dock.panel.begin_button)
    fake_batch.go_on.release()
    qtbot.waitUntil(lambda: shown(dock, STATUS)[0] == "finished")
    began = time.monotonic()
    click(dock.panel.end_button)
    until_idle(batching)
    assert time.monotonic() - began < 2
    assert shown(dock, STATUS) == ["finished", "", ""]
    assert dock.panel.sentence.text() == "Stopped. Run goes on where it was."
    fake_batch.go_on.release(3)
    click(dock.panel.begin_button)
    until_idle(batching)
    assert len(fake_batch.calls) == 2
    assert shown(dock, STATUS) == ["finished", "failed", "finished"]


def test_a_list_says_how_each_is_trained(dock, choose, fake_batch, batching, until_idle, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("movie,name,preset\na.tif,mouse,standard\nb.tif,,\n")
    choose(path)
    click(dock.from_list)
    assert shown(dock, NAME) == ["mouse", "b"]
    dock.preset.value = "thorough"
    fake_batch.go_on.release(2)
    click(dock.panel.begin_button)
    until_idle(batching)
    assert [one.preset for one in fake_batch.calls[0][0]] == ["standard", "standard"]


def test_what_cannot_be_used_is_one_sentence(
    dock, choose, fake_batch, batching, until_idle, tmp_path, monkeypatch
):
    said = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", said.append)
    path = tmp_path / "list.csv"
    path.write_text("film\na.tif\n")
    choose(path)
    click(dock.from_list)
    assert said == [f"{path} has no column movie: write the path of one movie a row."]
    choose(tmp_path / "a.tif")
    click(dock.add)
    fake_batch.error = UserError("Cannot use the folder /dev: it is read-only.")
    click(dock.panel.begin_button)
    until_idle(batching)
    assert said[1:] == ["Cannot use the folder /dev: it is read-only."]
    assert dock.panel.sentence.text() == said[1]


def test_a_row_can_be_removed(with_three):
    with_three.table.selectRow(1)
    click(with_three.remove)
    assert shown(with_three, NAME) == ["a", "a-2"]


def test_a_finished_row_opens_its_run(
    qtbot, viewer, with_three, fake_batch, batching, until_idle, monkeypatch
):
    opened = []
    monkeypatch.setattr(type(viewer), "open", lambda _, path, plugin: opened.append((path, plugin)))
    fake_batch.go_on.release(3)
    click(with_three.panel.begin_button)
    until_idle(batching)
    for row in (1, 2):  # the first of them failed
        table = with_three.table
        spot = table.visualItemRect(table.cell(row, STATUS)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
        QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert opened == [(str(Path(batching.out) / "a-2"), "napari-sparsevar")]


def test_a_dock_opened_again_shows_what_goes_on(with_three, open_dock, fake_batch, batching):
    click(with_three.panel.begin_button)
    again = open_dock("Batch")
    assert shown(again, STATUS) == ["running", "waiting", "waiting"]
    assert again.out.value == batching.out
    batching.stop()
