"""A folder of videos: one movie where only a number differs, with the rate noted beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.formats import video_folder
from napari_sparsevar.movie.open import holds_movie

av = pytest.importorskip("av")
FRAMES = np.random.default_rng(0).integers(0, 255, (21, 32, 48)).astype(np.uint8)


def write(path: Path, frames: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=60)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "gray"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode())


def write_parts(folder: Path, name: str = "", frames: np.ndarray = FRAMES) -> Path:
    """Write three parts, of which the last holds a single frame."""
    for number, part in zip((2, 9, 10), np.split(frames, (10, 20)), strict=True):
        write(folder / f"{name}{number}.avi", part)
    return folder


def test_parts_follow_each_other_by_their_numbers(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "My [V4] Miniscope")
    assert holds_movie(folder)
    movie = open_movie(folder)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.name, movie.fps) == ("My [V4] Miniscope", pytest.approx(60.0))


def test_a_miniscope_notes_its_rate(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "Miniscope")
    (folder / "metaData.json").write_text('{"frameRate": "20FPS", "gain": "High"}')
    assert open_movie(folder).fps == 20.0
    stamps = 50.0 * np.arange(21) + 10_000 * (np.arange(21) >= 12)
    lines = [f"{number},{stamp:.0f},1" for number, stamp in enumerate(stamps)]
    text = "\n".join(["Frame Number,Time Stamp (ms),Buffer Index", *lines])
    (folder / "timeStamps.csv").write_text(text)
    movie = open_movie(folder)
    assert (movie.fps, movie.jumps) == (20.0, (12,))
    assert "pauses before frame 12" in movie.notes[0]


def test_two_cameras_of_version_3(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "H10_M17_S34", "msCam")
    write_parts(folder, "behavCam", FRAMES[:15].repeat(2, axis=0)[:22])
    rows = [f"0\t{n}\t{50 * n}\t1" for n in range(21)] + [f"1\t{n}\t{33 * n}\t1" for n in range(22)]
    (folder / "timestamp.dat").write_text("\n".join(["camNum\tframeNum\tsysClock\tbuffer", *rows]))
    movie = open_movie(folder)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.fps == pytest.approx(20.0)
    assert "behavCam" in movie.notes[0]
    assert open_movie(folder, dataset="behavCam").n_frames == 22


def test_channels_are_not_joined_in_time(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "dual", "rec_ch1_part")
    write_parts(folder, "rec_ch2_part", 255 - FRAMES)
    with pytest.raises(ChoiceNeeded, match=r"rec__part ch1.*rec__part ch2"):
        open_movie(folder)
    np.testing.assert_array_equal(open_movie(folder, dataset="rec__part ch2").data, 255 - FRAMES)


def test_a_last_part_that_was_cut_is_left_out(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "cut")
    whole = (folder / "10.avi").read_bytes()
    (folder / "10.avi").write_bytes(whole[:40])
    movie = open_movie(folder)
    np.testing.assert_array_equal(movie.data, FRAMES[:20])
    assert any("last video is left out" in note for note in movie.notes)
    (folder / "9.avi").write_bytes(whole[:40])
    with pytest.raises(UserError, match=r"9\.avi"):
        open_movie(folder)


def test_videos_of_another_size_are_named(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "sizes")
    write(folder / "11.avi", FRAMES[:, :16])
    with pytest.raises(UserError, match=r"11\.avi .* does not match"):
        open_movie(folder)


def test_notes_that_are_damaged_leave_the_rate_of_the_videos(tmp_path: Path) -> None:
    folder = write_parts(tmp_path / "damaged")
    (folder / "metaData.json").write_text('{"frameRate": []')
    (folder / "timeStamps.csv").write_text("a,b\n1,x\n2\n")
    assert open_movie(folder).fps == pytest.approx(60.0)


def test_folders_that_are_no_series_of_videos(tmp_path: Path) -> None:
    write(tmp_path / "one" / "1.avi", FRAMES)
    assert not video_folder.claims(tmp_path / "one")
    folder = write_parts(tmp_path / "both")
    tifffile.imwrite(folder / "a.tif", FRAMES)
    assert not video_folder.claims(folder)
