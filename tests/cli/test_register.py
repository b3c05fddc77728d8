"""``sparsevar register``: a movie held still, as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from cli_called import one_sentence, sparsevar

import napari_sparsevar as sv
from napari_sparsevar.movie import write_movie


@pytest.fixture
def still() -> np.ndarray:
    return np.asarray(
        sv.simulate_movie(120, (48, 48), seed=0, n_cells=9, n_drivers=2, n_followers=2)[0].data
    )


@pytest.mark.parametrize("name", ["still.zarr", "still.tif"])
def test_a_moving_movie_is_written_still(still: np.ndarray, tmp_path: Path, name: str) -> None:
    moved = np.stack([np.roll(frame, number % 7 - 3, 0) for number, frame in enumerate(still)])
    movie = write_movie(moved, tmp_path / "moved.tif", fps=15.0, pixel_size_um=2.0)
    done = sparsevar("register", movie, "--out", tmp_path / name)
    assert done.exit_code == 0, done.output
    assert "Registered" in done.stderr
    opened = sv.open_movie(tmp_path / name)
    assert (opened.fps, opened.pixel_size_um) == pytest.approx((15.0, 2.0))
    middle = np.s_[:, 12:-12, 12:-12]
    away = np.abs(np.asarray(opened.data)[middle] - still[middle]).mean()
    assert away < 0.5 * np.abs(moved[middle].astype(float) - still[middle]).mean()
    refused = sparsevar("register", movie, "--out", tmp_path / name)
    assert one_sentence(refused.stderr)
    assert "--overwrite" in refused.stderr


def test_parts_and_the_shift_of_each_frame(still: np.ndarray, tmp_path: Path) -> None:
    moved = np.stack([np.roll(frame, number % 7 - 3, 0) for number, frame in enumerate(still)])
    movie, table = write_movie(moved, tmp_path / "moved.tif"), tmp_path / "shifts.csv"
    asked = ("register", movie, "--out", tmp_path / "still.tif", "--shifts", table)
    done = sparsevar(*asked, "--kind", "piecewise")
    assert done.exit_code == 0, done.output
    assert "in parts" in done.stderr
    assert done.stdout.splitlines()[0].split() == [
        "frames",
        "shift",
        "largest",
        "before",
        "after",
        "lost",
        "lines",
    ]
    shifts = np.genfromtxt(table, delimiter=",", names=True)
    away = shifts["y"] - (np.arange(len(still)) % 7 - 3)
    assert np.abs(away - np.median(away)).mean() < 0.5
    (tmp_path / "still.tif").unlink()
    assert "shifts.csv exists already" in sparsevar(*asked).stderr


def test_by_another_channel(still: np.ndarray, tmp_path: Path) -> None:
    moved = np.stack([np.roll(frame, number % 7 - 3, 0) for number, frame in enumerate(still)])
    blank = np.random.default_rng(0).integers(900, 1100, moved.shape).astype(moved.dtype)
    movie = tmp_path / "movie.tif"
    tifffile.imwrite(
        movie, np.stack([blank, moved], axis=1), imagej=True, metadata={"axes": "TCYX"}
    )
    asked = ("register", movie, "--out", tmp_path / "still.zarr", "--by-channel")
    done = sparsevar(*asked, "2")
    assert done.exit_code == 0, done.output
    assert "estimated on channel 2" in done.stderr
    refused = sparsevar(*asked, "3", "--overwrite")
    assert one_sentence(refused.stderr)
    assert "no channel 3" in refused.stderr


def test_a_still_movie_is_not_written_again(still: np.ndarray, tmp_path: Path) -> None:
    movie = write_movie(still, tmp_path / "movie.tif", fps=15.0, pixel_size_um=2.0)
    done = sparsevar("register", movie, "--out", tmp_path / "still.tif")
    assert done.exit_code == 0, done.output
    assert "registered already" in done.stderr
    assert not (tmp_path / "still.tif").exists()
