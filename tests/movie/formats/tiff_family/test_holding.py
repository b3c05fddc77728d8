"""A viewer is told that a TIFF holds a movie where opening it gives one, but for few planes."""

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
    "many planes of ImageJ": (np.resize(FRAMES, (100, 24, 28)), _axes("ZYX", imagej=True)),
    "many planes of OME": (np.resize(FRAMES, (100, 24, 28)), _axes("ZYX", ome=True)),
    "planes in time": (STACK, _axes("TZYX")),
    "channels in time": (STACK, _axes("TCYX", imagej=True)),
    "OME with planes": (STACK, _axes("TZYX", ome=True)),
}
STACKS: dict[str, tuple[NDArray[Any], dict[str, Any]]] = {
    "OME": (FRAMES, _axes("ZYX", ome=True)),
    "ImageJ": (FRAMES, _axes("ZYX", imagej=True)),
    "shaped": (FRAMES, _axes("ZYX")),
    "just too few": (np.resize(FRAMES, (99, 24, 28)), _axes("ZYX", imagej=True)),
    "with channels": (np.stack([FRAMES] * 2, axis=1), _axes("ZCYX", imagej=True)),
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


@pytest.mark.parametrize("name", STACKS)
def test_a_few_planes_in_depth_are_frames_only_for_who_says_so(tmp_path: Path, name: str) -> None:
    path = _written(tmp_path / "stack.tif", *STACKS[name])
    assert not holds_movie(path)
    movie = open_movie(path)
    assert movie.n_frames == len(STACKS[name][0])
    assert any("planes; they are taken as frames" in note for note in movie.notes)


@pytest.mark.parametrize(("header", "n_frames"), [("", 10), ("finterval=0.1\n", 5)])
def test_more_pages_than_planes_or_a_rate_make_a_movie(
    tmp_path: Path, header: str, n_frames: int
) -> None:
    path, said = tmp_path / "movie.tif", f"ImageJ=1.54f\nimages=5\nslices=5\n{header}"
    with tifffile.TiffWriter(path) as writer:
        for number in range(n_frames):
            text = None if number else said
            writer.write(FRAMES[number % 5], contiguous=False, metadata=None, description=text)
    assert holds_movie(path)
    assert open_movie(path).n_frames == n_frames


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
        for number, each in enumerate([*MOVIES.values(), *STACKS.values(), *OTHERS.values()])
    ]

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("pixels were read")

    monkeypatch.setattr(tifffile.TiffPage, "asarray", refuse)
    monkeypatch.setattr(tifffile.FileHandle, "read_array", refuse)
    for path in paths:
        holds_movie(path)
