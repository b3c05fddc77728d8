"""Pages at uneven distances: found from the bytes of their tables, the same as tifffile finds."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import napari_sparsevar as sv
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.tiff_family import reading
from napari_sparsevar.movie.formats.tiff_family.raw import RawPages, find_raw

FRAMES, HEIGHT, WIDTH = 13, 9, 12


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60_000, (FRAMES, HEIGHT, WIDTH)).astype(np.uint16)


def write(path: Path, pages: list[np.ndarray], first: str | None = None, **options: Any) -> Path:
    """Write a page a frame, with a text of uneven length in each, so that distances differ."""
    file: dict[str, Any] = {
        key: options.pop(key) for key in ("bigtiff", "byteorder") if key in options
    }
    with tifffile.TiffWriter(path, **file) as writer:
        for number, page in enumerate(pages):
            text = first if first and not number else "frame" + "." * (40 * (number % 3))
            writer.write(page, contiguous=False, metadata=None, description=text, **options)
    return path


def found(path: Path) -> RawPages | None:
    with tifffile.TiffFile(path) as file:
        found = find_raw(file, path)
        assert found is None or len(np.unique(np.diff(found.offsets))) > 1
        return found


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_frames_are_those_of_the_file(
    tmp_path: Path, frames: np.ndarray, bigtiff: bool, byteorder: str
) -> None:
    path = write(tmp_path / "a.tif", list(frames), bigtiff=bigtiff, byteorder=byteorder)
    pages = found(path)
    assert pages is not None
    assert pages.n_pages == FRAMES
    order = np.array([5, 0, 12, 7])
    np.testing.assert_array_equal(pages.frames(order).compute(), frames[order])
    np.testing.assert_array_equal(sv.open_movie(path).data.compute(), frames)


def test_tifffile_makes_no_page_of_each(
    tmp_path: Path, frames: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.tif", list(frames))
    made = []
    init = tifffile.TiffFrame.__init__
    monkeypatch.setattr(
        tifffile.TiffFrame, "__init__", lambda self, *a, **k: made.append(1) or init(self, *a, **k)
    )
    assert sv.open_movie(path).n_frames == FRAMES
    assert not made


@pytest.mark.parametrize(
    "other",
    [
        {"dtype": np.int16},
        {"shape": (HEIGHT, WIDTH - 1)},
        {"compression": "zlib"},
        {"rowsperstrip": 4},
    ],
    ids=str,
)
def test_a_page_unlike_the_others_is_left_to_tifffile(
    tmp_path: Path, frames: np.ndarray, other: dict[str, Any]
) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for number, page in enumerate(frames):
            odd, options = page, {}
            if number == 8:
                odd = page.astype(other.get("dtype", page.dtype))[
                    :, : other.get("shape", (0, WIDTH))[1]
                ]
                options = {k: v for k, v in other.items() if k in ("compression", "rowsperstrip")}
            text = "." * (3 + 40 * (number % 3))
            writer.write(odd, contiguous=False, metadata=None, description=text, **options)
    assert found(path) is None
    if {"shape", "rowsperstrip"} & set(other):  # tifffile takes no part of such a series either
        with pytest.raises(UserError, match=r"damaged or not a TIFF file that can be read"):
            sv.open_movie(path)
        return
    with tifffile.TiffFile(path) as file:
        largest = max(file.series, key=lambda series: series.size)
    np.testing.assert_array_equal(sv.open_movie(path).data.compute(), largest.asarray())


@pytest.mark.parametrize("lost", [10, 300, 1200])
def test_of_a_file_that_was_cut_short_whole_frames_open(
    tmp_path: Path, frames: np.ndarray, lost: int
) -> None:
    path = write(tmp_path / "a.tif", list(frames))
    data = path.read_bytes()
    path.write_bytes(data[:-lost])
    movie = sv.open_movie(path)
    assert FRAMES - 1 - lost // frames[0].nbytes <= movie.n_frames < FRAMES
    np.testing.assert_array_equal(movie.data, frames[: movie.n_frames])
    assert "cut short" in movie.notes[0]


def test_a_file_that_still_grows_opens_as_far_as_it_has_come(
    tmp_path: Path, frames: np.ndarray
) -> None:
    whole = write(tmp_path / "whole.tif", list(frames)).read_bytes()
    with tifffile.TiffFile(tmp_path / "whole.tif") as file:
        first_two = file.pages[1].dataoffsets[0] + frames[0].nbytes
    path, seen = tmp_path / "a.tif", 2
    for length in range(300, len(whole) + 1, 37):
        path.write_bytes(whole[:length])
        if length < first_two:
            with pytest.raises(UserError, match=r"truncated|damaged"):
                sv.open_movie(path)
            continue
        movie = sv.open_movie(path)
        np.testing.assert_array_equal(movie.data, frames[: movie.n_frames])
        assert movie.n_frames >= seen
        seen = movie.n_frames
    assert seen >= FRAMES - 1


def test_a_chain_that_bites_its_tail_ends(tmp_path: Path, frames: np.ndarray) -> None:
    path = write(tmp_path / "a.tif", list(frames))
    with tifffile.TiffFile(path) as file:
        second, last = file.pages[1].offset, file.pages[-1].offset
        n_tags = len(file.pages[-1].tags)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, last + 2 + 12 * n_tags, second)
    path.write_bytes(data)
    assert found(path) is None


def described(order: str, sizes: dict[str, int], listed: str) -> str:
    lengths = " ".join(f'Size{axis}="{size}"' for axis, size in sizes.items())
    return (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XY{order}" Type="uint16" '
        f'SizeX="{WIDTH}" SizeY="{HEIGHT}" {lengths} TimeIncrement="0.1" PhysicalSizeX="0.5">'
        + '<Channel ID="Channel:0" SamplesPerPixel="1"/>' * sizes["C"]
        + listed
        + "</Pixels></Image></OME>"
    )


def each_page(order: str, sizes: dict[str, int]) -> list[str]:
    places = [
        dict(zip(order, at[::-1], strict=True))
        for at in np.ndindex(*(sizes[a] for a in order[::-1]))
    ]
    return [
        "<TiffData "
        + " ".join(f'First{axis}="{at[axis]}"' for axis in order)
        + f' IFD="{number}"/>'
        for number, at in enumerate(places)
    ]


@pytest.mark.parametrize("order", ["".join(order) for order in itertools.permutations("ZCT")])
@pytest.mark.parametrize("listing", ["each", "one", "shuffled"])
def test_ome_pages_are_where_tifffile_finds_them(tmp_path: Path, order: str, listing: str) -> None:
    sizes = {"Z": 2, "C": 3, "T": 4}
    pages = np.arange(24 * HEIGHT * WIDTH, dtype=np.uint16).reshape(24, HEIGHT, WIDTH)
    listed = each_page(order, sizes) if listing != "one" else ["<TiffData/>"]
    if listing == "shuffled":  # pages lie in another order than the description would have them
        listed = [text.replace(f'IFD="{n}"', f'IFD="{23 - n}"') for n, text in enumerate(listed)]
    text = described(order, sizes, "".join(listed))
    path = write(tmp_path / "a.ome.tif", list(pages), first=text)
    movie = sv.open_movie(path, channel=2, plane=2)
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        whole = np.moveaxis(series.asarray(), [series.axes.index(a) for a in "TZC"], [0, 1, 2])
    np.testing.assert_array_equal(movie.data.compute(), whole[:, 1, 1])
    assert (movie.fps, movie.pixel_size_um) == (10.0, 0.5)


def test_ome_pages_of_one_axis_need_no_tifffile(
    tmp_path: Path, frames: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"Z": 1, "C": 1, "T": FRAMES}
    text = described("ZCT", sizes, "".join(each_page("ZCT", sizes)))
    path = write(tmp_path / "a.ome.tif", list(frames), first=text)

    def unexpected(*_: object) -> None:
        raise AssertionError("the chain was followed by tifffile")

    monkeypatch.setattr(reading, "_read_series", unexpected)
    np.testing.assert_array_equal(sv.open_movie(path).data.compute(), frames)


def test_one_run_of_pixels_needs_no_look_at_its_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "imagej.tif"
    tifffile.imwrite(path, np.zeros((200, 8, 8), np.uint16), imagej=True, metadata={"axes": "TYX"})
    made = []
    init = tifffile.TiffPage.__init__
    monkeypatch.setattr(
        tifffile.TiffPage, "__init__", lambda self, *a, **k: made.append(1) or init(self, *a, **k)
    )
    assert sv.open_movie(path).n_frames == 200
    assert len(made) < 10


def test_a_file_that_shrinks_while_it_is_open_is_a_sentence(
    tmp_path: Path, frames: np.ndarray
) -> None:
    path = write(tmp_path / "a.tif", list(frames))
    movie = sv.open_movie(path)
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(UserError, match=r"a\.tif"):
        movie.data.compute()
