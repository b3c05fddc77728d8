"""Folders of PrairieView: the XML file says which file is which frame, channel and plane."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.formats import bruker
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (12, 16, 18)).astype(np.uint16)
HEAD = """<?xml version="1.0" encoding="utf-8"?>
<PVScan version="5.5.64.100" date="3/11/2024 10:02:11 AM" notes="">
  <PVStateShard>
    <PVStateValue key="activeMode" value="ResonantGalvo" />
    <PVStateValue key="framePeriod" value="0.05" />
    <PVStateValue key="micronsPerPixel">
      <IndexedValue index="XAxis" value="1.25" />
      <IndexedValue index="YAxis" value="{y}" />
      <IndexedValue index="ZAxis" value="5" />
    </PVStateValue>
  </PVStateShard>
"""


def write(
    folder: Path,
    sequences: Sequence[tuple[str, Sequence[tuple[float, Any]]]],
    *,
    channels: Sequence[str] = ("Ch2",),
    paged: bool = False,
    y: float = 1.25,
    kind: str = "TSeries Timed Element",
) -> Path:
    """Write a folder as PrairieView does: per sequence its attributes and its frames.

    A frame is its time and an image; channel c has the image plus c.
    """
    folder.mkdir(parents=True)
    name, lines, stacks = folder.name, [HEAD.format(y=y)], {}
    for cycle, (attributes, frames) in enumerate(sequences, start=1):
        lines.append(f'<Sequence type="{kind}" cycle="{cycle}" {attributes}>')
        for index, (time, image) in enumerate(frames, start=1):
            lines.append(
                f'<Frame relativeTime="{time}" absoluteTime="{time + 3.5}" index="{index}">'
            )
            for number, channel in enumerate(channels, start=1):
                part = "000001" if paged else f"{index:06d}"
                file = f"{name}_Cycle{cycle:05d}_{channel}_{part}.ome.tif"
                stacks.setdefault(file, []).append(image + number - 1)
                page = len(stacks[file])
                lines.append(
                    f'<File channel="{number}" channelName="{channel}" page="{page}" '
                    f'filename="{file}" />'
                )
            lines.append('<PVStateShard><PVStateValue key="zDevice" value="0" /></PVStateShard>')
            lines.append("</Frame>")
        lines.append("</Sequence>")
    (folder / f"{name}.xml").write_text("\n".join([*lines, "</PVScan>"]))
    first = next(iter(stacks))
    for file, stack in stacks.items():
        # As PrairieView does, each file says that it is part of one set with all others.
        ome = (
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
            '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="18" SizeY="16" '
            f'SizeZ="1" SizeC="1" SizeT="{len(stacks)}"><TiffData FirstT="0"><UUID '
            f'FileName="{first}">urn:uuid:0</UUID></TiffData></Pixels></Image></OME>'
        )
        with tifffile.TiffWriter(folder / file) as writer:
            for number, image in enumerate(stack):
                writer.write(
                    image, metadata=None, description=None if number else ome, contiguous=False
                )
    return folder


def timed(frames: np.ndarray, start: float = 0.0) -> list[tuple[float, Any]]:
    return [(start + 0.1 * number, image) for number, image in enumerate(frames)]


@pytest.mark.parametrize("paged", [False, True])
def test_frames_rate_and_pixel_size(tmp_path: Path, paged: bool) -> None:
    folder = write(tmp_path / "TSeries-001", [("", timed(FRAMES))], paged=paged)
    (folder / "TSeries-001_Cycle00001_VoltageRecording_001.xml").write_text("<VRecSessionEntry />")
    tifffile.imwrite(folder / "preview.tif", FRAMES[0])
    assert holds_movie(folder)
    for source in (folder, folder / "TSeries-001.xml"):
        movie = open_movie(source)
        np.testing.assert_array_equal(movie.data, FRAMES)
        np.testing.assert_array_equal(movie.data[7], FRAMES[7])
        assert (movie.fps, movie.pixel_size_um) == (pytest.approx(10.0), 1.25)
        assert (movie.name, movie.notes) == ("TSeries-001", ())
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(movie.data)), FRAMES)


def test_channels_are_chosen_and_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "dual", [("", timed(FRAMES))], channels=("Red", "Green"))
    movie = open_movie(folder)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert "1 Red, 2 Green" in movie.notes[1]
    np.testing.assert_array_equal(open_movie(folder, channel=2).data, FRAMES + 1)


@pytest.mark.parametrize("there_and_back", [False, True])
def test_planes_of_volumes(tmp_path: Path, there_and_back: bool) -> None:
    volumes = FRAMES.reshape(4, 3, 16, 18)
    attribute = f'bidirectionalZ="{there_and_back}"'
    sequences = []
    for number, volume in enumerate(volumes):
        order = volume[::-1] if there_and_back and number % 2 else volume
        sequences.append((attribute, timed(order, 0.3 * number)))
    folder = write(tmp_path / "volumes", sequences, kind="TSeries ZSeries Element")
    movie = open_movie(folder, plane=2)
    np.testing.assert_array_equal(movie.data, volumes[:, 1])
    assert (movie.offer.planes, movie.fps) == (3, pytest.approx(1 / 0.3, rel=1e-5))
    np.testing.assert_array_equal(open_movie(folder, plane=1).data, volumes[:, 0])


def test_a_volume_that_is_not_whole_is_left_out(tmp_path: Path) -> None:
    sequences = [("", timed(FRAMES[:3])), ("", timed(FRAMES[3:6], 0.3)), ("", timed(FRAMES[6:8]))]
    folder = write(tmp_path / "volumes", sequences, kind="TSeries ZSeries Element")
    movie = open_movie(folder, plane=3)
    np.testing.assert_array_equal(movie.data, FRAMES[[2, 5]])
    assert "1 of 3 volumes" in movie.notes[0]


def test_cycles_follow_each_other_and_are_kept_apart(tmp_path: Path) -> None:
    sequences = [("", timed(FRAMES[:7])), ("", timed(FRAMES[7:], 60.0))]
    movie = open_movie(write(tmp_path / "bursts", sequences))
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.fps, movie.jumps) == (pytest.approx(10.0), (7,))


def test_frames_that_are_not_there_are_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "copied", [("", timed(FRAMES))])
    for number in (5, 12):
        (folder / f"copied_Cycle00001_Ch2_{number:06d}.ome.tif").unlink()
    (folder / "copied_Cycle00001_Ch2_000011.ome.tif").write_bytes(b"")
    movie = open_movie(folder)
    np.testing.assert_array_equal(movie.data, FRAMES[[0, 1, 2, 3, 5, 6, 7, 8, 9]])
    assert movie.jumps == (4,)
    assert any("3 of 12 frames" in note for note in movie.notes)
    for file in folder.glob("*.tif"):
        file.unlink()
    with pytest.raises(UserError, match="None of the files"):
        open_movie(folder)


def test_pixels_that_are_not_square_are_noted(tmp_path: Path) -> None:
    movie = open_movie(write(tmp_path / "wide", [("", timed(FRAMES))], y=2.5))
    assert movie.pixel_size_um == 1.25
    assert "2.5" in movie.notes[0]


def test_a_folder_that_was_renamed_and_a_stack_in_depth(tmp_path: Path) -> None:
    folder = write(tmp_path / "TSeries-001", [("", timed(FRAMES))])
    shutil.move(folder, tmp_path / "mouse 1 [day 2]")
    np.testing.assert_array_equal(open_movie(tmp_path / "mouse 1 [day 2]").data, FRAMES)
    stack = write(tmp_path / "ZSeries-001", [("", timed(FRAMES))], kind="ZSeries")
    with pytest.raises(UserError, match="choose a TSeries"):
        open_movie(stack)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ('<!DOCTYPE PVScan [<!ENTITY a "b">]><PVScan>&a;</PVScan>', "DTD"),
        (f"<!-- <PVScan -->{' ' * 5000}<!DOCTYPE a []><PVScan/>", "DTD"),
        ('<?xml version="1.0" encoding="cp037"?><PVScan/>', "unusual encoding"),
        ("<PVScan", "damaged"),
        ("<PVScan></PVScan>", "lists no frames"),
        (
            '<PVScan><Sequence><Frame><File filename="/etc/passwd"/></Frame></Sequence></PVScan>',
            "N",
        ),
        (
            '<PVScan><Sequence><Frame><File filename="../a.tif"/></Frame></Sequence></PVScan>',
            "None of the files",
        ),
    ],
)
def test_damaged_and_malicious_descriptions(tmp_path: Path, head: str, said: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FRAMES[0])
    folder = tmp_path / "scan"
    folder.mkdir()
    for encoding in ("utf-8", "utf-16"):
        (folder / "scan.xml").write_text(head, encoding=encoding)
        assert bruker.claims(folder)
        with pytest.raises(UserError, match=said):
            open_movie(folder)


def test_other_xml_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "notes.xml").write_text("<notes/>")
    assert not holds_movie(tmp_path / "notes.xml")
    assert not bruker.claims(tmp_path)
