"""One OME set in a folder: every frame once, channels apart, whatever is missing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.formats.tiff_family.ome_set import without_described
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (2, 24, 14, 18)).astype(np.uint16)
HEAD = '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'


def write_set(
    folder: Path,
    *,
    chunk: int = 7,
    channels: int = 2,
    head: int = 0,
    full: bool = False,
    stem: str = "scan_Cycle00001",
    n_frames: int = 24,
    **options: str,
) -> list[Path]:
    """Write each channel in files of a few frames, described by one of them, or by all."""
    folder.mkdir(exist_ok=True)
    names = [
        (channel, start, f"{stem}_Ch{channel + 1}_{number:06d}.ome.tif")
        for channel in range(channels)
        for number, start in enumerate(range(0, n_frames, chunk), 1)
    ]
    listed = "".join(
        f'<TiffData FirstC="{c}" FirstT="{t}" IFD="{t - start}" PlaneCount="1">'
        f'<UUID FileName="{name}">urn:uuid:{name}</UUID></TiffData>'
        for c, start, name in names
        for t in range(start, min(n_frames, start + chunk))
    )
    pixels = (
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="18" '
        f'SizeY="14" SizeZ="1" SizeC="{channels}" SizeT="{n_frames}" PhysicalSizeX="1.5" '
        f'PhysicalSizeY="1.5" TimeIncrement="0.1">{listed}</Pixels></Image>'
    )
    only = f'<BinaryOnly MetadataFile="{names[head][2]}" UUID="urn:uuid:{names[head][2]}"/>'
    for number, (c, start, name) in enumerate(names):
        body = pixels if full or number == head else only
        text = f'{HEAD} UUID="urn:uuid:{name}">{body}</OME>'
        with tifffile.TiffWriter(folder / name) as writer:
            for t in range(start, min(n_frames, start + chunk)):
                writer.write(
                    FRAMES[c, t],
                    contiguous=False,
                    metadata=None,
                    description=text if t == start else None,
                    **options,
                )
    return [folder / name for *_, name in names]


@pytest.mark.parametrize("chunk", [1, 7, 12, 24])
@pytest.mark.parametrize("head", [0, 1])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}], ids=str)
def test_every_frame_once(
    tmp_path: Path, chunk: int, head: int, full: bool, options: dict[str, str]
) -> None:
    paths = write_set(tmp_path / "set", chunk=chunk, head=head, full=full, **options)
    for source in (tmp_path / "set", paths, paths[head]):
        for channel in (1, 2):
            movie = open_movie(source, channel=channel)
            np.testing.assert_array_equal(movie.data, FRAMES[channel - 1])
            assert (movie.fps, movie.pixel_size_um) == (10.0, 1.5)
            assert (movie.offer.channels, movie.choice.channel) == (2, channel)
            assert movie.notes == ()
    movie = open_movie(tmp_path / "set", channel=2)
    again = open_movie(movie.source, **asdict(movie.choice))
    np.testing.assert_array_equal(again.data, FRAMES[1])


def test_a_projection_beside_the_set(tmp_path: Path) -> None:
    write_set(tmp_path)
    tifffile.imwrite(tmp_path / "AVG_scan.tif", FRAMES[0].mean(0).astype(np.float32))
    movie = open_movie(tmp_path)
    np.testing.assert_array_equal(movie.data, FRAMES[0])
    assert "AVG_scan.tif" in movie.notes[0]


def test_sets_of_several_cycles_follow_each_other(tmp_path: Path) -> None:
    for cycle in (1, 2, 10):
        write_set(tmp_path, stem=f"scan_Cycle{cycle:05d}", channels=2, chunk=24)
    movie = open_movie(tmp_path, channel=2)
    np.testing.assert_array_equal(movie.data, np.concatenate([FRAMES[1]] * 3))


def test_a_set_by_the_pattern_of_one_channel(tmp_path: Path) -> None:
    write_set(tmp_path)
    np.testing.assert_array_equal(open_movie(tmp_path / "*_Ch2_*.tif").data, FRAMES[1])


def test_renamed_files_are_told_apart_by_their_names(tmp_path: Path) -> None:
    for path in write_set(tmp_path):
        path.rename(path.with_name(path.name.replace("scan", "mouse")))
    movie = open_movie(tmp_path, channel=2)
    np.testing.assert_array_equal(movie.data, FRAMES[1])


@pytest.mark.parametrize(("lost", "n_frames", "jumps"), [(3, 21, ()), (1, 17, (7,))])
def test_files_that_are_missing(
    tmp_path: Path, lost: int, n_frames: int, jumps: tuple[int, ...]
) -> None:
    paths = write_set(tmp_path, channels=1)
    paths[lost].unlink()
    movie = open_movie(tmp_path)
    expected = np.delete(FRAMES[0], np.arange(7 * lost, min(24, 7 * lost + 7)), 0)
    np.testing.assert_array_equal(movie.data, expected)
    assert (movie.n_frames, movie.jumps) == (n_frames, jumps)
    assert paths[lost].name in movie.notes[0]


@pytest.mark.parametrize("chunk", [1, 7])
def test_a_set_that_still_grows(tmp_path: Path, chunk: int) -> None:
    paths = write_set(tmp_path, channels=1, chunk=chunk)
    paths[-1].write_bytes(paths[-1].read_bytes()[:-30])
    movie = open_movie(tmp_path)
    np.testing.assert_array_equal(movie.data, FRAMES[0, :23])
    assert "24 frames; the 23 that are there" in movie.notes[0]


def test_a_single_file_of_a_set(tmp_path: Path) -> None:
    paths = write_set(tmp_path)
    movie = open_movie(paths[1])
    np.testing.assert_array_equal(movie.data, FRAMES[0, 7:14])
    assert f"part of what {paths[0].name} describes" in movie.notes[0]
    paths[0].unlink()
    assert f"{paths[0].name}, which describes" in open_movie(paths[1]).notes[0]


def test_images_of_one_description_are_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for name, frames in zip(("left", "right"), FRAMES, strict=True):
            writer.write(frames, metadata={"axes": "TYX", "Name": name})
    with pytest.raises(ChoiceNeeded, match="left, right"):
        open_movie(path)
    np.testing.assert_array_equal(open_movie(path, dataset="right").data, FRAMES[1])


def test_a_set_of_which_one_file_is_left(tmp_path: Path) -> None:
    path, *others = write_set(tmp_path, full=True)
    for other in others:
        other.unlink()
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES[0, :7])
    assert "files are missing" in movie.notes[0]
    with pytest.raises(UserError, match="missing"):
        open_movie(path, channel=2)


def test_few_files_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        tifffile.imwrite(tmp_path / f"plain{number}.tif", FRAMES[0, 0])
    paths = [*sorted(tmp_path.iterdir()), *write_set(tmp_path, chunk=1)]
    opened = []
    init = tifffile.TiffFile.__init__
    monkeypatch.setattr(
        tifffile.TiffFile, "__init__", lambda self, *a, **k: opened.append(1) or init(self, *a, **k)
    )
    assert without_described(paths) == paths[:51]
    assert len(opened) <= 3


@pytest.mark.parametrize("chunk", [1, 8])
def test_images_that_are_only_numbered_are_frames(tmp_path: Path, chunk: int) -> None:
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for start in range(0, 24, chunk):
            frames = FRAMES[0, start : start + chunk]
            metadata = {"axes": "TYX"} if chunk > 1 else None
            writer.write(frames if chunk > 1 else frames[0], metadata=metadata or {"axes": "YX"})
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES[0])
    assert "one after the other in time" in movie.notes[0]
    assert holds_movie(path)


def test_a_description_in_a_companion_file(tmp_path: Path) -> None:
    paths = write_set(tmp_path, chunk=1)
    with tifffile.TiffFile(paths[0]) as file:
        text = file.ome_metadata or ""
    (tmp_path / "scan.companion.ome").write_text(text)
    only = (
        f'{HEAD} UUID="urn:uuid:1"><BinaryOnly MetadataFile="scan.companion.ome" UUID="1"/></OME>'
    )
    for number, path in enumerate(paths):
        frame = FRAMES.reshape(48, 14, 18)[number]
        tifffile.imwrite(path, frame, metadata=None, description=only)
    np.testing.assert_array_equal(open_movie(tmp_path, channel=2).data, FRAMES[1])
