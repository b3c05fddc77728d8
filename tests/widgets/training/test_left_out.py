"""Frames and pixels that the Train dock leaves out of the movie it trains on."""

import numpy as np
import pytest

pytestmark = pytest.mark.windowless


@pytest.fixture
def asked(viewer, add_movie, dock, fake_train, until_idle):
    """Train, and return what was asked for."""
    add_movie(viewer)

    def ask():
        dock.train()
        until_idle(dock._session.training)
        return dock._session.training.request

    return ask


def test_nothing_is_left_out_unasked(asked):
    assert asked().movie.left_out is None


def test_frames_and_painted_pixels_are_left_out(viewer, dock, asked):
    painted = np.zeros((16, 20), int)
    painted[:4, 3:] = 2
    viewer.add_labels(painted, name="vessel", scale=(2.0, 2.0))
    dock.left_out.frames.value = "3-5, 9"
    dock.left_out.pixels.value = dock.left_out.pixels.choices[-1]
    left_out = asked().movie.left_out
    assert np.flatnonzero(left_out.frames).tolist() == [3, 4, 5, 9]
    np.testing.assert_array_equal(left_out.pixels, painted > 0)


def test_what_is_painted_in_any_frame_counts(viewer, dock, asked):
    painted = np.zeros((60, 16, 20), int)
    painted[7, 2, 2] = painted[30, 5, 5] = 1
    viewer.add_labels(painted, name="vessel")
    dock.left_out.pixels.value = dock.left_out.pixels.choices[-1]
    assert np.argwhere(asked().movie.left_out.pixels).tolist() == [[2, 2], [5, 5]]


def test_what_was_recorded_beside_the_movie_is_taken_out(dock, asked, tmp_path):
    assert asked().covariates is None
    dock.left_out.covariates.line_edit.value = str(tmp_path / "running.csv")
    assert asked().covariates == tmp_path / "running.csv"


def test_what_does_not_fit_is_said_and_nothing_begins(viewer, dock, asked, fake_train):
    dock.left_out.frames.value = "50-70"
    dock.train()
    assert "no frame 50-70" in dock._session.training.report.sentence
    assert dock._session.training.request is None


def test_a_layer_that_goes_is_not_offered_any_more(viewer, dock):
    layer = viewer.add_labels(np.zeros((16, 20), int))
    dock.left_out.pixels.value = dock.left_out.pixels.choices[-1]
    viewer.layers.remove(layer)
    assert dock.left_out.pixels.value is None
    assert len(dock.left_out.pixels.choices) == 1


def test_frames_marked_on_the_timeline_are_left_out(dock, asked, tmp_path):
    painted, nothing = dock._session.painted, np.zeros(60, bool)
    assert dock.left_out.marked.isHidden()
    dock.left_out.frames.value = "9"
    asked()
    painted.mark(3, 5, nothing, bad=True)
    assert "2 frames are marked bad" in dock.left_out.marked.text()
    left_out = asked().movie.left_out
    assert (np.flatnonzero(left_out.frames).tolist(), left_out.find) == ([3, 4, 9], True)
    dock.left_out.frames.value = "none"
    left_out = asked().movie.left_out
    assert (np.flatnonzero(left_out.frames).tolist(), left_out.find) == ([3, 4], False)


def test_frames_that_were_found_are_used_again(dock, asked):
    """Then those that were found are known, and no others are looked for."""
    found = np.zeros(60, bool)
    found[[20, 21, 40]] = True
    asked()
    dock._session.painted.mark(20, 22, found, bad=False)
    left_out = asked().movie.left_out
    assert (np.flatnonzero(left_out.frames).tolist(), left_out.find) == ([40], False)


def test_trials_are_apart(dock, asked, tmp_path):
    (tmp_path / "trials.csv").write_text("start,stop\n0,20\n25,60\n")
    dock.left_out.trials.line_edit.value = str(tmp_path / "trials.csv")
    movie = asked().movie
    assert movie.jumps == (25,)
    assert np.flatnonzero(movie.left_out.frames).tolist() == [20, 21, 22, 23, 24]
