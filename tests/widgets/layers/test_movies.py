"""The movie behind a layer is what the layer shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from napari.layers import Image

from napari_sparsevar.readers.movies import read_movie
from napari_sparsevar.widgets.layers.movies import movie_of

FRAMES = np.random.default_rng(0).integers(0, 4000, (20, 16, 18)).astype(np.uint16)


def test_a_recording_that_goes_on_is_trained_on_as_it_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    for frame in FRAMES[:12]:
        tifffile.imwrite(path, frame, append=path.exists())
    ((data, options, _),) = read_movie(str(path))
    layer = Image(data, **options)
    for frame in FRAMES[12:]:
        tifffile.imwrite(path, frame, append=True)
    movie = movie_of(layer)
    np.testing.assert_array_equal(movie.data, FRAMES[:12])
    np.testing.assert_array_equal(movie.data, layer.data)
    assert "has grown to 20 frames" in movie.notes[-1]
