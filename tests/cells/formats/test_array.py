"""Bare arrays: where cells are is asked, or said by what lies beside them in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import napari_sparsevar as sv
from napari_sparsevar.cells.formats.format import CellChoiceNeeded
from napari_sparsevar.cells.formats.naming import unique_names

TRACES = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)


@pytest.mark.parametrize(("cells_in", "axis"), [("columns", 1), ("rows", 0)])
def test_traces_come_back_as_they_are_said_to_lie(
    tmp_path: Path, cells_in: Literal["rows", "columns"], axis: int
) -> None:
    np.save(tmp_path / "F.npy", TRACES if axis else TRACES.T)
    with pytest.raises(CellChoiceNeeded) as asked:
        sv.open_cells(tmp_path / "F.npy")
    assert asked.value.setting == "cells_in"
    assert asked.value.choices == ("rows", "columns")
    cells = sv.open_cells(tmp_path / "F.npy", cells_in=cells_in, kind="dff", fps=20)
    np.testing.assert_array_equal(cells.traces["dff"], TRACES)
    assert list(cells.names) == ["0", "1", "2", "3"]
    assert cells.fps == 20
    assert cells.kind == "array"


def test_whole_numbers_are_traces_where_somebody_says_so(tmp_path: Path) -> None:
    counts = (10 * abs(TRACES)).astype(np.uint8)
    np.save(tmp_path / "counts.npy", counts)
    assert sv.open_cells(tmp_path / "counts.npy").kind == "label image"
    cells = sv.open_cells(tmp_path / "counts.npy", cells_in="columns", kind="deconvolved")
    np.testing.assert_array_equal(cells.traces["deconvolved"], counts)
    assert cells.kind == "array"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((9, 3), np.nan), "nothing but NaN"),
        (np.ones((9, 1)), "two cells or more"),
        (np.ones((0, 3)), "two cells or more"),
        (np.ones((9, 3), np.complex64), "no real numbers"),
        (np.ones((4, 9, 9)), "no cells in a known format"),
    ],
)
def test_what_holds_no_traces_says_so(tmp_path: Path, values: np.ndarray, said: str) -> None:
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(sv.UserError, match=said):
        sv.open_cells(tmp_path / "x.npy", cells_in="columns")


def test_a_truncated_array_is_one_sentence(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", TRACES)
    whole = (tmp_path / "x.npy").read_bytes()
    for length, said in ((0, "known format"), (60, "known format"), (500, "cut short")):
        (tmp_path / "x.npy").write_bytes(whole[:length])
        with pytest.raises(sv.UserError, match=said):
            sv.open_cells(tmp_path / "x.npy", cells_in="columns")


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[{}, 1], [2, 3]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "x.npz", F=TRACES.T, names=np.array(list("abcd"), dtype=object))
    with pytest.raises(sv.UserError, match="no cells in a known format"):
        sv.open_cells(tmp_path / "x.npy")
    assert list(sv.open_cells(tmp_path / "x.npz", cells_in="rows").names) == ["0", "1", "2", "3"]


def test_the_array_of_several_is_named(tmp_path: Path) -> None:
    path = tmp_path / "two.npz"
    np.savez(path, dff=TRACES.T, raw=TRACES, centres=np.ones((4, 2)), fps=12.5, t=np.arange(50) / 2)
    with pytest.raises(CellChoiceNeeded) as asked:
        sv.open_cells(path)
    assert asked.value.setting == "variable"
    assert asked.value.choices == ("dff", "raw")
    cells = sv.open_cells(path, variable="dff", kind="dff")
    np.testing.assert_array_equal(cells.traces["dff"], TRACES)
    assert cells.fps == 2.0
    assert "taken for seconds" in cells.notes[0]
    with pytest.raises(sv.UserError, match="no matrix called 'spikes'"):
        sv.open_cells(path, variable="spikes")


def test_names_say_where_cells_are(tmp_path: Path) -> None:
    np.savez(tmp_path / "named.npz", F=TRACES.T, names=np.array(["a", "b", "c", "d"]), fps=30)
    cells = sv.open_cells(tmp_path / "named.npz")
    assert list(cells.names) == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(cells.traces["raw"], TRACES)
    assert cells.fps == 30


def test_names_become_unique_and_keep_those_that_are() -> None:
    assert unique_names(["a", "b"], "F") == (("a", "b"), ())
    names, notes = unique_names(["a", "a", "a (2)", "b"], "F")
    assert names == ("a", "a (3)", "a (2)", "b")
    assert "several cells called 'a'" in notes[0]
