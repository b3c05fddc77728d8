"""The main job with the true training, on a movie small enough to train in seconds."""

import numpy as np
import pytest

from napari_sparsevar.movie import simulate_movie
from napari_sparsevar.readers.movies import movie_layer
from napari_sparsevar.readers.runs import read_run
from napari_sparsevar.widgets.session import get_session

TINY = {
    ("steps",): 4,
    ("chunks",): 2,
    ("chunk_frames",): 16,
    ("crop",): 32,
    ("validate_every",): 2,
    ("model", "width"): 4,
}


@pytest.fixture
def small_movie(viewer):
    movie, _ = simulate_movie(240, (32, 32), n_cells=8, n_drivers=2, n_followers=2)
    data, meta, _ = movie_layer(movie)
    return viewer.add_image(data, **meta)


@pytest.fixture
def tiny_settings(dock):
    for path, value in TINY.items():
        dock.form.field(*path).value = value


@pytest.mark.filterwarnings("default::RuntimeWarning")
def test_train_then_open_the_run_again(viewer, dock, small_movie, tiny_settings, until_idle):
    session = get_session(viewer)
    dock.panel.begin_button.click()
    until_idle(session.training, timeout=60_000)
    assert "Finished after 4 steps" in dock.panel.sentence.text(), dock.panel.sentence.text()
    contribution, numbers, drivers = viewer.layers[1:]
    assert contribution.data.shape == (32, 32)
    assert 0 <= contribution.data.min() <= contribution.data.max()
    assert tuple(contribution.scale) == tuple(small_movie.scale[-2:])
    assert len(numbers.data) == len(drivers.features) == drivers.data.max()
    assert session.training.history.training["total"].steps == [1, 2, 3, 4]
    assert session.training.history.validation["total"].steps

    with pytest.warns(UserWarning, match="only its maps open"):
        again = read_run(str(session.run.path))
    np.testing.assert_array_equal(again[0][0], contribution.data)
    assert [kind for _, _, kind in again] == ["image", "points", "labels"]


def test_stop_keeps_the_best_model(qtbot, viewer, dock, small_movie, tiny_settings, until_idle):
    training = get_session(viewer).training
    dock.form.field("steps").value = 500
    dock.panel.begin_button.click()
    qtbot.waitUntil(lambda: bool(training.history.training["total"].steps), timeout=60_000)
    dock.panel.end_button.click()
    until_idle(training, timeout=60_000)
    assert "Stopped after" in dock.panel.sentence.text()
    assert len(viewer.layers) == 4
