"""Bare pixels: the person says how large frames are."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_sparsevar.widgets.layers.movies import movie_of

FRAMES, HEIGHT, WIDTH = 12, 20, 30


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 1000, (FRAMES, HEIGHT, WIDTH)).astype("<i2")


@pytest.fixture
def file(tmp_path, frames) -> Path:
    path = tmp_path / "data.bin"
    frames.tofile(path)
    return path


@pytest.fixture
def form(viewer):
    _, form = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Open raw pixels")
    return form


def test_a_size_that_fits_opens_the_movie(form, file, frames, viewer):
    form.file.value = file
    form.rows.value, form.columns.value = HEIGHT, WIDTH
    assert form.frames.value == str(FRAMES)
    form.button.native.click()
    (layer,) = viewer.layers
    np.testing.assert_array_equal(np.asarray(layer.data), frames)
    assert movie_of(layer).choice.shape == (HEIGHT, WIDTH)  # a run trained on it finds it again


def test_a_size_that_leaves_a_rest_cannot_be_opened(form, file):
    form.file.value = file
    form.rows.value, form.columns.value = HEIGHT, WIDTH
    assert form.button.enabled
    form.columns.value = WIDTH + 1
    assert "no whole number" in form.frames.value
    assert not form.button.enabled


def test_without_a_file_there_is_nothing_to_open(form, tmp_path):
    form.file.value = tmp_path / "missing.bin"
    assert form.frames.value == "–"
    assert not form.button.enabled


def test_what_goes_wrong_is_a_notification(form, file, viewer, monkeypatch):
    said = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", said.append)
    form.file.value = file
    form.rows.value, form.columns.value = HEIGHT, WIDTH
    file.write_bytes(b"x")  # since it was counted
    form.button.native.click()
    (sentence,) = said
    assert str(file) in sentence
    assert not viewer.layers


def test_axes_that_no_file_names_are_said(form, frames, tmp_path, viewer):
    path = tmp_path / "time last.h5"
    with h5py.File(path, "w") as stored:
        stored["movie"] = np.moveaxis(frames, 0, -1)
    form.file.value = path
    form.axes.value = "yxt"
    assert not form.rows.enabled
    form.button.native.click()
    (layer,) = viewer.layers
    np.testing.assert_array_equal(np.asarray(layer.data), frames)
    assert movie_of(layer).choice.axes == "yxt"
