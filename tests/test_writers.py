"""What File > Save writes opens again with its units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari.layers import Image, Labels

import napari_sparsevar as sv
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.reading.lazy_frames import from_memory
from napari_sparsevar.writers import write_layer

RNG = np.random.default_rng(0)


def test_a_movie_comes_back_with_its_units(tmp_path: Path) -> None:
    frames = RNG.integers(0, 60_000, (7, 20, 24)).astype(np.uint16)
    layer = Image(
        from_memory(frames), name="a", scale=(0.05, 1.5, 1.5), units=("second", "um", "um")
    )
    data, meta, _ = layer.as_layer_data_tuple()
    path = str(tmp_path / "movie.tif")
    for _ in range(2):  # the second replaces the first: napari has asked
        assert write_layer(path, data, meta) == [path]
    movie = sv.open_movie(path)
    np.testing.assert_array_equal(movie.data.compute(), frames)
    assert movie.fps == pytest.approx(20)
    assert movie.pixel_size_um == pytest.approx(1.5)


@pytest.mark.parametrize("kind", [Image, Labels])
def test_a_map_keeps_the_size_of_its_pixels(kind: type, tmp_path: Path) -> None:
    image = RNG.integers(0, 9, (20, 24)).astype(np.int32 if kind is Labels else np.float32)
    layer = kind(image, name="drivers", scale=(2.0, 2.0), units=("um", "um"))
    data, meta, _ = layer.as_layer_data_tuple()
    write_layer(str(tmp_path / "map.ome.tif"), data, meta)
    with tifffile.TiffFile(tmp_path / "map.ome.tif") as file:
        np.testing.assert_array_equal(file.asarray(), image)
        assert 'PhysicalSizeX="2.0"' in str(file.ome_metadata)
        assert 'Name="drivers"' in str(file.ome_metadata)


def test_without_units_none_are_made_up(tmp_path: Path) -> None:
    data, meta, _ = Image(np.zeros((4, 5), np.float32)).as_layer_data_tuple()
    write_layer(str(tmp_path / "map.tif"), data, meta)
    with tifffile.TiffFile(tmp_path / "map.tif") as file:
        assert "PhysicalSize" not in str(file.ome_metadata)


def test_what_is_neither_movie_nor_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"layer cells is neither a movie"):
        write_layer(str(tmp_path / "a.tif"), np.zeros((2, 2, 4, 4)), {"name": "cells"})
    assert not list(tmp_path.iterdir())
