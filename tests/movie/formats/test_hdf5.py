"""HDF5: the data set that is a movie, lazily, whatever else lies in the file."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.formats import hdf5

FRAMES = np.random.default_rng(0).integers(0, 4000, (20, 16, 18)).astype(np.uint16)


@pytest.mark.parametrize(
    "options",
    [{}, {"chunks": (6, 16, 18)}, {"chunks": (5, 8, 9), "compression": "gzip", "shuffle": True}],
)
def test_every_layout_gives_the_frames(tmp_path: Path, options: Any) -> None:
    path = tmp_path / "movie.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("data/raw", data=FRAMES, **options)
        file["rates"] = np.arange(5.0)
        file["transforms"] = np.zeros((20, 3, 3))
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    np.testing.assert_array_equal(movie.data[7], FRAMES[7])
    assert (movie.name, movie.choice.dataset) == ("movie", "/data/raw")
    assert hdf5.holds_movie(path)


def test_several_movies_have_to_be_chosen_from(tmp_path: Path) -> None:
    path = tmp_path / "movies.h5"
    with h5py.File(path, "w") as file:
        file["raw"], file["corrected"] = FRAMES, FRAMES + 1
    with pytest.raises(ChoiceNeeded, match=r"/corrected, /raw.*--dataset") as caught:
        open_movie(path)
    assert caught.value.datasets == ("/corrected", "/raw")
    for name in ("raw", "/raw"):
        np.testing.assert_array_equal(open_movie(path, dataset=name).data, FRAMES)
    with pytest.raises(UserError, match="no movie 'other'"):
        open_movie(path, dataset="other")


def test_named_axes_channels_and_pixel_size(tmp_path: Path) -> None:
    path = tmp_path / "movie.h5"
    with h5py.File(path, "w") as file:
        array = file.create_dataset("stack", data=np.stack([FRAMES, FRAMES + 1], -1))
        for axis, label in zip(array.dims, ("time", "y", "x", "channel"), strict=True):
            axis.label = label
        array.attrs["element_size_um"] = [5.0, 0.8, 0.8]
    movie = open_movie(path, channel=2)
    np.testing.assert_array_equal(movie.data, FRAMES + 1)
    assert movie.pixel_size_um == pytest.approx(0.8)


def test_matlab_stores_columns_first(tmp_path: Path) -> None:
    path = tmp_path / "movie.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["Y"] = FRAMES.transpose(0, 2, 1)
        file["Y"].attrs["MATLAB_class"] = np.bytes_("uint16")
    np.testing.assert_array_equal(open_movie(path).data, FRAMES)


def test_one_frame_reads_one_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "napari_sparsevar.movie.reading.lazy_frames.BLOCK_BYTES", 4 * FRAMES[0].nbytes
    )
    path = tmp_path / "movie.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("raw", data=FRAMES, chunks=(2, 16, 18))
    movie = open_movie(path)
    assert movie.data.chunks[0] == (4,) * 5
    np.testing.assert_array_equal(movie.data[9], FRAMES[9])
    block = pickle.loads(pickle.dumps(movie.data))
    np.testing.assert_array_equal(block, FRAMES)


def test_files_without_a_movie_and_damaged_ones(tmp_path: Path) -> None:
    path = tmp_path / "table.h5"
    with h5py.File(path, "w") as file:
        file["table"] = np.zeros((5, 6))
    assert not hdf5.holds_movie(path)
    with pytest.raises(UserError, match="holds no movie"):
        open_movie(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("raw", data=FRAMES, chunks=(2, 16, 18))
    whole = path.read_bytes()
    for length in (8, 100, 2000, len(whole) - 100):
        path.write_bytes(whole[:length])
        assert hdf5.holds_movie(path)
        with pytest.raises(UserError, match=r"table\.h5 is damaged"):
            open_movie(path)


WRITER = """
import sys, h5py, numpy as np
path, libver, swmr = sys.argv[1:]
with h5py.File(path, "w", libver=libver, locking=True) as file:
    stored = file.create_dataset(
        "movie", (20, 16, 18), "u2", maxshape=(None, 16, 18), chunks=(5, 16, 18)
    )
    stored[:] = 7
    if swmr:
        file.swmr_mode = True
    file.flush()
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("libver", "swmr", "opens"),
    [("earliest", "", True), ("latest", "swmr", True), ("latest", "", False)],
)
def test_a_file_that_is_being_written(tmp_path: Path, libver: str, swmr: str, opens: bool) -> None:
    path = tmp_path / "growing.h5"
    command = [sys.executable, "-c", WRITER, str(path), libver, swmr]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == b"ready"
        if opens:
            movie = open_movie(path)
            assert (np.asarray(movie.data) == 7).all()
            assert "open for writing" in movie.notes[-1]
        else:
            with pytest.raises(UserError, match="open for writing in another program"):
                open_movie(path)
        writer.communicate()


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}])
def test_frames_in_another_file_are_read_there(tmp_path: Path, options: Any) -> None:
    with h5py.File(tmp_path / "source.h5", "w") as file:
        file.create_dataset("deep/raw", data=FRAMES, **options)
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["one"] = h5py.ExternalLink("source.h5", "/deep/raw")
    with h5py.File(tmp_path / "group.h5", "w") as file:
        file["all"] = h5py.ExternalLink("source.h5", "/deep")
    for name, dataset in (("linked.h5", "/one"), ("group.h5", "/all/raw")):
        assert hdf5.holds_movie(tmp_path / name)
        movie = open_movie(tmp_path / name)
        assert movie.choice.dataset == dataset
        np.testing.assert_array_equal(movie.data, FRAMES)
    (tmp_path / "source.h5").unlink()
    with pytest.raises(UserError, match=r"keeps its data in source.h5, which is not there"):
        open_movie(tmp_path / "linked.h5")


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data", "Imaris"),
        ("t00000/s00/0/cells", "BigDataViewer"),
    ],
)
def test_a_volume_for_each_moment_is_refused_by_name(
    tmp_path: Path, name: str, program: str
) -> None:
    with h5py.File(tmp_path / "volumes.h5", "w") as file:
        for moment in range(20):
            file[
                name.replace("TimePoint 0", f"TimePoint {moment}").replace("t0", f"t{moment}0")
            ] = FRAMES[:8]
        if program == "BigDataViewer":
            file[name] = FRAMES[:8]
    with pytest.raises(UserError, match=f"a file of {program}"):
        open_movie(tmp_path / "volumes.h5")


def test_chunks_of_rows_do_not_pass_for_images(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file.create_dataset("mov", data=np.zeros((24, 32, 60), np.uint8), chunks=(4, 32, 60))
    (note,) = open_movie(tmp_path / "rows.h5").notes
    assert "does not name its axes" in note
