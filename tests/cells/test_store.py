"""A fit comes back from the disk as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_sparsevar as sv
from napari_sparsevar.cells.cell_fit import MATRIX_KINDS


@pytest.fixture(scope="module")
def fit() -> sv.CellFit:
    rng = np.random.default_rng(0)
    traces = rng.standard_normal((400, 5)).astype(np.float32)
    traces[1:, 2] += 0.8 * traces[:-1, 1]
    traces[:, 4] = 1.0  # cannot be fitted
    names, places = ["a", "b", "ç", "d", "still"], rng.uniform(0, 50, (5, 2))
    trials = [(0, 200), (200, 400)]
    return sv.fit_traces(traces, 10.0, 2, names, places, trials=trials)


def test_everything_comes_back(fit: sv.CellFit, tmp_path: Path) -> None:
    found = sv.load_fit(sv.save_fit(fit, tmp_path / "fit"))
    for kind in MATRIX_KINDS:
        np.testing.assert_array_equal(found.matrix(kind), fit.matrix(kind))
    pd.testing.assert_frame_equal(found.edges, fit.edges)
    pd.testing.assert_frame_equal(found.drivers, fit.drivers)
    np.testing.assert_array_equal(found.series, fit.series)
    np.testing.assert_array_equal(found.positions, fit.positions)
    for name in ("names", "fps", "lags", "said", "notes", "seed"):
        assert getattr(found, name) == getattr(fit, name)
    assert [list(trial) for trial in found.trials or ()] == [[0, 200], [200, 400]]
    weaker = 0.5 * fit.fitted.penalty
    np.testing.assert_allclose(
        found.fitted.at_penalty(weaker).coefficients,
        fit.fitted.at_penalty(weaker).coefficients,
        atol=1e-5,
    )


def test_outlines_come_back(tmp_path: Path) -> None:
    labels = np.zeros((6, 8), np.int32)
    labels[:2, :2], labels[3:, 4:] = 4, 9
    np.save(tmp_path / "labels.npy", labels)
    cells = sv.open_cells(tmp_path / "labels.npy")
    rng = np.random.default_rng(1)
    traced = sv.Cells(
        cells.names,
        cells.footprints,
        cells.shape,
        traces={"dff": rng.standard_normal((200, 2)).astype(np.float32)},
        pixel_size_um=1.5,
        times=np.arange(200) / 7.0,
        field_known=False,
        notes=("One cell was drawn by hand.",),
    )
    fit = sv.fit_traces(traced)
    loaded = sv.load_fit(sv.save_fit(replace(fit, beside=fit), tmp_path / "fit"))
    assert loaded.beside is not None
    np.testing.assert_array_equal(loaded.beside.matrix("score"), fit.matrix("score"))
    assert loaded.notes == fit.notes
    found = loaded.cells
    assert found.notes == traced.notes
    np.testing.assert_array_equal(found.label_image(), cells.label_image())
    np.testing.assert_array_equal(found.centres, cells.centres)
    assert found.pixel_size_um == 1.5
    np.testing.assert_array_equal(found.times, traced.times)
    assert not found.field_known


def test_what_is_there_is_not_lost(fit: sv.CellFit, tmp_path: Path) -> None:
    sv.save_fit(fit, tmp_path / "fit")
    with pytest.raises(sv.UserError, match="already"):
        sv.save_fit(fit, tmp_path / "fit")
    sv.save_fit(fit, tmp_path / "fit", overwrite=True)
    (tmp_path / "other").mkdir()
    with pytest.raises(sv.UserError, match="is no fit of cells"):
        sv.save_fit(fit, tmp_path / "other", overwrite=True)


def test_foreign_and_damaged_folders_are_one_sentence(fit: sv.CellFit, tmp_path: Path) -> None:
    with pytest.raises(sv.UserError, match="is no fit of cells"):
        sv.load_fit(tmp_path)
    folder = sv.save_fit(fit, tmp_path / "fit")
    record = json.loads((folder / "cells.json").read_text(encoding="utf-8"))
    newer = {**record, "format_version": 99}
    (folder / "cells.json").write_text(json.dumps(newer), encoding="utf-8")
    with pytest.raises(sv.UserError, match="newer version"):
        sv.load_fit(folder)
    (folder / "cells.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "cells.json").write_text(json.dumps({**record, "lags": 1}), encoding="utf-8")
    with pytest.raises(sv.UserError, match="damaged"):
        sv.load_fit(folder)
    (folder / "cells.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "cells.safetensors").write_bytes(b"nothing")
    with pytest.raises(sv.UserError, match="damaged"):
        sv.load_fit(folder)
