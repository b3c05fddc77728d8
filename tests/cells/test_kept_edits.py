"""Edits come back with the cells they were made on, and with no others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.editing import Edits
from napari_sparsevar.cells.kept_edits import FOLDER, keep_edits, kept_edits

EDITS = Edits().rename(0, "big ü").merge([1, 2]).exclude([3]).hide([0])


@pytest.fixture
def cells(tmp_path: Path) -> Cells:
    traces = {"raw": np.zeros((9, 4), np.float32)}
    return Cells(["a", "b", "c", "d"], traces=traces, source=tmp_path / "suite2p")


def test_they_come_back(cells: Cells, tmp_path: Path) -> None:
    assert kept_edits(cells, tmp_path) is None
    keep_edits(cells, EDITS, tmp_path)
    assert kept_edits(cells, tmp_path) == EDITS
    keep_edits(cells, Edits(), tmp_path)
    assert kept_edits(cells, tmp_path) == Edits()


def test_other_cells_have_none(cells: Cells, tmp_path: Path) -> None:
    keep_edits(cells, EDITS, tmp_path)
    assert kept_edits(replace(cells, names=["a", "b", "c", "e"]), tmp_path) is None
    assert kept_edits(replace(cells, source=tmp_path / "other"), tmp_path) is None


def test_cells_of_no_file_leave_nothing_behind(cells: Cells, tmp_path: Path) -> None:
    drawn = replace(cells, source=None)
    keep_edits(drawn, EDITS, tmp_path)
    assert kept_edits(drawn, tmp_path) is None
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize(
    "text", ["{no json", "[1]", '{"names": {"9": "x"}, "merged": [], "excluded": [], "hidden": []}']
)
def test_damage_is_no_failure(cells: Cells, tmp_path: Path, text: str) -> None:
    keep_edits(cells, EDITS, tmp_path)
    (kept,) = (tmp_path / FOLDER).iterdir()
    kept.write_text(text)
    assert kept_edits(cells, tmp_path) is None


def test_a_folder_that_cannot_be_written_refuses_no_change(cells: Cells, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep_edits(cells, EDITS, tmp_path / "file")
    assert kept_edits(cells, tmp_path / "file") is None
