"""A movie that has the size of the run's and is another one is told apart."""

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image

from napari_sparsevar.movie import open_movie
from napari_sparsevar.run.record import MovieIdentity
from napari_sparsevar.widgets.layers.matching import MovieMatching

FRAMES = np.random.default_rng(0).normal(100, 10, (30, 20, 24)).astype(np.float32)


@pytest.fixture
def said(monkeypatch):
    """What a person is warned of."""
    sentences = []
    monkeypatch.setattr("napari_sparsevar.widgets.layers.matching.show_warning", sentences.append)
    return sentences


@pytest.fixture
def matching(tmp_path):
    """Looks at a run trained on ``FRAMES``."""
    found = MovieMatching()
    identity = MovieIdentity.of(open_movie(FRAMES))
    found.set_run(SimpleNamespace(path=tmp_path, record=SimpleNamespace(movie=identity)))
    return found


def done(matching):
    return lambda: not matching._comparing.busy


def test_the_same_movie_is_nothing_to_say(qtbot, matching, said):
    matching.set_movie_layer(Image(FRAMES.copy(), name="movie"))
    qtbot.waitUntil(done(matching), timeout=10_000)
    assert said == []


def test_another_movie_of_the_same_size_is_said_once(qtbot, matching, said):
    layer = Image(FRAMES + 1, name="other")
    matching.set_movie_layer(layer)
    qtbot.waitUntil(done(matching), timeout=10_000)
    (sentence,) = said
    assert "is not the one the run was trained on" in sentence
    matching.set_movie_layer(None)
    matching.set_movie_layer(layer)
    qtbot.waitUntil(done(matching), timeout=10_000)
    assert len(said) == 1


def test_another_size_is_not_compared(qtbot, matching, said):
    matching.set_movie_layer(Image(FRAMES[:20], name="shorter"))
    assert not matching._comparing.busy
    assert said == []
