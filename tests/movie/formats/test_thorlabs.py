"""Folders of ThorImage: ``Experiment.xml`` says how raw pixels lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.formats import thorlabs
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (12, 16, 18)).astype(np.uint16)
XML = """<?xml version="1.0"?>
<ThorImageExperiment>
  <Name name="Experiment.xml" />
  <Date date="03/11/2024 10:02:11" uTime="1710151331" />
  <Wavelengths nyquistExWavelengthNM="920">{wavelengths}</Wavelengths>
  <ZStage name="ThorZPiezo" steps="{steps}" stepSizeUM="5" />
  <Timelapse timepoints="1" intervalSec="0" />
  <LSM name="ResonanceGalvo" pixelX="18" pixelY="16" channel="{mask}" frameRate="30.0"
       averageMode="{average}" averageNum="3" pixelSizeUM="1.5" widthUM="27" heightUM="{tall}" />
  <Streaming enable="1" frames="{frames}" zFastEnable="{fast}" flybackFrames="{flyback}" />
  <ExperimentStatus value="Complete" />
</ThorImageExperiment>
"""


def write(folder: Path, stack: np.ndarray | None, *, channels: int = 1, **options: Any) -> Path:
    folder.mkdir(parents=True)
    said = {"steps": 1, "average": 0, "frames": 12, "fast": 0, "flyback": 0, "tall": 24}
    names = "".join(f'<Wavelength name="Chan{c}" />' for c in "ABCD"[:channels])
    text = XML.format(wavelengths=names, mask=2**channels - 1, **{**said, **options})
    (folder / "Experiment.xml").write_text(text)
    if stack is not None:
        stack.astype("<u2").tofile(folder / "Image_0001_0001.raw")
    return folder


def test_frames_rate_and_pixel_size(tmp_path: Path) -> None:
    folder = write(tmp_path / "session 1", FRAMES)
    for source in (folder, folder / "Image_0001_0001.raw", folder / "Experiment.xml"):
        assert holds_movie(source)
        movie = open_movie(source)
        np.testing.assert_array_equal(movie.data, FRAMES)
        assert (movie.fps, movie.pixel_size_um) == (pytest.approx(30.0), 1.5)
        assert (movie.name, movie.notes) == ("session 1", ())


def test_channels_lie_one_after_the_other(tmp_path: Path) -> None:
    folder = write(tmp_path / "dual", np.stack([FRAMES, FRAMES + 1], axis=1), channels=2)
    assert "2 channels" in open_movie(folder).notes[0]
    np.testing.assert_array_equal(open_movie(folder, channel=2).data, FRAMES + 1)


def test_all_four_channels_may_be_stored_though_one_is_named(tmp_path: Path) -> None:
    stack = np.stack([FRAMES, FRAMES + 1, FRAMES + 2, FRAMES + 3], axis=1)
    movie = open_movie(write(tmp_path / "four", stack), channel=3)
    np.testing.assert_array_equal(movie.data, FRAMES + 2)


def test_planes_and_their_way_back(tmp_path: Path) -> None:
    volumes = np.stack([FRAMES, FRAMES + 1, FRAMES + 2, FRAMES * 0], axis=1)
    options = {"steps": 3, "fast": 1, "flyback": 1, "frames": 48}
    folder = write(tmp_path / "volumes", volumes, **options)
    movie = open_movie(folder, plane=3)
    np.testing.assert_array_equal(movie.data, FRAMES + 2)
    assert (movie.offer.planes, movie.fps) == (3, pytest.approx(7.5))


def test_averaged_frames_are_slower_and_oblong_pixels_noted(tmp_path: Path) -> None:
    movie = open_movie(write(tmp_path / "averaged", FRAMES, average=1, tall=48))
    assert movie.fps == pytest.approx(10.0)
    assert "1.5 x 3 um" in movie.notes[0]


def test_a_recording_that_was_stopped(tmp_path: Path) -> None:
    folder = write(tmp_path / "stopped", FRAMES, frames=1000)
    with (folder / "Image_0001_0001.raw").open("ab") as file:
        file.write(b"1234567")
    movie = open_movie(folder)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert "12 whole frames" in movie.notes[0]
    (folder / "Image_0001_0001.raw").write_bytes(b"12")
    with pytest.raises(UserError, match="no whole frame"):
        open_movie(folder)


def test_several_raw_files_are_chosen_from(tmp_path: Path) -> None:
    folder = write(tmp_path / "captures", FRAMES)
    (FRAMES + 1).tofile(folder / "Image_0002_0001.raw")
    with pytest.raises(ChoiceNeeded, match="Image_0001_0001, Image_0002_0001"):
        open_movie(folder)
    for source, dataset in ((folder, "Image_0002_0001"), (folder / "Image_0002_0001.raw", None)):
        np.testing.assert_array_equal(open_movie(source, dataset=dataset).data, FRAMES + 1)


def test_a_tiff_file_a_frame(tmp_path: Path) -> None:
    folder = write(tmp_path / "tiffs", None, channels=2)
    for frame, image in enumerate(FRAMES, start=1):
        for channel in "AB":
            for plane in (1, 2):
                file = folder / f"Chan{channel}_0001_0001_{plane:04d}_{frame:04d}.tif"
                tifffile.imwrite(file, image + 10 * plane + (channel == "B"))
    tifffile.imwrite(folder / "ChanA_Preview.tif", FRAMES[0])
    movie = open_movie(folder, channel=2, plane=1)
    np.testing.assert_array_equal(movie.data, FRAMES + 11)
    assert (movie.offer.channels, movie.offer.planes) == (2, 2)
    assert movie.fps == pytest.approx(30.0)


def test_what_is_none_of_thorlabs(tmp_path: Path) -> None:
    (tmp_path / "Image_0001_0001.raw").write_bytes(bytes(100))
    assert not thorlabs.claims(tmp_path)
    assert not thorlabs.claims(tmp_path / "Image_0001_0001.raw")
    folder = write(tmp_path / "empty", None)
    assert not thorlabs.claims(folder)


def test_damaged_descriptions_are_one_sentence(tmp_path: Path) -> None:
    folder = write(tmp_path / "damaged", FRAMES)
    for text in (
        "<ThorImageExperiment",
        "<ThorImageExperiment/>",
        '<!DOCTYPE a [<!ENTITY b "c">]><ThorImageExperiment/>',
        '<ThorImageExperiment><LSM pixelX="nan" pixelY="-3"/></ThorImageExperiment>',
        '<ThorImageExperiment><LSM pixelX="1e30" pixelY="1e30"/></ThorImageExperiment>',
    ):
        (folder / "Experiment.xml").write_text(text)
        with pytest.raises(UserError, match=r"Experiment\.xml"):
            open_movie(folder)
