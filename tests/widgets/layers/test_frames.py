"""Frames, seconds and the slider mean the same time."""

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.layers.frames import Frames, TimeUnit
from napari_sparsevar.widgets.layers.movies import movie_of

pytestmark = pytest.mark.windowless


@pytest.fixture
def frames_of():
    return lambda layer: Frames.of(layer, movie_of(layer))


def test_slider_and_frame_are_the_same_place(viewer, add_movie, frames_of):
    frames = frames_of(add_movie(viewer, translate=(3.0, 0.0, 0.0)))
    assert (frames.n_frames, frames.fps) == (60, pytest.approx(10.0))
    for frame in (0, 7, 59):
        frames.show(viewer, frame)
        assert frames.shown(viewer) == frame
        assert viewer.dims.point[0] == pytest.approx(3.0 + frame * 0.1)


def test_beyond_the_movie_is_its_end(viewer, add_movie, frames_of):
    frames = frames_of(add_movie(viewer))
    frames.show(viewer, 1e6)
    assert frames.shown(viewer) == 59


def test_a_viewer_of_more_dimensions_has_the_slider_elsewhere(viewer, add_movie, frames_of):
    frames = frames_of(add_movie(viewer))
    viewer.add_image(
        np.zeros((2, 60, 16, 20)), scale=(1, 0.1, 2, 2), units=("pixel", "s", "um", "um")
    )
    frames.show(viewer, 12)
    assert viewer.dims.point[1] == pytest.approx(1.2)
    assert frames.shown(viewer) == 12


@pytest.mark.parametrize("fps", [None, 3.7, 15.0, 30.0, 1000.0])
def test_every_frame_survives_being_written_and_read(fps):
    unit = TimeUnit(fps)
    for frame in [*range(50), 99_999]:
        assert unit.frame(unit.text(frame)) == frame
    pieces = ((0, 100), (300, 417))
    assert unit.pieces(unit.pieces_text(pieces)) == pieces


@pytest.mark.parametrize("fps", [None, 30.0])
@pytest.mark.parametrize("text", ["", "x", "-3", "nan", "inf"])
def test_what_is_no_time_is_one_sentence(fps, text):
    with pytest.raises(UserError) as caught:
        TimeUnit(fps).frame(text)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("fps", [None, 30.0])
def test_what_is_no_stretch_is_one_sentence(fps):
    with pytest.raises(UserError, match="START:STOP"):
        TimeUnit(fps).pieces("12")
