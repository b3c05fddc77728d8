"""A viewer is told that a TIFF file holds a movie exactly where opening it gives one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (5, 24, 28)).astype(np.uint16)
STACK = np.stack([FRAMES] * 3)
COLOURS = np.zeros((5, 24, 28, 3), np.uint8)


def _axes(letters: str, **options: Any) -> dict[str, Any]:
    return {"metadata": {"axes": letters}, **options}


MOVIES: dict[str, tuple[NDArray[Any], dict[str, Any]]] = {
    "shaped": (FRAMES, {}),
    "pages alone": (FRAMES, {"metadata": None}),
    "ImageJ": (FRAMES, _axes("TYX", imagej=True)),
    "OME": (FRAMES, _axes("TYX", ome=True)),
    "OME of planes alone": (FRAMES, _axes("ZYX", ome=True)),
    "planes in time": (STACK, _axes("TZYX")),
    "channels in time": (STACK, _axes("TCYX", imagej=True)),
    "OME with planes": (STACK, _axes("TZYX", ome=True)),
}
OTHERS: dict[str, tuple[NDArray[Any], dict[str, Any]]] = {
    "single image": (FRAMES[0], {}),
    "single page": (FRAMES[0], {"metadata": None}),
    "single image of ImageJ": (FRAMES[0], {"imagej": True}),
    "single image of OME": (FRAMES[0], {"ome": True}),
    "labels": ((FRAMES[0] > 2000).astype(np.int32), {}),
    "RGB": (COLOURS[0], {"photometric": "rgb"}),
    "RGBA": (
        np.zeros((24, 28, 4), np.uint8),
        {"photometric": "rgb", "extrasamples": ["unassalpha"]},
    ),
    "colours in planes": (
        np.zeros((3, 24, 28), np.uint8),
        {"photometric": "rgb", "planarconfig": "separate"},
    ),
    "RGB in time": (COLOURS, {"photometric": "rgb"}),
    "RGB of ImageJ": (COLOURS, {"imagej": True, "photometric": "rgb"}),
    "four axes without names": (STACK, {}),
    "five axes without names": (np.stack([STACK, STACK]), {}),
    "channels": (FRAMES[:3], _axes("CYX")),
    "channels of ImageJ": (FRAMES[:3], _axes("CYX", imagej=True)),
    "channels of OME": (FRAMES[:3], _axes("CYX", ome=True)),
    "masks": (FRAMES > 2000, {}),
}


def _written(path: Path, data: NDArray[Any], options: dict[str, Any]) -> Path:
    tifffile.imwrite(path, data, **{"photometric": "minisblack", **options})
    return path


@pytest.mark.parametrize("name", MOVIES)
def test_movies(tmp_path: Path, name: str) -> None:
    path = _written(tmp_path / "movie.tif", *MOVIES[name])
    assert holds_movie(path)
    assert open_movie(path).shape == (24, 28)


@pytest.mark.parametrize("name", OTHERS)
def test_others(tmp_path: Path, name: str) -> None:
    path = _written(tmp_path / "other.tif", *OTHERS[name])
    assert not holds_movie(path)
    with pytest.raises(UserError):
        open_movie(path)


@pytest.mark.parametrize("first_is_movie", [True, False])
def test_a_movie_beside_a_single_image(tmp_path: Path, first_is_movie: bool) -> None:
    path = tmp_path / "two.tif"
    with tifffile.TiffWriter(path) as writer:
        for data in (FRAMES, FRAMES[0]) if first_is_movie else (FRAMES[0], FRAMES):
            writer.write(data, photometric="minisblack")
    assert holds_movie(path)
    assert open_movie(path).n_frames == len(FRAMES)


def test_an_image_beside_a_smaller_one_is_no_movie(tmp_path: Path) -> None:
    path = tmp_path / "thumbnail.tif"
    with tifffile.TiffWriter(path) as writer:
        for data in (FRAMES[0], FRAMES[0, :8, :8]):
            writer.write(data, photometric="minisblack", metadata=None)
    assert not holds_movie(path)


def test_no_pixel_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [
        _written(tmp_path / f"{number}.tif", *each)
        for number, each in enumerate([*MOVIES.values(), *OTHERS.values()])
    ]

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("pixels were read")

    monkeypatch.setattr(tifffile.TiffPage, "asarray", refuse)
    monkeypatch.setattr(tifffile.FileHandle, "read_array", refuse)
    for path in paths:
        holds_movie(path)
