"""Paths of all kinds, series of files, and everything that is no movie."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import Movie, open_movie
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (12, 16, 18)).astype(np.uint16)


def test_movie_stays_a_movie() -> None:
    movie = open_movie(FRAMES, fps=10)
    assert open_movie(movie).fps == 10
    assert open_movie(movie, fps=20).fps == 20


def test_series_of_images_in_the_order_of_numbers(tmp_path: Path) -> None:
    for number, frame in enumerate(FRAMES):
        tifffile.imwrite(tmp_path / f"frame{number}.tif", frame)
    (tmp_path / "notes.txt").write_text("not a frame")
    for source in (tmp_path, str(tmp_path / "frame*.tif")):
        movie = open_movie(source)
        np.testing.assert_array_equal(movie.data, FRAMES)
        assert (movie.source, movie.name) == (tmp_path, tmp_path.name)


def test_series_of_movies(tmp_path: Path) -> None:
    paths = [tmp_path / f"run{number}.tif" for number in (1, 2, 10)]
    for path, part in zip(paths, np.split(FRAMES, 3), strict=True):
        tifffile.imwrite(path, part, imagej=True, metadata={"axes": "TYX", "finterval": 0.1})
    for source in (tmp_path, paths, tuple(map(str, paths))):
        movie = open_movie(source)
        np.testing.assert_array_equal(movie.data, FRAMES)
        assert movie.fps == pytest.approx(10.0)


def test_list_of_one_file(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "only.tif", FRAMES)
    assert open_movie([tmp_path / "only.tif"]).name == "only"


def test_series_that_do_not_fit_together(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a1.tif", FRAMES)
    tifffile.imwrite(tmp_path / "a2.tif", FRAMES[:, :8])
    with pytest.raises(UserError, match=r"a2\.tif .*does not match a1"):
        open_movie(tmp_path)


def test_image_that_does_not_fit_is_named_when_read(tmp_path: Path) -> None:
    for number, frame in enumerate(FRAMES[:4]):
        tifffile.imwrite(tmp_path / f"{number}.tif", frame)
    tifffile.imwrite(tmp_path / "2.tif", FRAMES[0, :8])
    movie = open_movie(tmp_path)
    with pytest.raises(UserError, match=r"2\.tif .*does not match"):
        np.asarray(movie.data)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.tif", b"", "is empty"),
        ("text.tif", b"frame,signal\n1,2\n", "known format"),
        ("old.mat", b"MATLAB 5.0 MAT-file, Platform", "-v7.3"),
        ("array.npy", b"\x93NUMPY\x01\0v\0{", "np.load"),
        ("Image_0001_0001.raw", b"\1\2\3\4", "Experiment.xml"),
        ("renamed.mmap", b"\1\2\3\4", "as CaImAn writes it"),
        ("movie.zip", b"PK\3\4\0\0\0\0", "unpack it"),
        ("pointer.tif", b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        ("movie.avi", b"RIFF....AVI ", "damaged"),
        ("bare.tif", b"II*\0", "damaged"),
        ("nowhere.tif", b"II*\0\xff\xff\xff\x7f", "no image|damaged"),
    ],
)
def test_files_that_are_no_movie(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        open_movie(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_places_without_a_movie(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for source, message in (
        (tmp_path / "absent.tif", "does not exist"),
        (tmp_path / "file" / "movie.tif", "a part of the path is a file"),
        (tmp_path, "holds no TIFF"),
        (tmp_path / "*.tif", "No file matches"),
        ([], "list of files is empty"),
        ([tmp_path / "absent.tif"], "does not exist"),
        ("a\0b", "null"),
        (42, "not int"),
        (None, "not NoneType"),
    ):
        with pytest.raises(UserError, match=message):
            open_movie(source)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match="permission is denied"):
        open_movie(path)


def test_real_movie(real_movie: Path) -> None:
    movie = open_movie(real_movie, fps=30)
    assert isinstance(movie, Movie)
    assert movie.data.shape == (1000, 128, 128)
    assert movie.data.dtype == np.uint16


def test_a_choice_the_file_leaves_no_room_for(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES)
    np.testing.assert_array_equal(open_movie(path, channel=1, plane=1).data, FRAMES)
    for wrong in ({"channel": 2}, {"plane": 3}, {"dataset": "raw"}, {"shape": (4, 4)}):
        (name,) = wrong
        with pytest.raises(UserError, match=f"leave {name}"):
            open_movie(path, **wrong)


def test_channel_and_plane_of_a_hyperstack(tmp_path: Path) -> None:
    path = tmp_path / "hyper.tif"
    stack = np.stack([np.stack([FRAMES + 10 * z + c for c in (0, 1)], 1) for z in (0, 1, 2)], 1)
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "TZCYX"})
    movie = open_movie(path, channel=2, plane=3)
    np.testing.assert_array_equal(movie.data, FRAMES + 21)
    assert movie.notes == ()
    assert (movie.choice.channel, movie.choice.plane) == (2, 3)
    # What a movie says of itself opens the same movie again.
    first = open_movie(path)
    again = open_movie(path, **asdict(first.choice))
    np.testing.assert_array_equal(again.data, FRAMES)
    assert open_movie(again, channel=1).choice == first.choice
    for number in (0, 3):
        with pytest.raises(UserError, match="choose 1 to 2"):
            open_movie(path, channel=number)


def test_holds_movie_leaves_the_rest_to_others(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "movie.tif", FRAMES)
    tifffile.imwrite(tmp_path / "still.tif", FRAMES[0])
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "a.bin").write_bytes(b"1234")
    (tmp_path / "empty").mkdir()
    found = sorted(path.name for path in tmp_path.iterdir() if holds_movie(path))
    assert found == ["movie.tif"]
    assert holds_movie(tmp_path)
    assert not holds_movie(tmp_path / "absent.tif")


@pytest.mark.parametrize("folder", ["[2024-05] mouse", "a {b} (c) 1", "100% [x", "run[1]/[2]"])
def test_folders_with_brackets_and_spaces(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir(parents=True)
    for number in (1, 2):
        tifffile.imwrite(
            place / f"run [{number}]_{number}.tif", FRAMES[6 * number - 6 : 6 * number]
        )
    for source in (place, str(place / "run*.tif"), str(place / "*[[]?]_[12].tif")):
        np.testing.assert_array_equal(open_movie(source).data, FRAMES)
    assert open_movie(place / "run [1]_?.tif").n_frames == 6
    assert open_movie(place / "run [2]_2.tif").n_frames == 6


def test_a_range_of_letters_in_a_pattern(tmp_path: Path) -> None:
    for number in range(4):
        tifffile.imwrite(tmp_path / f"run_{number}.tif", FRAMES + number)
    assert open_movie(tmp_path / "run_[1-3].tif").n_frames == 36
