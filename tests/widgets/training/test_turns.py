"""Where channels take turns the Train dock says so, and takes them apart on a click."""

import numpy as np
import pytest
import tifffile

from napari_sparsevar.readers.movies import read_movie
from napari_sparsevar.widgets.layers.movies import movie_of

pytestmark = pytest.mark.windowless


@pytest.fixture
def both():
    rng = np.random.default_rng(0)
    frames = rng.poisson(20, (240, 16, 18)).astype(np.uint16)
    frames[1::2] = rng.poisson(300 * rng.random((16, 18)), (120, 16, 18))
    return frames


def opened(viewer, path):
    (layer,) = read_movie(str(path))
    return viewer.add_image(layer[0], **layer[1])


def said(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.turns.isHidden(), timeout=10_000)
    return dock.turns.words.text()


def test_a_click_takes_them_apart(viewer, dock, qtbot, tmp_path, both):
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, both, metadata=None)
    layer = opened(viewer, path)
    assert "take turns" in said(dock, qtbot)
    dock.turns.button.click()
    assert [each.name for each in viewer.layers] == ["movie", "movie channel 2", "movie channel 1"]
    assert [each.visible for each in viewer.layers] == [False, False, True]
    assert layer in viewer.layers
    for each, frames in zip(viewer.layers[1:], (both[1::2], both[::2]), strict=True):
        movie = movie_of(each)
        np.testing.assert_array_equal(each.data, frames)
        np.testing.assert_array_equal(movie.data, frames)  # what is shown is trained on
        assert movie.source == path
    assert dock.movie_choice.movie.choice.channel == 1
    assert dock.turns.isHidden()


def test_frames_in_memory_too(viewer, dock, qtbot, both):
    viewer.add_image(both, name="movie")
    said(dock, qtbot)
    dock.turns.button.click()
    np.testing.assert_array_equal(dock.movie_choice.movie.data, both[::2])


def test_of_an_ordinary_movie_nothing_is_said(viewer, dock, qtbot, add_movie):
    add_movie(viewer)
    qtbot.wait(300)
    assert dock.turns.isHidden()
