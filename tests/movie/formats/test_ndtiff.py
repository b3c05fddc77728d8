"""NDTiff: the index says where every frame of a position, channel and plane is."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (12, 16, 18)).astype(np.uint16)


def write(folder: Path, frames: Any, *, pause: int = 99, pixel: int = 1, **changes: int) -> Path:
    """Write frames, each a place and an image, into two files as Micro-Manager does."""
    folder.mkdir(parents=True)
    index, files = bytearray(), {}
    for number, (place, image) in enumerate(frames):
        name = f"{folder.name}_NDTiffStack{'_1' if number >= 7 else ''}.tif"
        stored = files.setdefault(name, bytearray(b"II*\0" + bytes(24)))
        offset = len(stored)
        stored += image.tobytes()
        time = place.get("time", 0)
        elapsed = 100.0 * time + 9000.0 * (time >= pause)
        notes = json.dumps({"PixelSizeUm": 0.65, "ElapsedTime-ms": elapsed}).encode()
        at = len(stored)
        stored += notes
        key, file = json.dumps(place).encode(), name.encode()
        index += struct.pack("<I", len(key)) + key + struct.pack("<I", len(file)) + file
        height, width = image.shape
        compression = changes.get("compression", 0)
        numbers = (offset, width, height, pixel, compression, at, len(notes), 0)
        index += struct.pack("<IiiiiIii", *numbers)
    for name, stored in files.items():
        (folder / name).write_bytes(stored)
    (folder / "NDTiff.index").write_bytes(index)
    return folder


def in_time(frames: np.ndarray) -> list[tuple[dict[str, Any], np.ndarray]]:
    return [({"time": number}, image) for number, image in enumerate(frames)]


@pytest.mark.parametrize("inside", ["", "Full resolution"])
def test_frames_rate_and_pixel_size(tmp_path: Path, inside: str) -> None:
    write(tmp_path / "rec 1" / inside, in_time(FRAMES))
    folder = tmp_path / "rec 1"
    assert holds_movie(folder)
    sources = [folder] if inside else [folder, *folder.glob("*.tif")]
    for source in sources:
        movie = open_movie(source)
        np.testing.assert_array_equal(movie.data, FRAMES)
        assert (movie.fps, movie.pixel_size_um, movie.name) == (10.0, 0.65, "rec 1")
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(movie.data)), FRAMES)


def test_channels_planes_and_positions(tmp_path: Path) -> None:
    places = [
        ({"position": p, "time": t, "channel": c, "z": z}, FRAMES[t] + 100 * p + 10 * c + z)
        for t in range(12)
        for p in range(2)
        for c in range(2)
        for z in range(3)
    ]
    folder = write(tmp_path / "all", places)
    with pytest.raises(ChoiceNeeded, match="position 0, position 1"):
        open_movie(folder)
    movie = open_movie(folder, dataset="position 1", channel=2, plane=3)
    np.testing.assert_array_equal(movie.data, FRAMES + 112)
    assert (movie.offer.channels, movie.offer.planes) == (2, 3)


def test_frames_are_in_the_order_of_time_and_pauses_are_kept_apart(tmp_path: Path) -> None:
    movie = open_movie(write(tmp_path / "mixed", in_time(FRAMES)[::-1], pause=6))
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.fps, movie.jumps) == (10.0, (6,))


def test_a_recording_that_still_grows(tmp_path: Path) -> None:
    folder = write(tmp_path / "growing", in_time(FRAMES))
    index = folder / "NDTiff.index"
    index.write_bytes(index.read_bytes()[:-9])
    np.testing.assert_array_equal(open_movie(folder).data, FRAMES[:-1])


@pytest.mark.parametrize(
    ("options", "said"), [({"pixel": 2}, "colours"), ({"compression": 1}, "compressed pixels")]
)
def test_what_is_not_read(tmp_path: Path, options: dict[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_movie(write(tmp_path / "other", in_time(FRAMES), **options))


def test_damaged_recordings_are_one_sentence(tmp_path: Path) -> None:
    folder = write(tmp_path / "damaged", in_time(FRAMES))
    index = folder / "NDTiff.index"
    whole = index.read_bytes()
    for content in (b"", b"\x04\0\0\0[1]x", whole.replace(b"damaged_ND", b"../../etc_")):
        index.write_bytes(content)
        with pytest.raises(UserError, match=r"NDTiff\.index|not there"):
            open_movie(folder)
    index.write_bytes(whole)
    stack = folder / "damaged_NDTiffStack_1.tif"
    stack.write_bytes(stack.read_bytes()[:-400])
    with pytest.raises(UserError, match="cut short"):
        open_movie(folder)
