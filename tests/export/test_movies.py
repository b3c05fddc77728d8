"""Model movies: equal to what the model decodes, in the units of the movie, whole or not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_sparsevar.errors import UserError
from napari_sparsevar.export import movies
from napari_sparsevar.export.material import Material
from napari_sparsevar.movie import ome_zarr, open_movie
from napari_sparsevar.movie.reading.lazy_frames import from_reader
from napari_sparsevar.progress import returned
from napari_sparsevar.run.decoding import Decoding, Kind


@pytest.mark.parametrize("kind", ["prediction", "residual"])
def test_frames_are_those_of_the_model(
    material: Material, tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ome_zarr, "CHUNK_BYTES", 7 * 4 * 33 * 34)
    out = returned(movies.write_model_movie(material, kind, tmp_path / "out.ome.zarr"))
    assert zarr.open_group(out, mode="r")["0"].chunks == (7, 33, 34)
    opened = open_movie(out)
    assert (opened.fps, opened.pixel_size_um) == (pytest.approx(15.0), 2.0)
    decoding = Decoding(material.run, material.movie)
    frames = np.stack([decoding.frame(kind, index) for index in range(60)])
    np.testing.assert_array_equal(opened.data.compute(), frames)


def test_prediction_and_residual_add_up_to_the_movie(material: Material, tmp_path: Path) -> None:
    assert material.movie is not None
    both = [
        returned(movies.write_model_movie(material, kind, tmp_path / f"{kind}.ome.zarr"))
        for kind in ("prediction", "residual")
    ]
    added = sum(open_movie(path).data.compute() for path in both)
    np.testing.assert_allclose(added, material.movie.data.compute(), rtol=1e-5)


def test_every_block_of_the_movie_is_read_once(material: Material, tmp_path: Path) -> None:
    assert material.movie is not None
    frames, read = material.movie.data.compute(), []

    def reader(start: int, stop: int) -> np.ndarray:
        read.append((start, stop))
        return frames[start:stop]

    counted = replace(
        material.movie, data=from_reader(reader, frames.shape, frames.dtype, length=25)
    )
    work = movies.write_model_movie(
        replace(material, movie=counted), "residual", tmp_path / "out.ome.zarr"
    )
    returned(work)
    assert read == [(0, 25), (25, 50), (50, 60)]


def test_the_metadata_are_those_of_ome(material: Material, tmp_path: Path) -> None:
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    out = returned(movies.write_model_movie(material, "prediction", tmp_path / "out.ome.zarr"))
    location = parse_url(out)
    assert location is not None
    (node,) = Reader(location)()
    assert [axis["name"] for axis in node.metadata["axes"]] == ["t", "y", "x"]
    assert [axis.get("unit") for axis in node.metadata["axes"]] == [
        "second",
        "micrometer",
        "micrometer",
    ]
    assert node.data[0].shape == (60, 33, 34)


def test_a_cancelled_movie_leaves_nothing(material: Material, tmp_path: Path) -> None:
    out = tmp_path / "movies" / "out.ome.zarr"
    work = movies.write_model_movie(material, "prediction", out)
    fractions = [next(work)[0] for _ in range(30)]
    assert fractions == sorted(fractions)
    work.close()
    assert not list(out.parent.iterdir())


def test_residuals_need_the_movie(material: Material, tmp_path: Path) -> None:
    gone = replace(material, movie=None)
    with pytest.raises(UserError, match=r"residual movie needs the movie.*movie\.tif is not there"):
        returned(movies.write_model_movie(gone, "residual", tmp_path / "out.ome.zarr"))
    assert not (tmp_path / "out.ome.zarr").exists()
