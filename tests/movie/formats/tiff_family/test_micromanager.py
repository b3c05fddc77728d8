"""Stacks of Micro-Manager: by their index, also where they go on in further files."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (2, 20, 14, 18)).astype("<u2")
SUMMARY = {
    "MicroManagerVersion": "2.0.0",
    "Frames": 20,
    "Channels": 2,
    "Slices": 1,
    "Positions": 1,
    "Prefix": "run_1",
    "Interval_ms": 100.0,
    "PixelSize_um": 0.65,
}
Place = tuple[int, int]
"""Channel and frame."""


def page(at: int, pixels: NDArray[np.uint16], last: bool) -> bytes:
    """Return a table of 13 tags, 162 bytes, and what follows it, as Micro-Manager writes them."""
    text = b'{"Frame": 0}\0'
    data = at + 162
    height, width = pixels.shape
    tags = [
        *((254, 4, 1, 0), (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 16)),
        *((259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, data), (274, 3, 1, 1), (277, 3, 1, 1)),
        *((278, 4, 1, height), (279, 4, 1, pixels.nbytes), (339, 3, 1, 1)),
        (51123, 2, len(text), data + pixels.nbytes),
    ]
    body = pixels.tobytes() + text + b"\0" * (len(text) % 2)
    after = 0 if last else data + len(body)
    table = struct.pack("<H", 13) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return table + struct.pack("<I", after) + body


def write_stack(path: Path, places: list[Place], *, index: bool = True, position: int = 0) -> None:
    summary = json.dumps(SUMMARY).encode()
    content = b"\0" * (40 + len(summary) + len(summary) % 2)
    entries = []
    for number, (channel, frame) in enumerate(places):
        entries.append((channel, 0, frame, position, len(content)))
        content += page(len(content), FRAMES[channel, frame], number == len(places) - 1)
    where = len(content) if index else 0
    if index:
        content += struct.pack("<2I", 3453623, len(entries))
        content += b"".join(struct.pack("<5I", *entry) for entry in entries)
    head = b"II" + struct.pack("<HI", 42, entries[0][4])
    head += struct.pack("<8I", 54773648, where, 483765892, 0, 99384722, 0, 2355492, len(summary))
    path.write_bytes(head + summary + content[40 + len(summary) :])


def in_turn(first: int, last: int) -> list[Place]:
    return [(channel, frame) for frame in range(first, last) for channel in (0, 1)]


def test_channels_that_take_turns_are_apart(tmp_path: Path) -> None:
    path = tmp_path / "run_1_MMStack_Pos0.ome.tif"
    write_stack(path, in_turn(0, 20))
    for channel in (1, 2):
        movie = open_movie(path, channel=channel)
        np.testing.assert_array_equal(movie.data, FRAMES[channel - 1])
        assert (movie.fps, movie.pixel_size_um) == (10.0, 0.65)
    assert holds_movie(path)


def test_a_stack_in_several_files_is_every_frame_once(tmp_path: Path) -> None:
    for number, (first, last) in enumerate(((0, 8), (8, 16), (16, 20))):
        rest = f"_{number}" if number else ""
        write_stack(tmp_path / f"run_1_MMStack_Pos0{rest}.ome.tif", in_turn(first, last))
    for source in (tmp_path, tmp_path / "run_1_MMStack_Pos0.ome.tif", sorted(tmp_path.iterdir())):
        movie = open_movie(source, channel=2)
        np.testing.assert_array_equal(movie.data, FRAMES[1])
        assert movie.notes == ()


def test_positions_are_asked_about(tmp_path: Path) -> None:
    for position in (0, 1):
        for number, (first, last) in enumerate(((0, 10), (10, 20))):
            rest = f"_{number}" if number else ""
            path = tmp_path / f"run_1_MMStack_Pos{position}{rest}.ome.tif"
            write_stack(path, in_turn(first, last)[position::2], position=position)
    with pytest.raises(ChoiceNeeded, match="run_MMStack_Pos0, run_MMStack_Pos1"):
        open_movie(tmp_path)
    movie = open_movie(tmp_path, dataset="run_MMStack_Pos1")
    np.testing.assert_array_equal(movie.data, FRAMES[1])


def test_a_recording_that_was_stopped_has_no_index(tmp_path: Path) -> None:
    path = tmp_path / "run_1_MMStack_Pos0.ome.tif"
    write_stack(path, [(0, frame) for frame in range(20)], index=False)
    path.write_bytes(path.read_bytes()[:-100])
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES[0, :19])
    assert "cut short" in movie.notes[0]


def write_ndtiff(folder: Path, chunk: int, axes: list[dict[str, int | str]]) -> None:
    folder.mkdir()
    summary = json.dumps(SUMMARY).encode()
    index = b""
    for number, start in enumerate(range(0, len(axes), chunk)):
        name = f"run_NDTiffStack{f'_{number}' if number else ''}.tif"
        content = b"\0" * (28 + len(summary) + len(summary) % 2)
        first, part = len(content), axes[start : start + chunk]
        for place, at in enumerate(part):
            channel = {"green": 0, "red": 1}.get(str(at.get("channel")), 0)
            frame = FRAMES[channel, int(at.get("time", at.get("burst", 0)))]
            text, file = json.dumps(at).encode(), name.encode()
            index += struct.pack("<I", len(text)) + text + struct.pack("<I", len(file)) + file
            index += struct.pack("<IiiiiIii", len(content) + 162, 18, 14, 1, 0, 0, 0, 0)
            content += page(len(content), frame, place == len(part) - 1)
        head = b"II" + struct.pack("<HI", 42, first)
        head += struct.pack("<5I", 483729, 3, 0, 2355492, len(summary))
        (folder / name).write_bytes(head + summary + content[28 + len(summary) :])
    (folder / "NDTiff.index").write_bytes(index)


@pytest.mark.parametrize("chunk", [40, 14])
def test_ndtiff(tmp_path: Path, chunk: int) -> None:
    axes = [{"time": t, "channel": name} for t in range(20) for name in ("green", "red")]
    write_ndtiff(tmp_path / "run", chunk, axes)
    for channel in (1, 2):
        movie = open_movie(tmp_path / "run", channel=channel)
        np.testing.assert_array_equal(movie.data, FRAMES[channel - 1])


def test_an_axis_with_a_name_of_its_own_is_time(tmp_path: Path) -> None:
    write_ndtiff(tmp_path / "run", 40, [{"burst": t} for t in range(20)])
    np.testing.assert_array_equal(open_movie(tmp_path / "run").data, FRAMES[0])


def test_an_index_that_is_damaged_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "run_1_MMStack_Pos0.ome.tif"
    write_stack(path, in_turn(0, 20))
    data = bytearray(path.read_bytes())
    frame_of_the_last = len(data) - 12
    data[frame_of_the_last : frame_of_the_last + 4] = struct.pack("<I", 10**9)
    path.write_bytes(data)
    with pytest.raises(UserError, match="is damaged"):
        open_movie(path)
