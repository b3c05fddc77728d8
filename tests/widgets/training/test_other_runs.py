"""In the Train dock: a run that was cut short goes on, a finished one is applied."""

import json

import numpy as np
import pytest
import tifffile
import torch
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_sparsevar.disk.contents import write_tensors
from napari_sparsevar.movie import open_movie
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.run.record import MovieIdentity, RunRecord
from napari_sparsevar.run.run import read_record
from napari_sparsevar.run.store import write_record
from napari_sparsevar.training.checkpoint import CHECKPOINT
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import Applying, Finished, Notice, ResultsReady
from napari_sparsevar.widgets.session import get_session
from napari_sparsevar.widgets.training import worker
from napari_sparsevar.widgets.training.worker import TrainingRequest

pytestmark = pytest.mark.windowless

CONFIG = TrainConfig.from_preset("standard", seed=7)


@pytest.fixture
def training(viewer):
    return get_session(viewer).training


@pytest.fixture
def movie_file(tmp_path, movie_data):
    path = tmp_path / "mouse.tif"
    tifffile.imwrite(path, movie_data, photometric="minisblack", metadata=None)
    return path


@pytest.fixture
def begun(tmp_path, movie_file):
    """The folder of a training that was killed after its checkpoint at step 40."""
    out = tmp_path / "begun"
    out.mkdir()
    record = RunRecord(
        movie=MovieIdentity.of(open_movie(movie_file)),
        configuration=CONFIG.model_dump(),
        network=CONFIG.model,
        device="cpu",
    )
    write_record(out, record)
    numbers = json.dumps({"step": 40})
    write_tensors(out / CHECKPOINT, {"a": torch.zeros(1)}, {"numbers": numbers})
    return out


@pytest.fixture
def choosing(monkeypatch):
    """Choose a folder where one is asked for."""

    def chooses(path):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))

    return chooses


def until_looked(qtbot, dock):
    qtbot.waitUntil(lambda: not dock.begun.busy, timeout=20_000)


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_training_in_the_run_folder_is_resumed_with_its_own_settings(
    qtbot, viewer, dock, begun, movie_file, fake_train, until_idle, training
):
    viewer.open(movie_file, plugin="napari-sparsevar")
    proposed = dock.run_folder.path()
    dock.run_folder.line_edit.value = str(begun)
    until_looked(qtbot, dock)
    assert dock.begun.words.text().startswith("A training ended here after step 40 of 240.")
    assert dock.panel.begin_button.text() == "Resume"
    dock.run_folder.line_edit.value = str(proposed)
    assert dock.panel.begin_button.text() == "Train"
    dock.run_folder.line_edit.value = str(begun)
    until_looked(qtbot, dock)
    (begun / "run.json").unlink()  # the pretended training makes the folder
    (begun / CHECKPOINT).unlink()
    begun.rmdir()
    click(dock.panel.begin_button)
    assert dock.preset.value == "custom"  # of standard with another seed
    until_idle(training)
    request = fake_train.requests[-1]
    assert (request.config, request.out, request.resume) == (CONFIG, begun, True)
    assert dock.panel.begin_button.text() == "Train"


def test_a_run_that_is_chosen_for_the_run_folder_is_offered_to_go_on(
    qtbot, viewer, dock, begun, movie_file, choosing
):
    viewer.open(movie_file, plugin="napari-sparsevar")
    choosing(begun)
    click(dock.run_folder.choose_btn.native)
    until_looked(qtbot, dock)
    assert dock.run_folder.line_edit.value == str(begun)
    assert dock.panel.begin_button.text() == "Resume"


def test_what_is_known_of_an_analysis_that_was_cut_is_shown_at_once(begun, movie_file):
    (begun / CHECKPOINT).unlink()
    record = read_record(begun).model_copy(update={"status": "finished", "stage": "map"})
    write_record(begun, record)
    request = TrainingRequest(
        open_movie(movie_file), CONFIG, begun, "cpu", Placement((1.0, 1.0)), resume=True
    )
    events = worker.library_train(request, TrainingControl())
    assert next(events) == ResultsReady("map", begun)
    events.close()


def test_a_run_that_is_chosen_brings_its_movie(qtbot, viewer, dock, begun, choosing):
    choosing(begun)
    click(dock.other_runs.resume)
    until_looked(qtbot, dock)
    assert [layer.name for layer in viewer.layers] == ["mouse"]
    assert dock.movie_choice.layer is viewer.layers[0]
    assert dock.panel.begin_button.text() == "Resume"
    assert dock.panel.begin_button.isEnabled()
    assert dock.run_folder.line_edit.value == str(begun)
    click(dock.other_runs.resume)  # once more: the movie is there
    until_looked(qtbot, dock)
    assert len(viewer.layers) == 1


def test_another_movie_does_not_stand_for_that_of_the_run(
    qtbot, viewer, dock, begun, choosing, add_movie
):
    other = add_movie(viewer, name="other")
    other.data = np.asarray(other.data) + 1
    choosing(begun)
    click(dock.other_runs.resume)
    until_looked(qtbot, dock)
    assert dock.movie_choice.layer is viewer.layers["mouse"]


def test_a_folder_without_a_run_is_one_sentence(qtbot, dock, choosing, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", shown.append)
    choosing(tmp_path)
    click(dock.other_runs.resume)
    until_looked(qtbot, dock)
    assert shown == [f"There is no training in {tmp_path} to resume: train anew."]
    assert dock.panel.begin_button.text() == "Train"


@pytest.fixture
def fake_apply(monkeypatch, fake_train):
    """Replace the library's application by one that takes no time."""
    requests = []

    def apply(request, control):
        requests.append(request)
        yield Applying("cpu", request.parent, 60, (16, 20), (1, 4, 5))
        yield Notice("The movie has pixels of another size.")
        request.out.mkdir()
        yield ResultsReady("map", request.out)
        yield Finished("completed", request.out, 0, 12.0, 300.0)

    monkeypatch.setattr(worker, "library_apply", apply)
    return requests


def test_the_run_that_is_shown_is_applied_to_another_movie(
    viewer, dock, movie_file, add_movie, fake_train, fake_apply, until_idle, training
):
    add_movie(viewer)
    click(dock.panel.begin_button)
    until_idle(training)
    parent = fake_train.requests[0].out
    (parent / "run.json").write_text("{}")
    assert dock.other_runs.run.value == parent
    [layer] = viewer.open(movie_file, plugin="napari-sparsevar")
    dock.movie_choice.choose(layer)
    proposed = dock.run_folder.path()
    click(dock.other_runs.apply)
    until_idle(training)
    [request] = fake_apply
    assert (request.parent, request.out) == (parent, proposed)
    assert request.movie.source == movie_file
    assert dock.panel.sentence.text() == "Finished after 12 s."
    assert "pixels of another size" in dock.verdict.warnings.text()
    assert get_session(viewer).run.path == proposed


def test_what_was_recorded_beside_the_movie_is_applied_with_it(movie_file, tmp_path, monkeypatch):
    given = {}
    monkeypatch.setattr(
        "napari_sparsevar.training.apply.apply_run", lambda *_, **rest: given.update(rest)
    )
    beside, placement = tmp_path / "speed.csv", Placement((1.0, 1.0))
    request = TrainingRequest(
        *(open_movie(movie_file), CONFIG, tmp_path / "out", "cpu", placement),
        parent=tmp_path / "run",
        covariates=beside,
        register=None,
    )
    worker.library_apply(request, TrainingControl())
    assert (given["covariates"], given["register"]) == (beside, None)


def test_what_is_no_run_is_not_applied(viewer, dock, add_movie, fake_apply, tmp_path):
    add_movie(viewer)
    dock.other_runs.run.value = tmp_path
    click(dock.other_runs.apply)
    assert f"{tmp_path} is no run directory" in dock.panel.sentence.text()
    assert not fake_apply
