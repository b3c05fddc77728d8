"""Several planes as one movie: laid side by side, and a stack again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import check_frames, open_movie, register
from napari_sparsevar.movie.side_by_side import plane_of
from napari_sparsevar.movie.stack import Stack, check_planes

FRAMES = np.random.default_rng(0).integers(1, 900, (12, 3, 16, 20), dtype=np.uint16)
STACK = Stack((1, 3, 4), 5, 6.0, (16, 20), 8)


def opened(source: Any = FRAMES, **options: Any) -> Any:
    return open_movie(source, **{"axes": "TZYX", "planes": "all", **options})


def test_a_stack_comes_back_as_it_was() -> None:
    image = FRAMES[0].astype(float)
    field = STACK.folded(image)
    assert field.shape == STACK.field == (16, 3 * 20 + 2 * 8)
    np.testing.assert_array_equal(STACK.unfolded(field), image)
    assert not field[STACK.blank()].any()
    assert STACK.blank().sum() == field.size - image.size


def test_places_know_their_plane_and_their_column_in_it() -> None:
    columns = np.concatenate([np.arange(20) + index * 28 for index in range(3)])
    np.testing.assert_array_equal(STACK.index_at(columns), np.repeat([0, 1, 2], 20))
    np.testing.assert_array_equal(STACK.column_at(columns), np.tile(np.arange(20), 3))
    # The outermost halves of pixels are of the plane as well.
    np.testing.assert_array_equal(STACK.index_at([-0.5, 19.5, 27.5, 47.5]), [0, 0, 1, 1])


def test_planes_are_read_one_after_the_other() -> None:
    first, second, third = 3, 30, 60  # planes 1, 3 and 4, each read in a sixth of the volume
    found = STACK.later([first, third, second], [second, first, second])
    np.testing.assert_allclose(found, [2 / 6, -3 / 6, 0])


def test_planes_of_an_array_are_one_movie() -> None:
    movie = opened()
    assert movie.stack is not None
    assert movie.stack.volume == (3, 16, 20)
    assert (movie.choice.plane, movie.choice.planes) == (None, (1, 2, 3))
    np.testing.assert_array_equal(movie.stack.unfolded(movie.data.compute()), FRAMES)
    for index in range(3):
        alone = plane_of(movie, index)
        assert alone.stack is None
        np.testing.assert_array_equal(alone.data, FRAMES[:, index])


def test_some_of_the_planes() -> None:
    movie = opened(planes="2,3")
    assert movie.stack.planes == (2, 3)
    assert movie.stack.of == 3
    np.testing.assert_array_equal(movie.stack.unfolded(movie.data.compute()), FRAMES[:, 1:])
    again = open_movie(FRAMES, **asdict(movie.choice))
    np.testing.assert_array_equal(again.data, movie.data)


def test_what_lies_between_planes_does_not_count_and_nobody_hears_of_it() -> None:
    movie = opened()
    report = check_frames(movie)
    np.testing.assert_array_equal(report.ignored, movie.stack.blank())
    assert report.sentences() == ()
    assert report.minimum == FRAMES.min()


def test_each_plane_has_a_rim_of_its_own() -> None:
    frames = FRAMES.astype(np.float32)
    frames[:, 1, :, -3:] = np.nan  # on an inner edge of the field
    filled = FRAMES.copy()
    filled[:, 1, :, :3] = 0
    for given in (frames, filled):
        movie = opened(given)
        assert check_frames(movie).ignored.sum() == movie.stack.blank().sum() + 3 * 16


def test_a_recording_that_ended_in_the_middle_of_a_volume(tmp_path: Path) -> None:
    for number, n_frames in enumerate((12, 12, 11)):
        folder = tmp_path / f"plane{number}"
        folder.mkdir()
        FRAMES[:n_frames, number].astype(np.int16).tofile(folder / "data.bin")
        np.save(folder / "ops.npy", {"Ly": 16, "Lx": 20, "fs": 5.0, "nframes": n_frames})  # type: ignore[arg-type]
    movie = open_movie(tmp_path, planes="all")
    assert movie.n_frames == 11
    assert movie.fps == 5.0
    assert movie.stack is not None
    np.testing.assert_array_equal(movie.stack.unfolded(movie.data.compute()), FRAMES[:11])


@pytest.mark.parametrize("name", ["volumes.ome.tif", "volumes.ome.zarr"])
def test_files_with_z_and_time(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("tif"):
        tifffile.imwrite(path, FRAMES, ome=True, metadata={"axes": "TZYX", "TimeIncrement": 0.2})
    else:
        _write_zarr(path, FRAMES)
    movie = open_movie(path, planes="all")
    assert movie.stack is not None
    np.testing.assert_array_equal(movie.stack.unfolded(movie.data.compute()), FRAMES)
    assert open_movie(path).notes[0].endswith("with --planes all, in Python planes='all').")


def _write_zarr(path: Path, frames: NDArray[np.uint16]) -> None:
    import zarr

    group = zarr.open_group(path, mode="w", zarr_format=3)
    group.create_array("0", data=frames, chunks=(4, 1, 16, 20))
    axes = [{"name": name, "type": "time" if name == "t" else "space"} for name in "tzyx"]
    scale = [{"type": "scale", "scale": [1.0, 1.0, 1.0, 1.0]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}


def test_planes_that_are_none_are_refused() -> None:
    assert check_planes("ALL") == ()
    assert check_planes("1, 3") == (1, 3)
    for wrong in ("3,1", "0,1", "one", 3, [1, 1]):
        with pytest.raises(UserError, match="ascending numbers"):
            check_planes(wrong)
    with pytest.raises(UserError, match="leave one of both out"):
        opened(plane=2)
    with pytest.raises(UserError, match=r"has 3 plane\(s\)"):
        opened(planes="2,4")
    with pytest.raises(UserError, match=r"has 1 plane\(s\)"):
        open_movie(FRAMES[:, 0], planes="all")
    with pytest.raises(UserError, match="register every plane first"):
        register(opened())
