"""Matrices and traces come back from every format, by the names the cells came with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_sparsevar as sv
from made_fits import NAMES, made_fit
from napari_sparsevar.cells.cell_fit import MATRIX_KINDS
from napari_sparsevar.errors import UserError
from napari_sparsevar.export.cells import tables
from napari_sparsevar.progress import returned


def read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, index_col=0, encoding="utf-8")


def test_csv_comes_back(tmp_path: Path) -> None:
    fit = made_fit()
    returned(tables.write_csv(fit, tmp_path))
    for kind in MATRIX_KINDS:
        found = read_csv(tmp_path / f"matrix-{kind}.csv")
        assert tuple(found.index) == tuple(found.columns) == NAMES
        np.testing.assert_allclose(found, fit.matrix(kind), rtol=1e-8)
    np.testing.assert_allclose(read_csv(tmp_path / "matrix-estimate-lag-2.csv"), fit.matrix(lag=2))
    assert tuple(pd.read_csv(tmp_path / "cells.csv")["name"]) == tuple(fit.drivers["name"])
    assert len(pd.read_csv(tmp_path / "edges.csv")) == len(fit.edges)
    found = read_csv(tmp_path / "traces-raw.csv")
    assert found.index.name == "time_s"
    np.testing.assert_allclose(found.index, np.arange(400) / 10.0)
    assert tuple(found.columns) == NAMES
    np.testing.assert_allclose(found, fit.cells.traces["raw"], rtol=1e-6)
    fitted = read_csv(tmp_path / "traces-fitted.csv")
    assert fitted["still"].isna().all()
    np.testing.assert_allclose(fitted, fit.series, rtol=1e-6)


def test_any_name_comes_back(tmp_path: Path) -> None:
    fit, names = made_fit(), ('a "quoted", one', "two\nlines", "ç", " 12", "nan-i")
    renamed = replace(fit, cells=replace(fit.cells, names=names))
    returned(tables.write_csv(renamed, tmp_path))
    found = read_csv(tmp_path / "matrix-estimate.csv")
    assert tuple(found.index) == tuple(found.columns) == names


def test_npy_comes_back(tmp_path: Path) -> None:
    fit = made_fit(outlines=False)
    returned(tables.write_npy(fit, tmp_path))
    assert tuple(np.load(tmp_path / "names.npy")) == NAMES
    np.testing.assert_array_equal(np.load(tmp_path / "matrix-p_fdr.npy"), fit.matrix("p_fdr"))
    np.testing.assert_array_equal(np.load(tmp_path / "traces-fitted.npy"), fit.series)


def test_parquet_comes_back(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    fit = made_fit(fps=None)
    returned(tables.write_parquet(fit, tmp_path))
    found = pd.read_parquet(tmp_path / "matrix-score.parquet")
    assert tuple(found.index) == tuple(found.columns) == NAMES
    np.testing.assert_array_equal(found, fit.matrix("score"))
    traces = pd.read_parquet(tmp_path / "traces-raw.parquet")
    assert tuple(traces.columns) == ("frame", *NAMES)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "edges.parquet"), fit.edges)


def test_a_cell_may_be_called_as_the_column_of_the_time_is() -> None:
    fit = made_fit(outlines=False)
    traces = fit.activity.series[:, :2]
    table = tables.trace_table(sv.fit_traces(traces, 10.0, names=["time_s", "b"]), traces)
    assert list(table.columns) == ["time_s-2", "time_s", "b"]


@pytest.mark.parametrize("ending", ["csv", "npy", "parquet"])
def test_one_matrix_is_one_file(tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    fit, path = made_fit(), tmp_path / f"m.{ending}"
    tables.write_matrix(fit, path, "coefficient", 1)
    read = {"csv": read_csv, "npy": np.load, "parquet": pd.read_parquet}[ending]
    np.testing.assert_allclose(read(path), fit.matrix("coefficient", 1), rtol=1e-8)
    with pytest.raises(UserError, match="exists already"):
        tables.write_matrix(fit, path)


def test_what_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="choose an ending"):
        tables.write_matrix(made_fit(), tmp_path / "m.xlsx")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"pip install 'napari-sparsevar\[parquet\]'"):
        returned(tables.write_parquet(made_fit(), tmp_path))
    assert not list(tmp_path.iterdir())
