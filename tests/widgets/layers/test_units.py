"""Frame rate and pixel size: from the layer, from the file, or from the person."""

import pytest
import tifffile

from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless

NO_UNITS = {"scale": (1, 1, 1), "units": ("pixel",) * 3, "translate": (0, 0, 0)}


def test_units_the_movie_has_are_not_asked_for(viewer, dock, add_movie):
    add_movie(viewer)
    assert dock.movie_choice.units.native.isHidden()


def test_units_the_movie_lacks_can_be_given(viewer, dock, add_movie, fake_train, until_idle):
    layer = add_movie(viewer, **NO_UNITS)
    units = dock.movie_choice.units
    assert not units.native.isHidden()
    assert units.fps.native.text() == units.pixel_size_um.native.text() == "unknown"
    units.fps.value = 30.0
    units.pixel_size_um.value = 1.5
    assert dock.movie_choice.about.text() == "60 frames of 16 × 20 px, 30 Hz, 1.5 µm pixels."
    dock.train()
    until_idle(get_session(viewer).training)
    movie = fake_train.requests[0].movie
    assert (movie.fps, movie.pixel_size_um) == (30.0, 1.5)
    # The maps still lie over the layer, which keeps its own scale.
    assert tuple(viewer.layers[1].scale) == tuple(layer.scale[-2:]) == (1, 1)


def test_what_was_given_stays_with_its_layer(viewer, dock, add_movie):
    first, second = add_movie(viewer, **NO_UNITS), add_movie(viewer, name="other", **NO_UNITS)
    choice = dock.movie_choice
    choice.choose(first)
    choice.units.fps.value = 30.0
    choice.choose(second)
    assert choice.movie.fps is None
    assert choice.units.fps.value == 0
    choice.choose(first)
    assert choice.movie.fps == choice.units.fps.value == 30.0
    choice.units.fps.value = 0.0
    assert choice.movie.fps is None


def test_a_movie_with_given_units_can_be_refused_in_words(viewer, dock, add_movie):
    layer = add_movie(viewer, **NO_UNITS)
    dock.movie_choice.units.fps.value = 30.0
    layer.data = layer.data[0]
    assert dock.movie_choice.movie is None
    assert "single 2-D image" in dock.movie_choice.about.text()


def test_scale_set_by_hand_counts_at_once(viewer, dock, add_movie):
    layer = add_movie(viewer, **NO_UNITS)
    layer.scale, layer.units = (1 / 30, 1.5, 1.5), ("s", "um", "um")
    assert dock.movie_choice.movie.fps == pytest.approx(30)
    assert dock.movie_choice.movie.pixel_size_um == 1.5
    assert dock.movie_choice.units.native.isHidden()


def test_scale_set_by_hand_counts_for_a_movie_from_a_file(viewer, dock, movie_data, tmp_path):
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, movie_data, photometric="minisblack", metadata=None)
    [layer] = viewer.open(path, plugin="napari-sparsevar")
    assert dock.movie_choice.movie.fps is None
    layer.scale, layer.units = (1 / 30, 1.5, 1.5), ("s", "um", "um")
    assert dock.movie_choice.movie.source == path
    assert dock.movie_choice.movie.fps == pytest.approx(30)


def test_a_layer_that_is_not_chosen_any_more_is_not_followed(viewer, dock, add_movie):
    first, second = add_movie(viewer), add_movie(viewer, name="other")
    assert dock.movie_choice.layer is second
    movie = dock.movie_choice.movie
    first.scale = (0.5, 1, 1)
    assert dock.movie_choice.movie is movie
