"""One folder of all formats: whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from made_fits import made_fit
from napari_sparsevar.errors import UserError
from napari_sparsevar.export.cells.everything import export_cells
from napari_sparsevar.progress import returned


def test_what_is_chosen_is_written(tmp_path: Path) -> None:
    done = returned(export_cells(made_fit(), tmp_path / "out"))
    names = {path.name for path in done.path.iterdir()}
    assert {"export.json", "graph.graphml", "matrix-estimate.csv", "cells.csv"} <= names
    assert done.notes == ()
    record = json.loads((done.path / "export.json").read_text(encoding="utf-8"))
    assert set(record["files"]) == names - {"export.json"}
    assert record["formats"] == ["csv", "graphml"]
    assert any("still" in note for note in record["notes"])
    with pytest.raises(UserError, match="exists already"):
        returned(export_cells(made_fit(), done.path))
    returned(export_cells(made_fit(), done.path, ["npy"], overwrite=True))
    assert not list(done.path.glob("*.csv"))


def test_progress_grows_to_the_end(tmp_path: Path) -> None:
    steps = [step for step, _ in export_cells(made_fit(), tmp_path / "out", ["csv", "npy"])]
    assert steps == sorted(steps)
    assert 0.0 <= steps[0] <= steps[-1] <= 1.0


def test_closing_it_leaves_nothing(tmp_path: Path) -> None:
    work = export_cells(made_fit(), tmp_path / "out")
    next(work)
    work.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("formats", "said"), [(["xlsx"], "no format 'xlsx'"), ([], "No format")])
def test_a_format_that_is_not_there(tmp_path: Path, formats: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        returned(export_cells(made_fit(), tmp_path / "out", formats))  # type: ignore[arg-type]


def test_a_graph_without_edges_is_said(tmp_path: Path) -> None:
    done = returned(export_cells(made_fit(), tmp_path / "out", ["graphml"], level=1e-9))
    assert "no edge has p <= 1e-09" in done.notes[0]
    done = returned(export_cells(made_fit(), tmp_path / "all", ["graphml"], level=None))
    assert done.notes == ()
