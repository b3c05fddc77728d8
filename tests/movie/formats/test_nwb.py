"""NWB as pynwb writes it, read without pynwb."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.formats import hdf5, nwb

pynwb = pytest.importorskip("pynwb")
FRAMES = np.random.default_rng(0).integers(0, 4000, (20, 16, 18)).astype(np.uint16)


def write(path: Path, *series: dict[str, Any], spacing: Any = (2e-6, 2e-6)) -> None:
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
    assert movie.pixel_size_um == 2.0
    assert movie.name == "session"


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
