"""Matrices of MATLAB 5, as SciPy writes them, and of 7.3, as MATLAB lays them out in HDF5."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import sparse
from scipy.io import savemat

import napari_sparsevar as sv
from napari_sparsevar.cells.formats import hdf5, matlab
from napari_sparsevar.cells.formats.format import CellChoiceNeeded
from napari_sparsevar.movie.formats.hdf5 import FORMAT as movies

TRACES = np.random.default_rng(0).standard_normal((50, 4))
NAMES = ["a", "bb", "ç", "4"]


def write_5(path: Path, **variables: Any) -> None:
    plain = {
        name: np.array(value, dtype=object) if isinstance(value, list) else value
        for name, value in variables.items()
    }
    savemat(path, plain)


def write_73(path: Path, **variables: Any) -> None:
    """Columns come first, words are arrays of letters, and cell arrays refer to ``#refs#``."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            if isinstance(value, dict):
                file.create_group(name).attrs["MATLAB_class"] = np.bytes_("struct")
                for field, inner in value.items():
                    put(file, f"{name}/{field}", inner)
            else:
                put(file, name, value)
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(128))


def put(file: h5py.File, name: str, value: Any) -> None:
    if isinstance(value, list):
        letters = []
        for number, word in enumerate(value):
            codes = np.array([[ord(letter)] for letter in word], np.uint16)
            entry = file.create_dataset(f"#refs#/{name}{number}", data=codes)
            entry.attrs["MATLAB_class"] = np.bytes_("char")
            letters.append([entry.ref])
        node = file.create_dataset(name, data=np.array(letters, dtype=h5py.ref_dtype))
        node.attrs["MATLAB_class"] = np.bytes_("cell")
    else:
        node = file.create_dataset(name, data=np.atleast_2d(value).T)
        node.attrs["MATLAB_class"] = np.bytes_("double")


WRITERS = pytest.mark.parametrize("write", [write_5, write_73])


@WRITERS
@pytest.mark.parametrize("turned", [False, True])
def test_names_say_where_cells_are(tmp_path: Path, write: Any, turned: bool) -> None:
    path = tmp_path / "cells.mat"
    write(path, F=TRACES.T if turned else TRACES, roi_names=NAMES, fps=30.0)
    cells = sv.open_cells(path)
    assert list(cells.names) == NAMES
    np.testing.assert_allclose(cells.traces["raw"], TRACES, rtol=1e-6)
    assert cells.fps == 30.0
    assert not (movies.claims(path) and movies.holds_movie(path))


@WRITERS
@pytest.mark.parametrize("turned", [False, True])
def test_times_say_where_frames_are(tmp_path: Path, write: Any, turned: bool) -> None:
    path = tmp_path / "cells.mat"
    write(path, F=TRACES.T if turned else TRACES, time_ms=np.arange(50) * 40.0)
    cells = sv.open_cells(path)
    np.testing.assert_allclose(cells.traces["raw"], TRACES, rtol=1e-6)
    assert cells.fps == 25.0
    np.testing.assert_allclose(cells.times, np.arange(50) / 25)


@WRITERS
def test_what_nothing_says_is_asked(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "cells.mat"
    write(path, results={"C": TRACES, "S": TRACES.T, "centroids": np.ones((4, 2))}, note=["x", "y"])
    with pytest.raises(CellChoiceNeeded) as asked:
        sv.open_cells(path)
    assert asked.value.setting == "variable"
    assert asked.value.choices == ("results.C", "results.S")
    with pytest.raises(CellChoiceNeeded, match=r"4 x 50") as asked:
        sv.open_cells(path, variable="S")
    assert asked.value.setting == "cells_in"
    cells = sv.open_cells(path, variable="results.S", cells_in="rows", kind="deconvolved")
    np.testing.assert_allclose(cells.traces["deconvolved"], TRACES, rtol=1e-6)


@WRITERS
def test_a_movie_or_nothing_is_not_claimed(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "movie.mat"
    write(path, movie=np.zeros((8, 9, 10)), fps=3.0)
    assert not matlab.claims(path)
    assert not hdf5.claims(path)
    with pytest.raises(sv.UserError, match="no cells in a known format"):
        sv.open_cells(path)


def test_a_struct_without_a_matrix_says_so(tmp_path: Path) -> None:
    write_5(tmp_path / "x.mat", results={"fps": 3.0}, A=sparse.eye(4, format="csc"))
    with pytest.raises(sv.UserError, match="no matrix of numbers"):
        sv.open_cells(tmp_path / "x.mat")


@WRITERS
def test_a_truncated_file_is_one_sentence(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "cells.mat"
    write(path, F=TRACES)
    whole = path.read_bytes()
    for length in (1000, len(whole) - 50):
        path.write_bytes(whole[:length])
        with pytest.raises(sv.UserError, match="damaged"):
            sv.open_cells(path, cells_in="columns")


def test_hdf5_of_anybody(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["traces/dff"] = TRACES.T
        file["traces/names"] = NAMES
        file["movie"] = np.zeros((5, 6, 7))
    cells = sv.open_cells(tmp_path / "x.h5")
    assert list(cells.names) == NAMES
    np.testing.assert_allclose(cells.traces["raw"], TRACES, rtol=1e-6)
    assert cells.kind == "HDF5"
