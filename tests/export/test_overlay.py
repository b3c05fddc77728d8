"""The movie of the overlay: as many frames as asked for, at the rate, map and time in it."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.export.material import Material
from napari_sparsevar.export.overlay import OverlayOptions, write_overlay
from napari_sparsevar.export.overlay_frame import OverlayPainter
from napari_sparsevar.progress import returned

av = pytest.importorskip("av")


def decoded(path: Path) -> tuple[Fraction, list[Any]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return stream.average_rate, frames


def test_frames_and_rate_are_those_asked_for(material: Material, tmp_path: Path) -> None:
    options = OverlayOptions(start=5, stop=25, speed=2.0)
    steps = list(write_overlay(material, tmp_path / "out.mp4", options))
    assert [round(20 * fraction) for fraction, _ in steps] == list(range(1, 21))
    rate, frames = decoded(tmp_path / "out.mp4")
    assert (rate, len(frames)) == (30, 20)
    painter = OverlayPainter(material, contribution=True, drivers=True)
    assert material.movie is not None
    painted = painter.paint(5, np.asarray(material.movie.data[5]))
    assert painted.shape == frames[0].shape
    # Lossy, but the same picture.
    assert np.abs(frames[0].astype(float) - painted).mean() < 6


def test_map_drivers_and_time_are_in_the_picture(material: Material) -> None:
    assert material.movie is not None
    frame = np.asarray(material.movie.data[0], np.float32)
    plain = OverlayPainter(material, contribution=False, drivers=False).paint(0, frame)
    mapped = OverlayPainter(material, contribution=True, drivers=False).paint(0, frame)
    lined = OverlayPainter(material, contribution=True, drivers=True).paint(0, frame)
    zoom = plain.shape[1] // 34
    inside = (material.run.contribution_map > 0.5).repeat(zoom, axis=0).repeat(zoom, axis=1)
    field = (slice(0, inside.shape[0]), slice(0, inside.shape[1]))
    assert (np.ptp(plain[field], axis=-1) == 0).all()  # grey
    assert (mapped[field][inside] > plain[field][inside]).any(axis=-1).mean() > 0.5
    changed = (lined != mapped).any(axis=-1)[field]
    assert 0.01 < changed[inside].mean() < 0.9
    assert not changed[~inside].any()
    later = OverlayPainter(material, contribution=False, drivers=False).paint(30, frame)
    assert (later[field] == plain[field]).all()
    assert (later[-36:] != plain[-36:]).any()


def test_the_map_keeps_its_hue_over_a_bright_cell(material: Material) -> None:
    white = np.full(material.run.contribution_map.shape, 1e6, np.float32)
    painted = OverlayPainter(material, contribution=True, drivers=False).paint(0, white)
    zoom = painted.shape[1] // 34
    inside = (material.run.contribution_map > 0.5).repeat(zoom, axis=0).repeat(zoom, axis=1)
    field = painted[: inside.shape[0], : inside.shape[1]].astype(int)
    assert (field[~inside] > 250).all()
    assert (np.ptp(field[inside], axis=-1) > 60).all()


def test_a_cancelled_movie_leaves_nothing(material: Material, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    work = write_overlay(material, folder / "out.mp4")
    next(work)
    work.close()
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (OverlayOptions(start=60), "Frames 60: are not in a movie of 60"),
        (OverlayOptions(start=9, stop=9), "Frames 9:9"),
        (OverlayOptions(speed=0.0), "speed is 0"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(
    material: Material, tmp_path: Path, options: OverlayOptions, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        returned(write_overlay(material, tmp_path / "out.mp4", options))


def test_what_is_missing_is_one_sentence(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"ends in \.mp4"):
        returned(write_overlay(material, tmp_path / "out.avi"))
    with pytest.raises(UserError, match="needs the movie"):
        returned(write_overlay(replace(material, movie=None), tmp_path / "out.mp4"))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UserError, match=r"pip install 'napari-sparsevar\[video\]'"):
        returned(write_overlay(material, tmp_path / "out.mp4"))
