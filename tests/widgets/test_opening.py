"""Files dropped on a viewer: a layer for each channel, and the movie behind each."""

import h5py
import numpy as np
import tifffile
from npe2 import PluginManager

from napari_sparsevar.widgets.layers.movies import movie_of

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
