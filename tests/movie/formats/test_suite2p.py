"""suite2p's binary and its options: what is in the pickle is read and never run."""

from __future__ import annotations

import io
import os
import pathlib
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.formats import suite2p
from napari_sparsevar.movie.formats.plain_pickle import read_plain
from napari_sparsevar.movie.left_out import leaving_out

FRAMES = np.random.default_rng(0).integers(-50, 4000, (20, 16, 18)).astype(np.int16)
OPTIONS: dict[str, Any] = {
    "Ly": 16,
    "Lx": np.int64(18),
    "nframes": 20,
    "fs": np.float32(7.5),
    "meanImg": FRAMES.mean(0),
    "by_columns": np.asfortranarray(FRAMES[0].astype(">f4")),
    "names": np.array(["a", "bc"]),
    "badframes": np.zeros(20, bool),
    "yrange": [0, 16],
    "filelist": np.array(["a.tif", None], dtype=object),
    "nested": {"xoff": np.arange(3, dtype=np.int32), "nothing": None, "pair": (1, "x")},
    "date_proc": datetime(2026, 1, 1, tzinfo=UTC),
    "save_path": pathlib.PurePosixPath("/data"),
}


def folder_with(place: Path, frames: Any = FRAMES, options: Any = OPTIONS) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    frames.tofile(place / "data.bin")
    if options is not None:
        np.save(place / "ops.npy", options, allow_pickle=True)
    return place


def test_frames_and_rate(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "suite2p" / "plane0")
    for source in (folder / "data.bin", folder, folder.parent):
        movie = open_movie(source)
        np.testing.assert_array_equal(movie.data, FRAMES)
        assert movie.fps == pytest.approx(7.5)
        assert movie.name == "plane0"


def test_planes_and_channels_of_a_folder(tmp_path: Path) -> None:
    for number in range(11):
        folder = folder_with(tmp_path / f"plane{number}", FRAMES + number)
        (FRAMES - number).tofile(folder / "data_chan2.bin")
    movie = open_movie(tmp_path)
    assert (movie.offer.planes, movie.offer.channels) == (11, 2)
    np.testing.assert_array_equal(open_movie(tmp_path, plane=11).data, FRAMES + 10)
    np.testing.assert_array_equal(open_movie(tmp_path, plane=3, channel=2).data, FRAMES - 2)


def test_without_options_the_shape_is_asked_for(tmp_path: Path) -> None:
    path = folder_with(tmp_path, options=None) / "data.bin"
    with pytest.raises(UserError, match="--shape H W"):
        open_movie(path)
    movie = open_movie(path, shape=(16, 18))
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.choice.shape == (16, 18)
    with pytest.raises(UserError, match="not of this shape"):
        open_movie(path, shape=(17, 18))
    for bad in ((0, 5), (3,), "ab"):
        with pytest.raises(UserError, match="shape must be"):
            open_movie(path, shape=bad)  # type: ignore[arg-type]


def test_truncated_and_empty(tmp_path: Path) -> None:
    path = folder_with(tmp_path, FRAMES[:15]) / "data.bin"
    for cut, n_frames in ((len(FRAMES[:15].tobytes()), 15), (-7, 19)):
        path.write_bytes(FRAMES.tobytes()[:cut])
        movie = open_movie(path)
        np.testing.assert_array_equal(movie.data, FRAMES[:n_frames])
        assert f"{n_frames} whole frames of 20" in movie.notes[0]
    path.write_bytes(FRAMES.tobytes()[:100])
    with pytest.raises(UserError, match="truncated"):
        open_movie(path)
    path.write_bytes(b"")
    with pytest.raises(UserError, match="is empty"):
        open_movie(path)


@pytest.mark.parametrize("grouped", [False, True])
def test_version_1_without_ops(tmp_path: Path, grouped: bool) -> None:
    folder = folder_with(tmp_path / "suite2p" / "plane0", options=None)
    rate = {"imaging": {"fs": 12.5}} if grouped else {"fs": 12.5}
    np.save(folder / "db.npy", {"Ly": 16, "Lx": 18, "nframes": 20, "save_path": tmp_path})
    np.save(folder / "settings.npy", {"tau": 1.0, "run": {"do_registration": 1}, **rate})
    for source in (folder / "data.bin", folder, folder.parent):
        movie = open_movie(source)
        np.testing.assert_array_equal(movie.data, FRAMES)
        assert movie.fps == 12.5
    np.save(folder / "ops.npy", {"Ly": 16, "Lx": 18, "fs": 25.0})
    assert open_movie(folder).fps == 25.0


def test_a_plane_that_was_not_registered_yet(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "plane0")
    (folder / "data.bin").rename(folder / "data_raw.bin")
    movie = open_movie(folder)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert "before registration" in movie.notes[0]


def test_a_plane_that_lost_its_options_is_one_of_suite2p(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "suite2p" / "plane0", options=None)
    np.save(folder / "reg_outputs.npy", {"yoff": np.zeros(20, int)})
    for source in (folder, folder.parent):
        with pytest.raises(UserError, match=r"ops\.npy, or db\.npy"):
            open_movie(source)
        np.testing.assert_array_equal(open_movie(source, shape=(16, 18)).data, FRAMES)


@pytest.mark.parametrize("name", ["db.npy", "settings.npy"])
def test_options_of_version_1_run_nothing(tmp_path: Path, name: str) -> None:
    folder = folder_with(tmp_path, options=None)
    np.save(folder / "db.npy", {"Ly": 16, "Lx": 18})
    np.save(folder / name, {"Ly": 16, "Lx": 18, "extra": _Runs(os.mkdir, str(tmp_path / "mark"))})
    with pytest.raises(UserError, match="not read"):
        open_movie(folder)
    assert not (tmp_path / "mark").exists()


def test_only_binaries_of_suite2p_are_claimed_in_a_viewer(tmp_path: Path) -> None:
    other = tmp_path / "firmware.bin"
    other.write_bytes(b"12345678")
    assert not suite2p.holds_movie(other)
    assert suite2p.holds_movie(folder_with(tmp_path / "a") / "data.bin")


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_plain_values_come_back(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "ops.npy"
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|O", "fortran_order": False, "shape": ()}
    )
    array = np.empty((), object)
    # Protocol 2 writes bytes as a call of a codec, which is not admitted.
    array[()] = OPTIONS if protocol > 2 else {"Ly": 16, "list": [1.5, "x"]}
    if protocol > 2:
        path.write_bytes(stream.getvalue() + pickle.dumps(array, protocol))
        read = read_plain(path)
        assert read.keys() == OPTIONS.keys()
        assert (read["Lx"], read["fs"]) == (18, 7.5)
        for name in ("meanImg", "by_columns", "names", "badframes"):
            np.testing.assert_array_equal(read[name], OPTIONS[name])
        np.testing.assert_array_equal(read["nested"]["xoff"], [0, 1, 2])
        assert read["filelist"] == ["a.tif", None]
        assert read["date_proc"] is None


class _Runs:
    """What an attacker writes: a call of any function at the moment of reading."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize(
    "call",
    [
        (os.system, "touch {}"),
        (eval, "open('{}', 'w')"),
        (os.mkdir, "{}"),
        (np.save, "{}", 1),
        (getattr, "text", "system"),
        (np.memmap, "{}", "u1", "w+", 0, 8),
    ],
    ids=["system", "eval", "mkdir", "save", "getattr", "memmap"],
)
def test_a_malicious_pickle_runs_nothing(tmp_path: Path, call: Any) -> None:
    mark = tmp_path / "mark"
    call = tuple(part.format(mark) if isinstance(part, str) else part for part in call)
    folder = folder_with(tmp_path, options={**OPTIONS, "extra": _Runs(*call)})
    with pytest.raises(UserError, match=r"ops\.npy asks for .*not read"):
        open_movie(folder / "data.bin")
    assert not mark.exists()


@pytest.mark.parametrize(
    "code",
    [
        b"cnumpy\nndarray\n(K\x01tR.",  # calls what may only be named
        b"cnumpy\ndtype\n}X\x05\x00\x00\x00_makecos\nsystem\nsb.",
        b"cnumpy\ndtype\n(N}X\x05\x00\x00\x00_makeK\x01stb.",  # changes its own reader
        b"cnumpy\ndtype\n(X\x02\x00\x00\x00O8K\x00K\x01tRX\x01\x00\x00\x00xb.",
        b"cnumpy\ndtype\n(X\x06\x00\x00\x00f4,O,OtR.",
        b"cnumpy._core.multiarray\nscalar\n(K\x01K\x02tR.",
        b"Pabc\n.",
        b"\x82\x01.",
        b"",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
    ],
)
def test_a_crafted_pickle_is_one_sentence(tmp_path: Path, code: bytes) -> None:
    path = tmp_path / "ops.npy"
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|O", "fortran_order": False, "shape": ()}
    )
    path.write_bytes(stream.getvalue() + code)
    with pytest.raises(UserError, match=r"ops\.npy"):
        read_plain(path)


def test_files_that_are_no_options(tmp_path: Path) -> None:
    path = tmp_path / "ops.npy"
    for content in (b"", b"\x93NUMPY", b"\x93NUMPY\x09\x00", b"text"):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"ops\.npy is damaged"):
            read_plain(path)
    np.save(path, np.arange(3))
    with pytest.raises(UserError, match="array of numbers"):
        read_plain(path)


def test_frames_that_suite2p_marks_are_left_out(tmp_path: Path) -> None:
    marked = np.isin(np.arange(20), [3, 11])
    movie = open_movie(folder_with(tmp_path / "plane0", options={**OPTIONS, "badframes": marked}))
    assert movie.left_out is not None
    np.testing.assert_array_equal(movie.left_out.frames, marked)
    assert "marks 2 of 20 frames as bad" in movie.notes[-1]
    more = leaving_out(movie, bad_frames="5").left_out
    assert more is not None
    assert np.flatnonzero(more.frames).tolist() == [3, 5, 11]
    for given in ({"bad_frames": "none"}, {"good": np.ones(20, bool)}):
        none = leaving_out(movie, **given).left_out  # type: ignore[arg-type]
        assert none is not None
        assert not none.frames.any()


@pytest.mark.parametrize(
    ("lengths", "jumps"),
    [([8, 12], (8,)), ([8, 5, 7], (8, 13)), ([20], ()), ([8, 13], ()), ([1] * 20, ()), ("x", ())],
)
def test_joined_files_are_breaks(tmp_path: Path, lengths: Any, jumps: tuple[int, ...]) -> None:
    """Where their lengths add up to the movie, and a file is more than a frame or two."""
    options = {**OPTIONS, "frames_per_file": np.array(lengths)}
    movie = open_movie(folder_with(tmp_path / "plane0", options=options))
    assert movie.jumps == jumps
    assert any("joined from" in note for note in movie.notes) == bool(jumps)
