"""What suite2p and CaImAn left beside a movie is found by its name, and no file is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

import napari_sparsevar as sv
from napari_sparsevar.cells.finding import find_cells


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def suite2p_plane(folder: Path) -> None:
    for name in ("stat.npy", "iscell.npy", "F.npy"):
        touch(folder / name)


def found(movie: Path, root: Path) -> list[tuple[str, str]]:
    return [(str(each.path.relative_to(root)), each.format) for each in find_cells(movie)]


def test_results_beside_a_movie_are_found(tmp_path: Path) -> None:
    movie = touch(tmp_path / "day1.tif")
    for name in (
        "analysis_results.hdf5",
        "day1_results.hdf5",
        "cnm_B.h5",
        "mouse.h5",
        "results.csv",
    ):
        touch(tmp_path / name)
    for plane in ("plane0", "plane1"):
        suite2p_plane(tmp_path / "suite2p" / plane)
    assert found(movie, tmp_path) == [
        ("day1_results.hdf5", "CaImAn"),
        ("suite2p", "suite2p"),
        ("analysis_results.hdf5", "CaImAn"),
        ("cnm_B.h5", "CaImAn"),
    ]


@pytest.mark.parametrize(
    ("at", "plane", "wanted"),
    [
        ("a.tif", "plane0", "."),
        ("a.tif", "suite2p", "suite2p"),
        ("suite2p/plane0/data.bin", "suite2p/plane0", "suite2p/plane0"),
        ("tiffs/1.tif", "tiffs/suite2p/plane0", "tiffs/suite2p"),
    ],
)
def test_suite2p_is_found_where_it_puts_its_results(
    tmp_path: Path, at: str, plane: str, wanted: str
) -> None:
    movie = touch(tmp_path / at)
    suite2p_plane(tmp_path / plane)
    assert found(movie, tmp_path) == [(wanted, "suite2p")]


def test_a_movie_that_is_a_folder_is_looked_into(tmp_path: Path) -> None:
    touch(tmp_path / "tiffs" / "1.tif")
    suite2p_plane(tmp_path / "tiffs" / "suite2p" / "plane0")
    touch(tmp_path / "tiffs_caiman.hdf5")
    wanted = {("tiffs/suite2p", "suite2p"), ("tiffs_caiman.hdf5", "CaImAn")}
    assert set(found(tmp_path / "tiffs", tmp_path)) == wanted


def test_a_movie_is_no_result_of_itself(tmp_path: Path) -> None:
    assert find_cells(touch(tmp_path / "cnm_movie.hdf5")) == ()


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(sv.UserError, match="Cannot look for cells"):
        find_cells(tmp_path / "none" / "a.tif")
