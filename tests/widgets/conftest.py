"""Viewers, small movies, a training and a comparison that take no time."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from napari import settings
from napari.qt.threading import WorkerBase
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

from made_comparisons import GRID, made_folder

# Strict Qt: a test that leaves a top-level widget behind fails.
pytestmark = pytest.mark.usefixtures("strict_qt")

_spec = importlib.util.spec_from_file_location("widget_fakes", Path(__file__).with_name("fakes.py"))
fakes = importlib.util.module_from_spec(_spec)
sys.modules["widget_fakes"] = fakes
_spec.loader.exec_module(fakes)


@pytest.fixture(autouse=True)
def strict_qt(monkeypatch):
    monkeypatch.setenv("NAPARI_STRICT_QT", "1")


@pytest.fixture(autouse=True)
def own_preferences(tmp_path, monkeypatch):
    """Preferences of plugins in a folder of this test."""
    monkeypatch.setattr(settings, "_CFG_PATH", str(tmp_path / "preferences" / "settings.yaml"))
    settings._clear_plugin_settings_cache()
    yield
    settings._clear_plugin_settings_cache()


@pytest.fixture(autouse=True)
def own_memory(tmp_path, monkeypatch):
    """What is remembered of cells in a folder of this test."""
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda _: str(tmp_path / "remembered"))


@pytest.fixture(autouse=True)
def no_rehearsal(monkeypatch):
    """Docks that are opened for a moment have nothing to load."""
    choices = "napari_sparsevar.widgets.training.choices"
    monkeypatch.setattr(f"{choices}.rehearse_training", lambda: None)


@pytest.fixture
def fake_train(monkeypatch):
    """Replace the library's training by one that takes no time."""
    from napari_sparsevar.widgets.training import worker

    train = fakes.FakeTrain()
    monkeypatch.setattr(worker, "library_train", train)
    monkeypatch.setattr("napari_sparsevar.run.run.load_run", fakes.fake_run)
    return train


@pytest.fixture
def home(monkeypatch, tmp_path):
    """Runs of movies in memory go to the home folder; keep it out of the way."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def movie_data():
    """60 frames of 16 x 20 pixels of noise."""
    return np.random.default_rng(0).normal(100, 10, size=(60, 16, 20)).astype(np.float32)


@pytest.fixture
def add_movie(movie_data):
    """Add the small movie to a viewer."""

    def add(viewer, **meta):
        meta = {
            "name": "movie",
            "scale": (0.1, 2.0, 2.0),
            "translate": (0.0, 10.0, 30.0),
            "units": ("s", "um", "um"),
            "contrast_limits": (50, 150),
            **meta,
        }
        return viewer.add_image(movie_data, **meta)

    return add


@pytest.fixture
def viewer(request, qtbot, home):
    """A viewer; without a window where a test or its module is marked ``windowless``."""
    mark = request.node.get_closest_marker("windowless")
    if mark is None or mark.args == (False,):
        yield request.getfixturevalue("make_napari_viewer")()
    else:
        viewer = fakes.ViewerWithoutWindow()
        yield viewer
        viewer.close()
        # Long, because one of them may be the first of all to compile what fits a VAR.
        qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=120_000)


@pytest.fixture
def open_dock(viewer):
    """Open a dock as a person would, through the manifest; alone where there is no window."""
    alone = []

    def open_(title):
        if not isinstance(viewer, fakes.ViewerWithoutWindow):
            return viewer.window.add_plugin_dock_widget("napari-sparsevar", title)[1]
        alone.append(fakes.dock_class(title)(viewer))
        return alone[-1]

    yield open_
    for widget in alone:
        widget.close()
        widget.deleteLater()
        QApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete)


@pytest.fixture
def dock(open_dock):
    """The Train dock."""
    return open_dock("Train")


@pytest.fixture
def until_idle(qtbot):
    """Wait until the training of a viewer has ended and its thread with it."""

    def wait(training, timeout=20_000):
        qtbot.waitUntil(lambda: training.state == "idle" and not training.busy, timeout=timeout)

    return wait


@pytest.fixture
def fake_compare(monkeypatch):
    """Replace the library's comparison by one that takes no time; it is kept for real."""
    from napari_sparsevar.widgets.comparing import result

    comparing = fakes.FakeComparing()
    monkeypatch.setattr("napari_sparsevar.comparison.compare.comparing", comparing)
    monkeypatch.setattr(
        result,
        "sentence",
        lambda pair, adjusted: f"{pair.a.label} against {pair.b.label}, adjusted {adjusted}",
    )
    return comparing


@pytest.fixture
def run(tmp_path):
    """A run in whose directory comparisons can be kept."""
    return fakes.fake_run(made_folder(tmp_path / "a-run"), GRID.shape)


@pytest.fixture
def open_run(qtbot, monkeypatch):
    """Open a run in a viewer as the reader of run directories does, and wait until it is there."""
    from napari_sparsevar.readers.runs import run_layers
    from napari_sparsevar.widgets.session import get_session

    def open_(viewer, run, placement=None):
        monkeypatch.setattr("napari_sparsevar.run.run.load_run", lambda path: run)
        session = get_session(viewer)
        for data, meta, kind in run_layers(run, placement):
            getattr(viewer, f"add_{kind}")(data, **meta)
        qtbot.waitUntil(lambda: session.run is run and not session.comparing.busy, timeout=10_000)
        return session

    return open_


@pytest.fixture
def until_compared(qtbot):
    """Wait until the comparison of a viewer has ended and its thread with it."""

    def wait(comparing, timeout=20_000):
        qtbot.waitUntil(lambda: comparing.state == "idle" and not comparing.busy, timeout=timeout)

    return wait


@pytest.fixture
def full_run(tmp_path):
    """A run that belongs to the small movie, in which one place drives two; with a folder."""
    from made_runs import made_full_run

    folder = made_folder(tmp_path / "full-run")
    shape = (33, 34)
    labels = np.zeros(shape, np.int32)
    labels[4:9, 4:9] = 1
    labels[24:28, 24:28] = 2
    return made_full_run(folder, shape, 60, labels=labels)


@pytest.fixture
def add_full_movie():
    """Add a movie of the size of ``full_run`` to a viewer."""

    def add(viewer, **meta):
        frames = np.random.default_rng(0).normal(100, 10, size=(60, 33, 34)).astype(np.float32)
        meta = {"scale": (1 / 15, 2.0, 2.0), "units": ("s", "um", "um"), "name": "movie", **meta}
        return viewer.add_image(frames, contrast_limits=(50, 150), **meta)

    return add


@pytest.fixture
def until_inspected(qtbot):
    """Wait until an inspection has answered everything it was asked."""

    def wait(inspecting, timeout=20_000):
        QApplication.processEvents()  # what was asked for on the next turn of the event loop
        qtbot.waitUntil(
            lambda: not inspecting.busy and inspecting.solution_path is not None, timeout=timeout
        )

    return wait


@pytest.fixture
def inspected(viewer, add_full_movie, full_run, open_run, until_inspected):
    """The inspection of a viewer with a movie and a run, ready."""
    add_full_movie(viewer)
    session = open_run(viewer, full_run)
    until_inspected(session.inspecting)
    return session.inspecting
