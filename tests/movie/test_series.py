"""Files of a folder: never one after the other in time where they are something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.readers.movies import read_movie

GREEN, RED = np.random.default_rng(0).integers(0, 4000, (2, 24, 14, 18)).astype(np.uint16)
Write = Callable[[Path, NDArray[np.uint16]], None]


def write_images(pattern: Path, frames: NDArray[np.uint16]) -> None:
    for number, frame in enumerate(frames, 1):
        tifffile.imwrite(str(pattern).replace("#", f"{number:04d}"), frame, metadata=None)


def write_parts(pattern: Path, frames: NDArray[np.uint16]) -> None:
    for number, part in enumerate(np.split(frames, [10, 20]), 1):
        tifffile.imwrite(str(pattern).replace("#", str(number)), part, imagej=True)


both = pytest.mark.parametrize("write", [write_images, write_parts])


@both
def test_channels_in_files_of_their_own(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "ChanA_#.tif", GREEN)
    write(tmp_path / "ChanB_#.tif", RED)
    first = open_movie(tmp_path)
    np.testing.assert_array_equal(first.data, GREEN)
    assert first.offer.channels == 2
    assert any("2 channels" in note for note in first.notes)
    second = open_movie(tmp_path, channel=2)
    np.testing.assert_array_equal(second.data, RED)
    again = open_movie(second.source, **asdict(second.choice))
    np.testing.assert_array_equal(again.data, RED)
    listed = sorted(tmp_path.iterdir())
    np.testing.assert_array_equal(open_movie(listed, channel=2).data, RED)
    np.testing.assert_array_equal(open_movie(tmp_path / "ChanB*").data, RED)
    with pytest.raises(UserError, match="choose 1 to 2"):
        open_movie(tmp_path, channel=3)


@both
def test_channels_are_layers_of_their_own_in_the_viewer(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a_green_#.tif", GREEN)
    write(tmp_path / "a_red_#.tif", RED)
    red, green = read_movie(str(tmp_path))
    np.testing.assert_array_equal(green[0], GREEN)
    np.testing.assert_array_equal(red[0], RED)
    assert red[1]["name"].endswith("channel 2")


def test_planes_in_files_of_their_own(tmp_path: Path) -> None:
    write_images(tmp_path / "t#_z1.tif", GREEN)
    write_images(tmp_path / "t#_z2.tif", RED)
    np.testing.assert_array_equal(open_movie(tmp_path, plane=2).data, RED)
    assert open_movie(tmp_path).offer.planes == 2


def test_a_stack_of_images_that_only_counts_planes_is_time(tmp_path: Path) -> None:
    write_images(tmp_path / "z#.tif", GREEN)
    np.testing.assert_array_equal(open_movie(tmp_path).data, GREEN)


@both
def test_names_with_other_words_are_asked_about(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "baseline_#.tif", GREEN)
    write(tmp_path / "drug_#.tif", RED)
    with pytest.raises(ChoiceNeeded, match=r"\(baseline, drug\).*--dataset") as caught:
        open_movie(tmp_path)
    assert caught.value.datasets == ("baseline", "drug")
    drug = open_movie(tmp_path, dataset="drug")
    np.testing.assert_array_equal(drug.data, RED)
    np.testing.assert_array_equal(open_movie(drug.source, **asdict(drug.choice)).data, RED)
    assert [layer[1]["name"] for layer in read_movie(str(tmp_path))] == [
        f"{tmp_path.name} drug",
        f"{tmp_path.name} baseline",
    ]
    joined = open_movie([*sorted(tmp_path.glob("drug*")), *sorted(tmp_path.glob("base*"))])
    np.testing.assert_array_equal(joined.data, np.concatenate([RED, GREEN]))


@both
@pytest.mark.parametrize(
    "names", [["AVG_movie.tif"], ["zz.tif"], ["MAX_1.tif", "MAX_2.tif"], ["ChanA_Preview.tif"]]
)
@pytest.mark.parametrize("dtype", ["float32", "uint16"])
def test_single_images_beside_the_movie_are_left_out(
    tmp_path: Path, write: Write, names: list[str], dtype: str
) -> None:
    write(tmp_path / "movie_#.tif", GREEN)
    for name in names:
        tifffile.imwrite(tmp_path / name, GREEN.mean(0).astype(dtype))
    for source in (tmp_path, tmp_path / "*.tif"):
        movie = open_movie(source)
        np.testing.assert_array_equal(movie.data, GREEN)
        assert names[0] in movie.notes[0]


def test_one_movie_beside_a_projection(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "movie.tif", GREEN)
    tifffile.imwrite(tmp_path / "STD_movie.tif", GREEN.std(0).astype(np.float32))
    movie = open_movie(tmp_path)
    np.testing.assert_array_equal(movie.data, GREEN)
    np.testing.assert_array_equal(open_movie(movie.source).data, GREEN)


def test_a_movie_whose_name_sounds_like_a_projection_is_asked_about(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "movie.tif", GREEN)
    tifffile.imwrite(tmp_path / "mean subtracted.tif", RED)
    with pytest.raises(ChoiceNeeded, match="mean subtracted, movie"):
        open_movie(tmp_path)


def test_single_images_without_an_order_are_refused(tmp_path: Path) -> None:
    for name in ("apple", "pear", "plum"):
        tifffile.imwrite(tmp_path / f"{name}.tif", GREEN[0])
    with pytest.raises(UserError, match=r"apple\.tif.*number them"):
        open_movie(tmp_path)


@pytest.mark.parametrize("lengths", [(10, 13, 1), (1, 10, 13), (10, 1, 13), (22, 1, 1)])
def test_a_file_of_a_single_frame_in_a_series(tmp_path: Path, lengths: tuple[int, ...]) -> None:
    parts = np.split(GREEN, np.cumsum(lengths)[:-1])
    for options in ({}, {"imagej": True}, {"compression": "zlib"}, {"ome": True}):
        for number, part in enumerate(parts):
            data = part[0] if len(part) == 1 else part
            tifffile.imwrite(tmp_path / f"run{number}.tif", data, **options)
        np.testing.assert_array_equal(open_movie(tmp_path).data, GREEN)


def test_a_missing_number_is_told_and_nothing_is_foretold_across(tmp_path: Path) -> None:
    write_images(tmp_path / "f#.tif", GREEN)
    (tmp_path / "f0011.tif").unlink()
    movie = open_movie(tmp_path)
    np.testing.assert_array_equal(movie.data, np.delete(GREEN, 10, 0))
    assert movie.jumps == (10,)
    assert "before f0012.tif" in movie.notes[0]


@pytest.mark.parametrize(
    ("lengths", "jumps"), [((12, 12), (12,)), ((10, 13, 1), (10, 23)), ((4, 4, 4, 12), ())]
)
def test_files_that_do_not_say_that_they_go_on_are_kept_apart(
    tmp_path: Path, lengths: tuple[int, ...], jumps: tuple[int, ...]
) -> None:
    """They may be trials; files of a few frames are pieces of a recording."""
    for number, part in enumerate(np.split(GREEN, np.cumsum(lengths)[:-1])):
        tifffile.imwrite(tmp_path / f"trial{number}.tif", part, photometric="minisblack")
    movie = open_movie(tmp_path)
    assert movie.jumps == jumps
    assert any("as between trials" in note for note in movie.notes) == bool(jumps)
    assert open_movie(sorted(tmp_path.iterdir())).jumps == jumps


def test_nothing_is_foretold_across_a_file_that_was_cut(tmp_path: Path) -> None:
    write_parts(tmp_path / "f#.tif", GREEN)
    for name, jumps in (("f3.tif", (10,)), ("f1.tif", (9,))):
        path = tmp_path / name
        with tifffile.TiffFile(path) as file:
            end = file.pages[0].dataoffsets[0] + (len(file.pages) - 1) * GREEN[0].nbytes + 9
        path.write_bytes(path.read_bytes()[:end])
        assert open_movie(tmp_path).jumps == jumps


@both
def test_a_last_file_that_is_still_written(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "f#.tif", GREEN)
    last = sorted(tmp_path.iterdir())[-1]
    content = last.read_bytes()
    for length in (0, 6, 150, 700):
        last.write_bytes(content[:length])
        movie = open_movie(tmp_path)
        np.testing.assert_array_equal(movie.data, GREEN[: movie.n_frames])
        assert movie.n_frames >= 20
        assert length == 0 or movie.notes


def test_a_file_that_is_still_copied_is_not_there_yet(tmp_path: Path) -> None:
    write_parts(tmp_path / "f#.tif", GREEN)
    (tmp_path / "f4.tif.part").write_bytes((tmp_path / "f1.tif").read_bytes()[:900])
    (tmp_path / "f5.tif").touch()
    movie = open_movie(tmp_path)
    np.testing.assert_array_equal(movie.data, GREEN)
    assert any("f5.tif" in note for note in movie.notes)
    (tmp_path / "f2.tif").write_bytes(b"")
    with pytest.raises(UserError, match=r"f2\.tif is empty"):
        open_movie(tmp_path)


def test_a_folder_of_folders_says_which_of_them_hold_files(tmp_path: Path) -> None:
    for name in ("day 1", "day 2", "notes"):
        (tmp_path / name).mkdir()
    write_parts(tmp_path / "day 1" / "f#.tif", GREEN)
    (tmp_path / "suite2p" / "plane0").mkdir(parents=True)
    GREEN.astype("<i2").tofile(tmp_path / "suite2p" / "plane0" / "data.bin")
    np.save(tmp_path / "suite2p" / "plane0" / "ops.npy", {"Ly": 14, "Lx": 18})  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"folders with movies: open day 1, suite2p\."):
        open_movie(tmp_path)


def test_notes_of_all_files_are_one_note(tmp_path: Path) -> None:
    for number in range(30):
        stack = np.stack([GREEN[:4], RED[:4]], 1) + number
        tifffile.imwrite(tmp_path / f"{number}.tif", stack, imagej=True, metadata={"axes": "TCYX"})
    assert len(open_movie(tmp_path).notes) == 1


def test_files_with_other_channels_do_not_match(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "1.tif", np.stack([GREEN, RED], 1), imagej=True)
    tifffile.imwrite(tmp_path / "2.tif", GREEN, imagej=True, metadata={"axes": "TYX"})
    with pytest.raises(UserError, match="does not match"):
        open_movie(tmp_path)


def test_channels_of_thorimage_whose_description_is_lost(tmp_path: Path) -> None:
    write_images(tmp_path / "ChanA_0001_0001_0001_#.tif", GREEN)
    write_images(tmp_path / "ChanB_0001_0001_0001_#.tif", RED)
    for text in ("<ThorImageExperiment/>", "<ThorImageExperiment", ""):
        (tmp_path / "Experiment.xml").write_text(text)
        np.testing.assert_array_equal(open_movie(tmp_path, channel=2).data, RED)


def test_a_file_that_is_only_called_so_is_named(tmp_path: Path) -> None:
    write_parts(tmp_path / "run_#.tif", GREEN)
    (tmp_path / "run_2.tif").write_bytes(b"<html>404</html>")
    with pytest.raises(UserError, match=r"run_2\.tif"):
        open_movie(tmp_path)
    (tmp_path / "run_2.tif").unlink()
    (tmp_path / "run_2.tif").symlink_to(tmp_path / "gone.tif")
    with pytest.raises(UserError, match=r"run_2\.tif"):
        open_movie(tmp_path)


def test_copies_are_not_joined_in_time(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "movie.tif", GREEN, imagej=True)
    (tmp_path / "movie 2.tif").write_bytes((tmp_path / "movie.tif").read_bytes())
    movie = open_movie(tmp_path)
    np.testing.assert_array_equal(movie.data, GREEN)
    assert any("Copies" in note for note in movie.notes)


def test_images_that_are_alike_all_count(tmp_path: Path) -> None:
    write_images(tmp_path / "frame_#.tif", np.repeat(GREEN[:2], 3, axis=0))
    assert open_movie(tmp_path).n_frames == 6


def test_a_folder_of_something_else_says_what_to_open(tmp_path: Path) -> None:
    np.save(tmp_path / "ops.npy", np.zeros(3))
    with pytest.raises(UserError, match=r"of suite2p and holds no data\.bin"):
        open_movie(tmp_path)
    (tmp_path / "ops.npy").unlink()
    h5py = pytest.importorskip("h5py")
    for number in range(2):
        with h5py.File(tmp_path / f"run_{number}.h5", "w") as file:
            file["mov"] = GREEN
    with pytest.raises(UserError, match=r"\*\.h5"):
        open_movie(tmp_path)
