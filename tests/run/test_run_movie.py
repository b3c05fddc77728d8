"""The movie of a run is found again, and another one in its place is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sparsevar.movie import open_movie
from napari_sparsevar.run.record import MovieIdentity
from napari_sparsevar.run.run_movie import find_movie, open_run_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (12, 20, 30), np.uint16)


def write(path: Path, frames: np.ndarray = FRAMES, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, frames, photometric="minisblack", **options)
    return path


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    write(tmp_path / "lab" / "day 1" / "movie.tif")
    (tmp_path / "lab" / "runs" / "run").mkdir(parents=True)
    return tmp_path / "lab"


@pytest.fixture
def identity(lab: Path) -> MovieIdentity:
    return MovieIdentity.of(open_movie(lab / "day 1" / "movie.tif"), lab / "runs" / "run")


def test_a_movie_that_stayed_is_found_from_a_run_that_moved(
    lab: Path, identity: MovieIdentity, tmp_path: Path
) -> None:
    found = open_run_movie(tmp_path / "elsewhere" / "run", identity)
    assert found.notice == ""
    assert found.movie is not None
    assert found.movie.source == lab / "day 1" / "movie.tif"


def test_a_folder_with_both_can_move(lab: Path, identity: MovieIdentity, tmp_path: Path) -> None:
    moved = lab.rename(tmp_path / "archive")
    found = find_movie(moved / "runs" / "run", identity)
    assert (found.path, found.known) == (moved / "day 1" / "movie.tif", True)


@pytest.mark.parametrize("place", ["runs/movie.tif", "runs/run/movie.tif"])
def test_beside_or_inside_the_run(lab: Path, identity: MovieIdentity, place: str) -> None:
    (lab / "day 1" / "movie.tif").rename(lab / place)
    assert find_movie(lab / "runs" / "run", identity).path == lab / place


def test_the_very_movie_is_preferred_to_another_in_its_place(
    lab: Path, identity: MovieIdentity
) -> None:
    shutil.move(lab / "day 1" / "movie.tif", lab / "runs" / "movie.tif")
    write(lab / "day 1" / "movie.tif", FRAMES[::-1])
    found = open_run_movie(lab / "runs" / "run", identity)
    assert found.notice == ""
    assert found.movie is not None
    np.testing.assert_array_equal(found.movie.data, FRAMES)


def test_another_movie_of_the_same_size_is_noticed(lab: Path, identity: MovieIdentity) -> None:
    write(lab / "day 1" / "movie.tif", FRAMES + 1)
    found = open_run_movie(lab / "runs" / "run", identity)
    assert found.movie is not None
    assert "not the one the run was trained on" in found.notice


def test_the_same_movie_in_another_file_is_the_same(lab: Path, identity: MovieIdentity) -> None:
    write(lab / "day 1" / "movie.tif", compression="zlib")
    found = open_run_movie(lab / "runs" / "run", identity)
    assert found.movie is not None
    assert found.notice == ""


def test_a_movie_of_another_size_does_not_open(lab: Path, identity: MovieIdentity) -> None:
    write(lab / "day 1" / "movie.tif", FRAMES[:5])
    found = open_run_movie(lab / "runs" / "run", identity)
    assert found.movie is None
    assert "5 x 20 x 30" in found.notice


def test_a_recording_that_has_gone_on_opens_as_it_was(lab: Path, identity: MovieIdentity) -> None:
    more = np.concatenate([FRAMES, FRAMES[::-1]])
    write(lab / "day 1" / "movie.tif", more)
    found = open_run_movie(lab / "runs" / "run", identity)
    assert found.movie is not None
    np.testing.assert_array_equal(found.movie.data, FRAMES)
    assert "has grown to 24 frames" in found.movie.notes[-1]
    write(lab / "day 1" / "movie.tif", more[::-1] + 1)
    other = open_run_movie(lab / "runs" / "run", identity)
    assert other.movie is None
    assert "24 x 20 x 30" in other.notice


def test_a_movie_that_is_gone_says_where_it_was_looked_for(
    lab: Path, identity: MovieIdentity
) -> None:
    (lab / "day 1" / "movie.tif").unlink()
    found = open_run_movie(lab / "runs" / "run", identity)
    assert found.movie is None
    for place in ("day 1/movie.tif", "runs/movie.tif", "runs/run/movie.tif"):
        assert str(lab / place) in found.notice


def test_an_older_run_without_the_fingerprint_still_finds_its_movie(
    lab: Path, identity: MovieIdentity
) -> None:
    old = identity.model_copy(update={"fingerprint": None, "size_bytes": None, "from_run": None})
    assert open_run_movie(lab / "runs" / "run", old).notice == ""
    write(lab / "day 1" / "movie.tif", FRAMES + 1)
    assert "not the one" in open_run_movie(lab / "runs" / "run", old).notice
