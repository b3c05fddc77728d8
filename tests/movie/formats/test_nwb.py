"""NWB as pynwb writes it, read without pynwb."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.formats import hdf5, nwb

pynwb = pytest.importorskip("pynwb")
FRAMES = np.random.default_rng(0).integers(0, 4000, (20, 16, 18)).astype(np.uint16)


def write(
    path: Path,
    *series: dict[str, Any],
    spacing: Any = (2e-6, 2e-6),
    invalid: tuple[tuple[float, float], ...] = (),
) -> None:
    from pynwb.ophys import OpticalChannel, TwoPhotonSeries

    file = pynwb.NWBFile("a test", "test", datetime(2026, 1, 1, tzinfo=UTC))
    device = file.create_device(name="microscope")
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="", emission_lambda=510.0),
        description="",
        device=device,
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
        imaging_rate=12.0,
        **({"grid_spacing": spacing} if spacing else {}),
    )
    for number, options in enumerate(series):
        file.add_acquisition(
            TwoPhotonSeries(name=f"series{number}", imaging_plane=plane, unit="au", **options)
        )
    for start, stop in invalid:
        file.add_invalid_time_interval(start_time=start, stop_time=stop)
    with pynwb.NWBHDF5IO(str(path), "w") as stream:
        stream.write(file)


@pytest.mark.parametrize(
    ("timing", "fps"),
    [({"rate": 15.0}, 15.0), ({"timestamps": 3.0 + np.arange(20) / 30}, 30.0)],
)
def test_frames_rate_and_pixel_size(tmp_path: Path, timing: Any, fps: float) -> None:
    path = tmp_path / "session.nwb"
    write(path, {"data": FRAMES, **timing})
    assert nwb.claims(path)
    assert nwb.holds_movie(path)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.fps == pytest.approx(fps)
    assert movie.times is None or movie.times[0] == 3.0  # on the clock of the session
    assert movie.pixel_size_um == 2.0
    assert movie.name == "session"


def test_frames_in_invalid_times_are_left_out(tmp_path: Path) -> None:
    """By the clock of the session, which began 3 s before the movie."""
    timing = {"data": FRAMES, "rate": 10.0, "starting_time": 3.0}
    write(tmp_path / "a.nwb", timing, invalid=((0.0, 3.2), (4.5, 4.55)))
    movie = open_movie(tmp_path / "a.nwb")
    assert movie.left_out is not None
    assert np.flatnonzero(movie.left_out.frames).tolist() == [0, 1, 15]
    assert "3 of 20 frames lie in invalid times" in movie.notes[-1]
    write(tmp_path / "b.nwb", timing, invalid=((70.0, 80.0),))
    assert open_movie(tmp_path / "b.nwb").left_out is None


def test_compressed_volume_and_field_of_view(tmp_path: Path) -> None:
    from hdmf.backends.hdf5 import H5DataIO

    path = tmp_path / "volume.nwb"
    stack = np.stack([FRAMES, FRAMES + 1], axis=-1)
    data = H5DataIO(stack, compression="gzip", chunks=(4, 16, 18, 1))
    write(path, {"data": data, "rate": 5.0, "field_of_view": [9e-6, 8e-6, 1e-6]}, spacing=None)
    movie = open_movie(path, plane=2)
    np.testing.assert_array_equal(movie.data, FRAMES + 1)
    assert movie.pixel_size_um == pytest.approx(0.5)


def test_several_series_and_none(tmp_path: Path) -> None:
    path = tmp_path / "two.nwb"
    write(path, {"data": FRAMES, "rate": 5.0}, {"data": FRAMES + 1, "rate": 5.0})
    with pytest.raises(ChoiceNeeded, match=r"series0.*series1"):
        open_movie(path)
    np.testing.assert_array_equal(open_movie(path, dataset="series1").data, FRAMES + 1)
    write(path)
    assert not nwb.holds_movie(path)
    with pytest.raises(UserError, match="no TwoPhotonSeries"):
        open_movie(path)
    assert hdf5.FORMAT.claims(path)


def test_pixels_in_other_files(tmp_path: Path) -> None:
    path = tmp_path / "outside.nwb"
    outside = {"external_file": ["movie.tif"], "format": "external", "starting_frame": [0]}
    write(path, {**outside, "rate": 5.0, "dimension": [18, 16], "num_samples": 20})
    with pytest.raises(UserError, match=r"other files \(movie\.tif\)"):
        open_movie(path)


TURNED = FRAMES.transpose(0, 2, 1)
FIELD = {"field_of_view": [18 * 1.5e-6, 16 * 1.5e-6]}
STATED = {"dimension": [16, 18]}


@pytest.mark.parametrize(
    ("options", "frames", "said"),
    [
        ({"data": TURNED, **STATED, **FIELD}, FRAMES, "column by column"),
        ({"data": TURNED, **STATED}, TURNED, "--axes TXY"),
        ({"data": TURNED, **FIELD}, TURNED, "--axes TXY"),
        ({"data": FRAMES, "dimension": [18, 16], **FIELD}, FRAMES, ""),
        ({"data": FRAMES, **STATED, **FIELD}, FRAMES, ""),
        ({"data": FRAMES}, FRAMES, ""),
        ({"data": np.moveaxis(FRAMES, 0, -1), **STATED}, FRAMES, "time last"),
    ],
)
def test_how_frames_lie(tmp_path: Path, options: Any, frames: Any, said: str) -> None:
    path = tmp_path / "session.nwb"
    write(path, {"rate": 30.0, **options}, spacing=None)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, frames)
    assert bool(movie.notes) == bool(said)
    assert all(said in note for note in movie.notes)
    if "field_of_view" in options:
        assert movie.pixel_size_um == pytest.approx(1.5)
    np.testing.assert_array_equal(open_movie(path, axes="TYX").data, options["data"])


def test_a_program_that_is_known_to_turn_frames(tmp_path: Path) -> None:
    path = tmp_path / "session.nwb"
    write(path, {"rate": 30.0, "data": TURNED, **STATED}, spacing=None)
    with h5py.File(path, "a") as file:
        file["general/source_script"] = "Created using NeuroConv v0.6.1"
    np.testing.assert_array_equal(open_movie(path).data, FRAMES)


def test_time_stamps_say_which_axis_is_time(tmp_path: Path) -> None:
    path = tmp_path / "session.nwb"
    write(path, {"data": FRAMES, "timestamps": np.arange(20) / 10.0})
    with h5py.File(path, "a") as file:
        del file["acquisition/series0/data"]
        file["acquisition/series0/data"] = np.moveaxis(FRAMES, 0, -1)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.fps == pytest.approx(10.0)


def test_pixels_that_are_not_square_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "session.nwb"
    write(path, {"data": FRAMES, "rate": 30.0}, spacing=(2e-6, 3e-6))
    movie = open_movie(path)
    assert movie.pixel_size_um == 2.0
    assert "2 x 3 um" in movie.notes[0]


def write_corrected(path: Path, *, other: bool = False, linked: bool = False) -> None:
    from pynwb.image import ImageSeries
    from pynwb.ophys import CorrectedImageStack, MotionCorrection, OpticalChannel, TwoPhotonSeries

    file = pynwb.NWBFile("a test", "test", datetime(2026, 1, 1, tzinfo=UTC))
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="", emission_lambda=510.0),
        description="",
        device=file.create_device(name="microscope"),
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
        imaging_rate=12.0,
        grid_spacing=[2e-6, 2e-6],
    )
    names = ("raw", "red") if other else ("raw",)
    series = [
        TwoPhotonSeries(name=name, data=FRAMES, imaging_plane=plane, unit="au", rate=12.0)
        for name in names
    ]
    for each in series:
        file.add_acquisition(each)
    module = file.create_processing_module("ophys", "motion")
    corrected = ImageSeries(name="corrected", data=FRAMES + 1, unit="au", rate=12.0)
    if linked:
        module.add(corrected)
    shifts = pynwb.TimeSeries(
        name="xy_translation", data=np.zeros((20, 2)), unit="pixels", rate=12.0
    )
    stack = CorrectedImageStack(corrected=corrected, original=series[0], xy_translation=shifts)
    module.add(MotionCorrection(corrected_image_stacks=stack))
    with pynwb.NWBHDF5IO(str(path), "w") as stream:
        stream.write(file)


@pytest.mark.parametrize("linked", [False, True])
def test_the_corrected_movie_comes_first_and_both_are_offered(tmp_path: Path, linked: bool) -> None:
    path = tmp_path / "corrected.nwb"
    write_corrected(path, linked=linked)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES + 1)
    assert "corrected for motion" in movie.notes[0]
    assert (movie.fps, movie.pixel_size_um) == (12.0, 2.0)
    assert len(movie.offer.datasets) == 2
    for dataset in movie.offer.datasets:
        chosen = open_movie(path, dataset=dataset)
        assert not chosen.notes
        assert chosen.choice.dataset == dataset
    np.testing.assert_array_equal(open_movie(path, dataset="raw").data, FRAMES)
    np.testing.assert_array_equal(open_movie(path, dataset="corrected").data, FRAMES + 1)


def test_two_movies_that_do_not_come_from_each_other_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "corrected.nwb"
    write_corrected(path, other=True)
    with pytest.raises(ChoiceNeeded, match=r"raw.*red.*corrected"):
        open_movie(path)


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_pixels_linked_to_another_file(tmp_path: Path, compression: str | None) -> None:
    """As pynwb writes a series whose data lie in a file that is open."""
    from hdmf.backends.hdf5.h5_utils import H5DataIO

    data = H5DataIO(FRAMES, compression=compression) if compression else FRAMES
    write(tmp_path / "source.nwb", {"data": data, "rate": 30.0})
    with pynwb.NWBHDF5IO(str(tmp_path / "source.nwb"), "r") as stream:
        linked = stream.read().acquisition["series0"].data
        write(tmp_path / "derived.nwb", {"data": linked, "rate": 30.0})
    movie = open_movie(tmp_path / "derived.nwb")
    np.testing.assert_array_equal(movie.data, FRAMES)
    (tmp_path / "source.nwb").unlink()
    with pytest.raises(UserError, match=r"its data in source\.nwb, which is not there"):
        open_movie(tmp_path / "derived.nwb")


def test_planes_before_rows_are_noticed(tmp_path: Path) -> None:
    stack = np.stack([FRAMES, FRAMES + 1, FRAMES + 2], axis=1)
    write(tmp_path / "volume.nwb", {"data": stack, "rate": 10.0})
    movie = open_movie(tmp_path / "volume.nwb", plane=2)
    np.testing.assert_array_equal(movie.data, FRAMES + 1)
    assert any("--axes TYXZ" in note for note in movie.notes)


def test_rows_and_columns_before_time_are_doubted(tmp_path: Path) -> None:
    write(tmp_path / "last.nwb", {"data": np.zeros((16, 16, 40), np.uint16), "rate": 10.0})
    assert any("--axes YXT" in note for note in open_movie(tmp_path / "last.nwb").notes)


def test_a_pixel_that_no_microscope_has_is_left_open(tmp_path: Path) -> None:
    write(tmp_path / "large.nwb", {"data": FRAMES, "rate": 10.0}, spacing=(1.2, 1.2))
    movie = open_movie(tmp_path / "large.nwb")
    assert movie.pixel_size_um is None
    assert any("--pixel-size" in note for note in movie.notes)
    given = open_movie(tmp_path / "large.nwb", pixel_size_um=1.2)
    assert (given.pixel_size_um, given.notes) == (1.2, ())
