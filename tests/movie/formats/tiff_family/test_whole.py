"""What is there is opened: pages that were appended, headers that count others, cut files."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (36, 14, 18)).astype(np.uint16)


def write_pages(path: Path, frames: Iterable[NDArray[Any]], first: str, **options: Any) -> Path:
    """Write a page a frame; the first has a description."""
    with tifffile.TiffWriter(path) as writer:
        for number, frame in enumerate(frames):
            text = None if number else first
            writer.write(frame, contiguous=False, metadata=None, description=text, **options)
    return path


def imagej(**counts: int) -> str:
    lines = [f"{name}={count}" for name, count in counts.items()]
    return "\n".join(["ImageJ=1.54f", *lines, "finterval=0.1", "loop=false", ""])


def ome(n_frames: int, listed: str = "<TiffData/>", channels: int = 1) -> str:
    return (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        'UUID="urn:uuid:1"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" '
        f'Type="uint16" SizeX="18" SizeY="14" SizeZ="1" SizeC="{channels}" SizeT="{n_frames}">'
        f"{listed}</Pixels></Image></OME>"
    )


@pytest.mark.parametrize("chunks", [[1] * 36, [12] * 3, [10, 10, 10, 6], [10, 10, 15, 1], [20, 16]])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"bigtiff": True}], ids=str)
def test_all_that_was_appended_is_the_movie(
    tmp_path: Path, chunks: list[int], options: dict[str, Any]
) -> None:
    path = tmp_path / "movie.tif"
    for part in np.split(FRAMES, np.cumsum(chunks)[:-1]):
        part = part[0] if len(part) == 1 else part
        tifffile.imwrite(path, part, append=path.exists(), **options)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.notes == ()
    assert holds_movie(path)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_appended_blocks_of_two_channels(tmp_path: Path, compression: str | None) -> None:
    path, stack = tmp_path / "movie.tif", FRAMES.reshape(18, 2, 14, 18)
    with tifffile.TiffWriter(path) as writer:
        for part in np.split(stack, 3):
            writer.write(part, metadata={"axes": "TCYX"}, compression=compression)
    np.testing.assert_array_equal(open_movie(path, channel=2).data, stack[:, 1])


@pytest.mark.parametrize(
    ("listed", "n_frames"),
    [
        ('<TiffData IFD="0" PlaneCount="20"/>', 36),
        ("<TiffData/>", 36),
        ("".join(f'<TiffData IFD="{19 - t}" FirstT="{t}"/>' for t in range(20)), 20),
    ],
)
def test_more_images_than_ome_lists_are_taken_or_told(
    tmp_path: Path, listed: str, n_frames: int
) -> None:
    """In the order of pages all that are there; in another order those that are listed."""
    movie = open_movie(write_pages(tmp_path / "a.ome.tif", FRAMES, ome(20, listed)))
    assert movie.n_frames == n_frames
    (note,) = movie.notes
    assert ("lists 16 images fewer" if n_frames == 20 else "the file holds 36") in note


def test_an_appended_file_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    for part in np.split(FRAMES, 3):
        tifffile.imwrite(path, part, append=path.exists(), metadata={})
    with tifffile.TiffFile(path) as file:
        end = file.pages[30].dataoffsets[0] + 5
    path.write_bytes(path.read_bytes()[:end])
    movie = open_movie(path)
    assert "cut short" in movie.notes[0]
    np.testing.assert_array_equal(movie.data, FRAMES[: movie.n_frames])
    assert movie.n_frames >= 24


@pytest.mark.parametrize("shape", [(14, 18), (7, 9)])
def test_a_projection_in_the_file_of_a_movie_is_left_out(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    path = tmp_path / "movie.tif"
    for part in (FRAMES, FRAMES.mean(0).astype(np.uint16)[: shape[0], : shape[1]]):
        tifffile.imwrite(path, part, append=path.exists())
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert "the largest one is used" in movie.notes[0]


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize(
    ("header", "n_frames"),
    [
        (imagej(images=18, frames=18), 36),
        (imagej(images=100, frames=100), 36),
        (imagej(images=20, slices=20), 36),
        (imagej(images=20), 36),
        (imagej(images=1), 36),
        (ome(18), 36),
        (ome(100), 36),
        (ome(1), 36),
        (ome(100, "".join(f'<TiffData IFD="{i}" FirstT="{i}"/>' for i in range(36))), 36),
        (ome(36, "".join(f'<TiffData IFD="{35 - i}" FirstT="{i}"/>' for i in range(30))), 30),
        ('{"shape": [18, 14, 18]}', 36),
        ('{"shape": [100, 14, 18]}', 36),
    ],
)
def test_a_header_that_counts_other_frames_than_there_are(
    tmp_path: Path, header: str, n_frames: int, compression: str | None
) -> None:
    path = write_pages(tmp_path / "movie.tif", FRAMES, header, compression=compression)
    movie = open_movie(path)
    expected = FRAMES if n_frames == 36 else FRAMES[::-1][:n_frames]
    np.testing.assert_array_equal(movie.data, expected)
    single = any(part in header for part in ("images=1\n", 'SizeT="1"', "shape"))
    assert single or any("counts" in note for note in movie.notes)
    assert holds_movie(path)


@pytest.mark.parametrize("counted", [8, 30])
def test_channels_stay_apart_where_the_header_counts_wrong(tmp_path: Path, counted: int) -> None:
    path = tmp_path / "movie.tif"
    for header in (imagej(images=2 * counted, channels=2, frames=counted), ome(counted, "", 2)):
        write_pages(path, FRAMES[:35], header)
        movie = open_movie(path, channel=2)
        np.testing.assert_array_equal(movie.data, FRAMES[1:35:2])  # half a moment is left out
        assert any("35" in note and "34" in note for note in movie.notes)


def test_pages_behind_a_stack_that_imagej_saved(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES[:20], imagej=True, metadata={"axes": "TYX"}, byteorder="<")
    with tifffile.TiffFile(path) as file:
        page = file.pages[-1]
        numbers = {tag.code: tag.value for tag in page.tags.values()}
        data = bytearray(path.read_bytes())
    follower = page.offset + 2 + 12 * len(numbers)
    tags = [(code, 4, 1, int(n)) for code, n in numbers.items() if isinstance(n, int)]
    tags = sorted([*tags, (273, 4, 1, 0), (279, 4, 1, FRAMES[0].nbytes)])
    for frame in FRAMES[20:]:
        data[follower : follower + 4] = struct.pack("<I", len(data) + len(data) % 2)
        data += b"\0" * (len(data) % 2)
        pixels = len(data) + 2 + 12 * len(tags) + 4
        data += struct.pack("<H", len(tags))
        for code, kind, count, value in tags:
            data += struct.pack("<HHII", code, kind, count, pixels if code == 273 else value)
        follower = len(data)
        data += struct.pack("<I", 0) + frame.tobytes()
    path.write_bytes(data)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert "counts 20 images" in movie.notes[0]


def test_a_single_table_and_pixels_that_were_cut(tmp_path: Path) -> None:
    """ImageJ writes a stack above 4 GB so: one table, then all pixels."""
    path = tmp_path / "movie.tif"
    for counts, n_frames in (({"frames": 36}, 35), ({"channels": 2, "frames": 18}, 17)):
        write_pages(path, FRAMES[:1], imagej(images=36, **counts))
        with tifffile.TiffFile(path) as file:
            begin = file.pages[0].dataoffsets[0]
        path.write_bytes(path.read_bytes()[:begin] + FRAMES.tobytes()[:-40])
        movie = open_movie(path)
        np.testing.assert_array_equal(movie.data, FRAMES[:: 36 // (n_frames + 1)][:n_frames])
        assert "cut short" in movie.notes[0]


def test_a_chain_that_bites_its_tail_ends(tmp_path: Path) -> None:
    path = write_pages(tmp_path / "a.tif", FRAMES, imagej(images=18), compression="zlib")
    with tifffile.TiffFile(path) as file:
        second, last = file.pages[1].offset, file.pages[20]
        after = last.offset + 2 + 12 * len(last.tags)
    data = bytearray(path.read_bytes())
    data[after : after + 4] = struct.pack("<I", second)
    path.write_bytes(data)
    np.testing.assert_array_equal(open_movie(path).data, FRAMES[:21])


def test_too_little_for_one_moment_is_a_sentence(tmp_path: Path) -> None:
    path = write_pages(tmp_path / "a.tif", FRAMES[:5], imagej(images=60, slices=10, frames=6))
    with pytest.raises(UserError, match=r"promises 60 images"):
        open_movie(path)
