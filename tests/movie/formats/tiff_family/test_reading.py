"""TIFF in its variants: lazily, with units, and never half a movie taken for a whole one."""

from __future__ import annotations

import contextlib
import pickle
import time
from collections.abc import Callable
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.formats import tiff, zarr_store
from napari_sparsevar.movie.formats.tiff_family.pages import DecodedPages
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (20, 32, 36)).astype(np.uint16)
Writer = Callable[[Path], None]


def _pages(path: Path) -> None:
    with tifffile.TiffWriter(path) as writer:
        for frame in FRAMES:
            writer.write(frame, contiguous=False, metadata=None)


WRITERS: dict[str, Writer] = {
    "plain": lambda path: tifffile.imwrite(path, FRAMES),
    "imagej": lambda path: tifffile.imwrite(path, FRAMES, imagej=True),
    "ome": lambda path: tifffile.imwrite(path, FRAMES, ome=True, metadata={"axes": "TYX"}),
    "bigtiff": lambda path: tifffile.imwrite(path, FRAMES, bigtiff=True),
    "big_endian": lambda path: tifffile.imwrite(path, FRAMES, byteorder=">"),
    "deflate": lambda path: tifffile.imwrite(path, FRAMES, compression="zlib", predictor=True),
    "lzw": lambda path: tifffile.imwrite(path, FRAMES, compression="lzw"),
    "tiles": lambda path: tifffile.imwrite(path, FRAMES, tile=(16, 16)),
    "pages": _pages,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_variant_gives_the_frames(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "movie.tif"
    WRITERS[kind](path)
    movie = open_movie(path)
    assert isinstance(movie.data, da.Array)
    assert movie.data.dtype == np.dtype("uint16")
    assert movie.name == "movie"
    assert movie.source == path
    np.testing.assert_array_equal(movie.data, FRAMES)
    np.testing.assert_array_equal(movie.data[7], FRAMES[7])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_pixel_types(tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES.astype(dtype))
    movie = open_movie(path)
    assert movie.data.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(movie.data, FRAMES.astype(dtype))


def test_imagej_units(tmp_path: Path) -> None:
    for unit, size in (("um", 0.8), ("micron", 0.8), ("\\u00B5m", 0.8), ("nm", 800), ("mm", 8e-4)):
        path = tmp_path / "movie.tif"
        tifffile.imwrite(
            path,
            FRAMES,
            imagej=True,
            resolution=(1 / size, 1 / size),
            metadata={"axes": "TYX", "finterval": 0.04, "unit": unit},
        )
        movie = open_movie(path)
        assert movie.fps == pytest.approx(25.0)
        assert movie.pixel_size_um == pytest.approx(0.8, rel=1e-4)


def test_pixels_that_are_not_square_are_told(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    for kind in ({"imagej": True}, {"ome": True}):
        sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 1.0} if "ome" in kind else {"unit": "um"}
        metadata = {"axes": "TYX", **sizes}
        tifffile.imwrite(path, FRAMES, resolution=(2, 1), metadata=metadata, **kind)
        movie = open_movie(path)
        assert movie.pixel_size_um == pytest.approx(0.5)
        assert any("not square" in note or "0.5 x 1 um" in note for note in movie.notes)


def test_resolution_of_a_plain_file_is_a_size_where_it_is_not_for_print(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    for per_unit, unit, size in ((20_000, 3, 0.5), (50_800, 2, 0.5), (300, 2, None), (2, 1, None)):
        tifffile.imwrite(path, FRAMES, resolution=(per_unit, per_unit), resolutionunit=unit)
        assert open_movie(path).pixel_size_um == (None if size is None else pytest.approx(size))


def test_ome_units(tmp_path: Path) -> None:
    path = tmp_path / "movie.ome.tif"
    metadata = {
        "axes": "TYX",
        "PhysicalSizeX": 650,
        "PhysicalSizeXUnit": "nm",
        "TimeIncrement": 50,
        "TimeIncrementUnit": "ms",
    }
    tifffile.imwrite(path, FRAMES, ome=True, metadata=metadata)
    movie = open_movie(path)
    assert (movie.fps, movie.pixel_size_um) == (pytest.approx(20.0), pytest.approx(0.65))
    assert movie.name == "movie"


def test_ome_time_stamps_give_the_rate(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    stamps = [0.1 * number for number in range(len(FRAMES))]
    plane = {"DeltaT": stamps, "DeltaTUnit": ["s"] * len(FRAMES)}
    tifffile.imwrite(path, FRAMES, ome=True, metadata={"axes": "TYX", "Plane": plane})
    assert open_movie(path).fps == pytest.approx(10.0)


def test_what_a_person_says_overrides_the_file(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES, imagej=True, metadata={"axes": "TYX", "finterval": 0.04})
    movie = open_movie(path, fps=30, pixel_size_um=1.5)
    assert (movie.fps, movie.pixel_size_um) == (30.0, 1.5)
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(UserError, match="positive"):
            open_movie(path, fps=bad)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("axes", ["TCYX", "CTYX", "TZYX"])
def test_first_channel_or_plane_is_taken(
    tmp_path: Path, axes: str, compression: str | None
) -> None:
    stack = np.stack([FRAMES, FRAMES + 1], axis=0 if axes[0] == "C" else 1)
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, stack, ome=True, metadata={"axes": axes}, compression=compression)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert "the first one is used" in movie.notes[0]


def test_very_many_channels_are_frames(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES, imagej=True, metadata={"axes": "CYX"})
    assert "taken as frames" in open_movie(path).notes[0]
    tifffile.imwrite(path, FRAMES[:3], imagej=True, metadata={"axes": "CYX"})
    with pytest.raises(UserError, match="set of channels"):
        open_movie(path)


def test_depth_without_time_is_taken_as_time(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES, imagej=True, metadata={"axes": "ZYX"})
    movie = open_movie(path)
    assert movie.n_frames == 20
    assert "taken as frames" in movie.notes[0]


def test_no_movie_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, FRAMES[0])
    with pytest.raises(UserError, match="single image"):
        open_movie(path)
    colour = np.zeros((20, 24, 3), np.uint8)
    for image in (colour, np.stack([colour] * 5)):
        tifffile.imwrite(path, image, photometric="rgb")
        with pytest.raises(UserError, match="colour"):
            open_movie(path)
    tifffile.imwrite(path, FRAMES.astype(np.complex64))
    with pytest.raises(UserError, match="complex64"):
        open_movie(path)


def test_huge_sparse_file_opens_at_once_and_reads_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "huge.tif"
    shape = (100_000, 256, 256)
    description = f"ImageJ=1.11a\nimages={shape[0]}\nframes={shape[0]}\nhyperstack=true\n"
    tifffile.imwrite(path, np.zeros(shape[1:], np.uint16), description=description, metadata=None)
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[0]
    with path.open("r+b") as stream:
        stream.truncate(offset + 2 * int(np.prod(shape)))
        stream.seek(offset + 2 * 256 * 256 * 50_000)
        stream.write(np.full((256, 256), 7, np.uint16).tobytes())
    start = time.process_time()
    movie = open_movie(path)
    middle, last = np.asarray(movie.data[50_000]), np.asarray(movie.data[-1])
    assert time.process_time() - start < 2.0
    assert movie.data.shape == shape
    assert (middle == 7).all()
    assert not last.any()


def test_one_frame_does_not_read_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "napari_sparsevar.movie.reading.lazy_frames.BLOCK_BYTES", 4 * FRAMES[0].nbytes
    )
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES, compression="zlib")
    seen: list[int] = []
    decode = DecodedPages.read

    def counted(self: DecodedPages, pages: list[int]) -> NDArray[np.generic]:
        seen.extend(pages)
        return decode(self, pages)

    monkeypatch.setattr(DecodedPages, "read", counted)
    movie = open_movie(path)
    assert seen == []
    np.asarray(movie.data[9])
    assert seen == [8, 9, 10, 11]


def test_pages_can_be_sent_to_another_process(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES, compression="zlib")
    reader = DecodedPages(path, 0, np.arange(20))
    np.testing.assert_array_equal(reader(2, 5), FRAMES[2:5])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(reader))(2, 5), FRAMES[2:5])


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.8, 0.9, 0.9999])
def test_of_a_cut_file_all_whole_frames_open(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / "movie.tif"
    WRITERS[kind](path)
    whole = path.read_bytes()
    with tifffile.TiffFile(path) as file:
        ends = [max(np.add(page.dataoffsets, page.databytecounts)) for page in file.pages]
    length = int(share * len(whole))
    path.write_bytes(whole[:length])
    n_whole = sum(end <= length for end in ends)
    if n_whole < 2:
        with pytest.raises(UserError, match=r"movie\.tif"):
            open_movie(path)
        return
    movie = open_movie(path)
    assert n_whole - 1 <= movie.n_frames <= n_whole  # of the last one the table may be cut
    np.testing.assert_array_equal(movie.data, FRAMES[: movie.n_frames])
    assert movie.n_frames == len(FRAMES) or any("cut short" in note for note in movie.notes)
    assert holds_movie(path)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(sorted(WRITERS)),
    damage=st.lists(st.tuples(st.integers(4, 1500), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_file_is_a_user_error_or_a_movie(
    tmp_path_factory: pytest.TempPathFactory,
    kind: str,
    damage: list[tuple[int, int]],
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "movie.tif"
    WRITERS[kind](path)
    content = bytearray(path.read_bytes())
    for place, value in damage:
        content[place] = value
    path.write_bytes(content)
    # Any other exception would be a traceback in front of the user.
    with contextlib.suppress(UserError):
        movie = open_movie(path)
        if movie.data.nbytes < 10**8:
            np.asarray(movie.data[0])


def test_sniffers_claim_only_what_is_theirs(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "named.dat", FRAMES)
    (tmp_path / "text.tif").write_text("II is not enough")
    (tmp_path / "empty.tif").write_bytes(b"")
    (tmp_path / "folder.tif").mkdir()
    claimed = sorted(path.name for path in tmp_path.iterdir() if tiff.claims(path))
    assert claimed == ["named.dat"]
    assert not any(zarr_store.claims(path) for path in tmp_path.iterdir())


def test_ome_time_stamps_say_where_time_pauses(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    half = len(FRAMES) // 2
    stamps = [100.0 * number + 9e5 * (number >= half) for number in range(len(FRAMES))]
    plane = {"DeltaT": stamps, "DeltaTUnit": ["ms"] * len(FRAMES)}
    tifffile.imwrite(path, FRAMES, ome=True, metadata={"axes": "TYX", "Plane": plane})
    movie = open_movie(path)
    assert (movie.fps, movie.jumps) == (pytest.approx(10.0), (half,))
    assert "pauses before" in movie.notes[0]


@pytest.mark.parametrize("unit", ["inch", "cm"])
def test_a_resolution_for_print_is_no_pixel_size(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "print.tif"
    metadata = {"axes": "TYX", "unit": unit}
    tifffile.imwrite(path, FRAMES, imagej=True, resolution=(72.0, 72.0), metadata=metadata)
    assert open_movie(path).pixel_size_um is None


def test_a_packed_file_has_all_of_its_frames(tmp_path: Path) -> None:
    frames = (FRAMES % 4096).astype(np.uint16)
    tifffile.imwrite(tmp_path / "packed.tif", frames, bitspersample=12, metadata=None)
    movie = open_movie(tmp_path / "packed.tif")
    np.testing.assert_array_equal(movie.data, frames)
    assert not any("cut short" in note for note in movie.notes)
