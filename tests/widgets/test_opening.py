"""Files dropped on a viewer: movies are ours, the rest is napari's, and nothing ends it."""

import subprocess
import sys

import h5py
import numpy as np
import pytest
import tifffile
from napari._qt.dialogs.qt_reader_dialog import QtReaderDialog
from npe2 import PluginManager

from napari_sparsevar.widgets.layers.movies import movie_of
from napari_sparsevar.widgets.opening import get_reader
from napari_sparsevar.widgets.session import get_session

FRAMES = np.random.default_rng(0).integers(0, 4000, (12, 16, 18)).astype(np.uint16)


def test_channels_open_with_their_units_and_stay_apart(make_napari_viewer, tmp_path):
    stack = np.stack([FRAMES, FRAMES + 1], axis=1)
    options = {"axes": "TCYX", "finterval": 0.05, "unit": "um"}
    path = tmp_path / "two.tif"
    tifffile.imwrite(path, stack, imagej=True, resolution=(1.25, 1.25), metadata=options)
    PluginManager.instance().discover()
    viewer = make_napari_viewer()
    viewer.open(str(path), plugin="napari-sparsevar")
    assert [layer.name for layer in viewer.layers] == ["two channel 2", "two channel 1"]
    assert viewer.layers.selection.active is viewer.layers["two channel 1"]
    assert [layer.visible for layer in viewer.layers] == [False, True]
    for number in (1, 2):
        layer = viewer.layers[f"two channel {number}"]
        np.testing.assert_allclose(layer.scale, (0.05, 0.8, 0.8))
        assert [str(unit) for unit in layer.units] == ["second", "micrometer", "micrometer"]
        movie = movie_of(layer)
        np.testing.assert_array_equal(movie.data, FRAMES + number - 1)
        assert movie.choice.channel == number


def test_a_data_set_is_the_one_that_is_trained_on(make_napari_viewer, tmp_path):
    path = tmp_path / "movies.h5"
    with h5py.File(path, "w") as file:
        file["raw"], file["corrected"] = FRAMES, FRAMES + 1
    PluginManager.instance().discover()
    viewer = make_napari_viewer()
    viewer.open(str(path), plugin="napari-sparsevar")
    movie = movie_of(viewer.layers["movies raw"])
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.choice.dataset == "/raw"


def written(path, data, **options):
    tifffile.imwrite(path, data, **{"photometric": "minisblack", **options})
    return str(path)


@pytest.fixture
def said(monkeypatch):
    """What a person is told, as sentences."""
    sentences = []
    monkeypatch.setattr("napari_sparsevar.widgets.opening.show_info", sentences.append)
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", sentences.append)
    return sentences


@pytest.fixture
def choose_sparsevar(monkeypatch):
    """Press OK in napari's question which reader to take; SparseVAR comes preselected."""

    def answer(dialog):
        assert dialog._get_plugin_choice() == "SparseVAR"
        return dialog._get_plugin_choice(), False

    monkeypatch.setattr(QtReaderDialog, "get_user_choices", answer)


OTHERS = {
    "labels": ((FRAMES[0] > 2000).astype(np.uint16), {}, "single image"),
    "rgb": (np.zeros((8, 9, 3), np.uint8), {"photometric": "rgb"}, "colour"),
    "stack": (np.stack([FRAMES, FRAMES]), {}, "does not say which one is time"),
    "channels": (FRAMES[:3], {"metadata": {"axes": "CYX"}}, "set of channels"),
    "planes": (FRAMES, {"metadata": {"axes": "ZYX"}, "imagej": True}, "choose its layer in the"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_movie_opens_as_napari_opens_it(
    make_napari_viewer, tmp_path, qtbot, said, choose_sparsevar, name
):
    data, options, why = OTHERS[name]
    path = written(tmp_path / f"{name}.tif", data, **options)
    PluginManager.instance().discover()
    viewer = make_napari_viewer()
    # What a file dropped on the window does, and one named on napari's command line.
    viewer.window._qt_viewer._qt_open([path], stack=False)
    (layer,) = viewer.layers
    np.testing.assert_array_equal(layer.data, data)
    qtbot.waitUntil(lambda: len(said) == 1, timeout=2000)
    assert path in said[0]
    assert why in said[0]
    assert "napari's own reader" in said[0]


def test_files_opened_as_a_stack_are_napari_s(
    make_napari_viewer, tmp_path, qtbot, said, choose_sparsevar
):
    paths = [written(tmp_path / f"{number}.tif", FRAMES[number]) for number in (0, 1)]
    PluginManager.instance().discover()
    viewer = make_napari_viewer()
    viewer.window._qt_viewer._qt_open(paths, stack=True)
    np.testing.assert_array_equal(viewer.layers[0].data, FRAMES[:2])


def test_a_damaged_movie_is_a_notification(
    make_napari_viewer, tmp_path, qtbot, said, choose_sparsevar
):
    path = tmp_path / "cut.tif"
    written(path, FRAMES)
    path.write_bytes(path.read_bytes()[:600])  # not one image is whole
    PluginManager.instance().discover()
    viewer = make_napari_viewer()
    viewer.window._qt_viewer._qt_open([str(path)], stack=False)
    assert not viewer.layers
    qtbot.waitUntil(lambda: len(said) == 1, timeout=2000)
    assert "truncated" in said[0]


@pytest.mark.parametrize(
    ("suffix", "end"),
    [(".h5", "does not open it either."), (".nwb", "No other reader is installed for it.")],
)
def test_tables_that_no_reader_opens_are_a_notification(
    make_napari_viewer, tmp_path, qtbot, said, choose_sparsevar, suffix, end
):
    path = tmp_path / f"table{suffix}"
    with h5py.File(path, "w") as file:
        file["table"] = np.arange(4)
    PluginManager.instance().discover()
    viewer = make_napari_viewer()
    viewer.window._qt_viewer._qt_open([str(path)], stack=False)
    assert not viewer.layers
    qtbot.waitUntil(lambda: len(said) == 1, timeout=2000)
    assert "holds no movie" in said[0]
    assert said[0].endswith(end)


START = """
import sys
from napari._qt.dialogs.qt_reader_dialog import QtReaderDialog
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication
import napari

QtReaderDialog.get_user_choices = lambda dialog: (dialog._get_plugin_choice(), False)

def end():
    viewer = napari.current_viewer()
    print("LAYERS", [(layer.name, layer.data.shape) for layer in viewer.layers])
    print("SAID", [str(record.message) for record in notification_manager.records])
    QApplication.instance().quit()

notification_manager.notification_ready.connect(lambda _: QTimer.singleShot(0, end))
sys.argv = ["napari", *sys.argv[1:]]
from napari._main import main
main()
"""


def test_napari_started_on_a_colour_image_stays(tmp_path):
    path = written(tmp_path / "rgb.tif", np.zeros((8, 9, 3), np.uint8), photometric="rgb")
    script = tmp_path / "start.py"
    script.write_text(START)
    settings = f"--settings-path={tmp_path / 'settings.yaml'}"
    done = subprocess.run(
        [sys.executable, str(script), settings, path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "LAYERS [('rgb', (8, 9, 3))]" in done.stdout
    assert "colour (RGB) image" in done.stdout


def test_cells_go_to_their_dock(make_napari_viewer, tmp_path, qtbot, choose_sparsevar):
    path = tmp_path / "traces.csv"
    traces = np.random.default_rng(0).normal(size=(60, 3))
    np.savetxt(path, traces, delimiter=",", header="a,b,c", comments="")
    PluginManager.instance().discover()
    viewer = make_napari_viewer()
    viewer.window._qt_viewer._qt_open([str(path)], stack=False)
    assert not viewer.layers
    cells = get_session(viewer).cells
    qtbot.waitUntil(lambda: cells.given is not None and not cells.busy, timeout=20_000)
    assert list(cells.given.names) == ["a", "b", "c"]
    np.testing.assert_allclose(cells.given.traces["raw"], traces, rtol=1e-5)


def test_tables_and_archives_without_cells_are_not_ours(tmp_path):
    for name, content in (
        ("a.csv", "index,axis-0,axis-1\n0,1.5,2.5\n"),
        ("b.zip", ""),
        ("c.npy", ""),
    ):
        (tmp_path / name).write_text(content)
        assert get_reader(str(tmp_path / name)) is None
