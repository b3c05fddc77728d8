"""Compression that is not installed is named, with its package, when a file is opened."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.formats import hdf5, zarr_store

FRAMES = np.random.default_rng(0).integers(0, 4000, (20, 16, 18)).astype(np.uint16)


def write_hdf5(path: Path, number: int, *, mask: int = 0) -> None:
    """Write pixels as they are and note that a filter has been over them."""
    with h5py.File(path, "w") as file:
        made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        made.set_chunk((5, 16, 18))
        made.set_filter(number, h5py.h5z.FLAG_OPTIONAL, (1, 2))
        space = h5py.h5s.create_simple(FRAMES.shape)
        stored = h5py.h5d.create(file.id, b"movie", h5py.h5t.NATIVE_UINT16, space, made)
        for start in range(0, 20, 5):
            piece = FRAMES[start : start + 5].tobytes()
            stored.write_direct_chunk((start, 0, 0), piece, mask)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (32015, r"Zstandard \(HDF5 filter 32015\).*pip install hdf5plugin"),
        (32008, "Bitshuffle.*pip install hdf5plugin"),
        (32099, "HDF5 filter 32099.*h5repack"),
    ],
)
def test_a_filter_is_named_on_opening(
    tmp_path: Path, number: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hdf5plugin", None)
    write_hdf5(tmp_path / "movie.h5", number)
    assert hdf5.holds_movie(tmp_path / "movie.h5")
    with pytest.raises(UserError, match=said) as caught:
        open_movie(tmp_path / "movie.h5")
    assert "damaged" not in str(caught.value)


def test_chunks_that_the_filter_left_alone_are_read(tmp_path: Path) -> None:
    write_hdf5(tmp_path / "movie.h5", 32099, mask=1)
    np.testing.assert_array_equal(open_movie(tmp_path / "movie.h5").data, FRAMES)


def test_a_filter_of_nwb_is_named(tmp_path: Path) -> None:
    path = tmp_path / "session.nwb"
    write_hdf5(path, 32099)
    with h5py.File(path, "a") as file:
        file.attrs["nwb_version"] = "2.7.0"
        series = file.create_group("acquisition/series")
        series.attrs["neurodata_type"] = "TwoPhotonSeries"
        file.move("movie", "acquisition/series/data")
    with pytest.raises(UserError, match="HDF5 filter 32099"):
        open_movie(path)


def write_zarr(path: Path, version: Any, codec: str) -> None:
    zarr.create_array(str(path), data=FRAMES, chunks=(5, 16, 18), zarr_format=version)
    mark = path / (".zarray" if version == 2 else "zarr.json")
    described = json.loads(mark.read_text())
    if version == 2:
        described["compressor"] = {"id": codec}
    else:
        described["codecs"][-1] = {"name": codec, "configuration": {}}
    mark.write_text(json.dumps(described))


@pytest.mark.parametrize(
    ("version", "codec", "said"),
    [
        (2, "wavpack", "codec wavpack.*pip install wavpack-numcodecs"),
        (2, "imagecodecs_nothing", "codec imagecodecs_nothing.*pip install imagecodecs"),
        (3, "our-own", "codec our-own.*install it"),
    ],
)
def test_a_codec_is_named(tmp_path: Path, version: Any, codec: str, said: str) -> None:
    write_zarr(tmp_path / "movie.zarr", version, codec)
    assert zarr_store.holds_movie(tmp_path / "movie.zarr")
    with pytest.raises(UserError, match=said) as caught:
        open_movie(tmp_path / "movie.zarr")
    assert "damaged" not in str(caught.value)


def test_a_codec_of_an_array_in_a_group_is_named(tmp_path: Path) -> None:
    zarr.open_group(str(tmp_path / "group.zarr"), mode="w", zarr_format=2)
    write_zarr(tmp_path / "group.zarr" / "movie", 2, "wavpack")
    with pytest.raises(UserError, match="wavpack-numcodecs"):
        open_movie(tmp_path / "group.zarr")


def test_codecs_that_are_installed_become_known(tmp_path: Path) -> None:
    codecs = pytest.importorskip("imagecodecs.numcodecs")
    path = tmp_path / "movie.zarr"
    write_zarr(path, 2, codecs.Zlib.codec_id)
    codec = codecs.Zlib()
    for start in range(4):
        (path / f"{start}.0.0").write_bytes(codec.encode(FRAMES[5 * start : 5 * start + 5].copy()))
    np.testing.assert_array_equal(open_movie(path).data, FRAMES)
