"""A struct of a MATLAB 5 file is what scipy reads, and a damaged one ends at once."""

from __future__ import annotations

import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.io import loadmat, savemat

from napari_sparsevar.movie.formats.mat_4 import read_variables_4
from napari_sparsevar.movie.formats.mat_struct import listed_variables, read_struct, read_variables

VALUES: dict[str, Any] = {
    "one": 3.5,
    "whole": np.int16(-7),
    "size": np.array([512, 796]),
    "table": np.arange(12.0).reshape(3, 4),
    "text": "scanbox µm",
    "nothing": np.zeros((0, 0)),
    "inside": {"lines": 512, "deeper": {"x": 1.5}},
    "several": np.array([(1.0, 2.0), (3.0, 4.0)], dtype=[("x", "f8"), ("y", "f8")]),
    "cells": np.array([1, "a"], object),
}


@pytest.mark.parametrize("packed", [False, True])
def test_it_is_what_scipy_reads(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "notes.mat"
    savemat(path, {"first": np.eye(3), "info": VALUES, "last": 1}, do_compression=packed)
    found = read_struct(path, "info")
    wanted = loadmat(path, struct_as_record=False, squeeze_me=True)["info"]
    assert list(found) == list(VALUES)
    for name in ("one", "whole", "size", "table"):
        np.testing.assert_array_equal(np.squeeze(found[name]), getattr(wanted, name))
    assert found["whole"].dtype == np.int16
    assert found["text"] == "scanbox µm"
    assert found["inside"]["deeper"]["x"].item() == 1.5
    assert [row["y"].item() for row in found["several"]] == [2.0, 4.0]
    assert found["cells"][1] == "a"


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_files_end_at_once(tmp_path: Path, packed: bool) -> None:
    path, rng = tmp_path / "notes.mat", np.random.default_rng(0)
    savemat(path, {"info": VALUES}, do_compression=packed)
    whole = path.read_bytes()
    began = time.process_time()
    for _ in range(300):
        content = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 6)):
            content[place] = rng.integers(256)
        path.write_bytes(content[: rng.integers(1, len(content) + 1)])
        try:
            read_struct(path, "info")
        except (ValueError, zlib.error):
            continue
    assert time.process_time() - began < 20


def test_what_is_no_such_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.mat"
    savemat(path, {"other": VALUES, "info": 3})
    with pytest.raises(ValueError, match="no variable info"):
        read_struct(path, "info")
    path.write_bytes(b"MATLAB 7.3" + bytes(200))
    with pytest.raises(ValueError, match="no MATLAB 5 file"):
        read_struct(path, "info")


@pytest.mark.parametrize("packed", [False, True])
def test_all_variables_are_what_scipy_reads(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "all.mat"
    weights = sparse.random(6, 5, 0.4, "csc", random_state=np.random.RandomState(0))
    kept = {**VALUES, "A": weights, "words": np.array(["one", "three"])}
    savemat(path, kept, do_compression=packed)
    found, wanted = read_variables(path), loadmat(path, simplify_cells=True)
    assert list(found) == list(kept) == [head.name for head in listed_variables(path)]
    for name in ("one", "whole", "size", "table", "text", "words"):
        np.testing.assert_array_equal(found[name], wanted[name])
        assert type(found[name]) is type(wanted[name])
    assert found["inside"] == wanted["inside"]
    assert found["several"] == wanted["several"]
    assert found["cells"].tolist() == wanted["cells"].tolist()
    np.testing.assert_array_equal(found["A"].toarray(), weights.toarray())
    assert list(read_variables(path, ["table"])) == ["table"]


def test_matlab_4_is_what_scipy_reads(tmp_path: Path) -> None:
    path = tmp_path / "old.mat"
    savemat(path, {"table": VALUES["table"], "text": "words", "one": 3.5}, format="4")
    found, wanted = read_variables_4(path), loadmat(path, simplify_cells=True)
    assert found["text"] == wanted["text"]
    assert found["one"] == wanted["one"]
    np.testing.assert_array_equal(found["table"], wanted["table"])
    for length in range(1, path.stat().st_size, 7):
        path.with_suffix(".cut").write_bytes(path.read_bytes()[:length])
        with pytest.raises(ValueError, match="cut short"):
            read_variables_4(path.with_suffix(".cut"))
