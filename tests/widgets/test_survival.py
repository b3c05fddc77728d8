"""What people do while a network trains."""

import gc
import time

import pytest
from napari.qt.threading import WorkerBase

from napari_sparsevar.widgets.session import get_session


@pytest.fixture
def training(viewer):
    return get_session(viewer).training


@pytest.fixture
def no_thread_left(qtbot):
    def wait():
        qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=10_000)

    return wait


@pytest.mark.parametrize("paused", [False, True])
def test_closing_the_window_ends_the_training(
    qtbot, viewer, dock, add_movie, fake_train, training, no_thread_left, paused
):
    fake_train.steps = 10_000
    add_movie(viewer)
    dock.train()
    qtbot.waitUntil(lambda: bool(training.history.training["total"].steps), timeout=5000)
    if paused:
        training.pause()
        qtbot.waitUntil(lambda: training.state == "paused", timeout=5000)
    before = time.monotonic()
    viewer.close()
    no_thread_left()
    assert time.monotonic() - before < 5
    assert fake_train.controls[0].stop_requested
    assert fake_train.closed == 1
    assert training.state == "idle"


def test_movie_layer_renamed_while_training(
    viewer, dock, add_movie, fake_train, training, until_idle
):
    layer = add_movie(viewer)
    dock.train()
    layer.name = "something else"
    until_idle(training)
    assert len(viewer.layers) == 4
    assert dock.movie_choice.layer is layer


def test_movie_layer_deleted_while_training(
    viewer, dock, add_movie, fake_train, training, until_idle
):
    layer = add_movie(viewer)
    scale, translate = tuple(layer.scale[-2:]), tuple(layer.translate[-2:])
    dock.train()
    viewer.layers.remove(layer)
    del layer
    until_idle(training)
    assert len(viewer.layers) == 3
    assert tuple(viewer.layers[0].scale) == scale
    assert tuple(viewer.layers[0].translate) == translate
    assert "Finished after" in dock.panel.sentence.text()


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), ValueError("odd")])
def test_exception_in_the_first_step(
    viewer, dock, add_movie, fake_train, training, until_idle, monkeypatch, error
):
    shown = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", shown.append)
    fake_train.error = error
    add_movie(viewer)
    dock.train()
    until_idle(training)
    assert len(shown) == 1
    assert str(error) in shown[0]
    fake_train.error = None
    dock.train()
    until_idle(training)
    assert "Finished after" in dock.panel.sentence.text()


def test_a_second_start_while_training_is_ignored(
    viewer, dock, add_movie, fake_train, training, until_idle
):
    add_movie(viewer)
    dock.train()
    dock.train()
    until_idle(training)
    assert len(fake_train.requests) == 1


def test_train_without_any_image_layer(viewer, dock, training):
    viewer.add_points()
    dock.train()
    assert training.state == "idle"
    assert "Open a movie" in dock.panel.sentence.text()


def test_dock_closed_and_opened_again_while_training(
    qtbot, viewer, dock, add_movie, fake_train, training, until_idle
):
    fake_train.steps = 10_000
    layer = add_movie(viewer)
    dock.preset.value = "fast"
    dock.form.field("seed").value = 5
    dock.train()
    qtbot.waitUntil(lambda: len(training.history.training["total"].steps) > 20, timeout=5000)
    viewer.window.remove_dock_widget(dock)
    qtbot.wait(50)
    _, again = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Train")
    assert again is not dock
    assert training.state == "training"
    assert not again.settings.isEnabled()
    assert again.panel.end_button.isEnabled()
    assert again.form.field("seed").value == 5
    assert again.movie_choice.layer is layer
    again.loss_plot.redraw()
    assert len(again.loss_plot._training["reconstruction"].xData) > 20
    again.panel.end_button.click()
    until_idle(training)
    assert "Stopped after" in again.panel.sentence.text()


def test_maps_appear_even_if_the_dock_is_closed(
    viewer, dock, add_movie, fake_train, training, until_idle
):
    add_movie(viewer)
    dock.train()
    viewer.window.remove_dock_widget(dock)
    until_idle(training)
    assert len(viewer.layers) == 4


def test_each_viewer_has_its_own_session(make_napari_viewer):
    first, second = make_napari_viewer(), make_napari_viewer()
    assert get_session(first) is get_session(first)
    assert get_session(first) is not get_session(second)


def test_theme_changes_while_the_dock_is_open(viewer, dock):
    viewer.theme = "light"
    light = dock.loss_plot._plot.backgroundBrush().color().lightness()
    viewer.theme = "dark"
    assert dock.loss_plot._plot.backgroundBrush().color().lightness() < light


def test_closing_a_dock_and_collecting_garbage_before_qt_deletes_it(
    viewer, open_dock, inspected, until_inspected
):
    viewer.window.remove_dock_widget(open_dock("Drivers"))
    gc.collect()  # ended the program once
    inspected.select_next(1)
    until_inspected(inspected)
    assert inspected.selection is not None
