"""CaImAn's results, laid out as ``cnm.save`` does: sparse weights, pixels down the columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import sparse

import napari_sparsevar as sv

DIMS = (6, 9)
RNG = np.random.default_rng(0)
C, S = RNG.random((3, 40)), RNG.random((3, 40))
YRA = RNG.standard_normal((3, 40))


def masks(dims: tuple[int, ...] = DIMS) -> np.ndarray:
    found = np.zeros((3, *dims))
    found[0, 1:3, 2:5], found[1, 2:4, 3:6], found[2, 5, 8] = 0.5, 0.25, 2.0
    return found


def write(path: Path, *, dims: tuple[int, ...] = DIMS, **also: Any) -> None:
    """Write a dictionary as CaImAn does: a word where there is nothing."""
    # Pixels count down the columns: the first axis of the field is the fastest.
    weights = sparse.csc_matrix(np.stack([mask.ravel(order="F") for mask in masks(dims)], axis=1))
    estimates: dict[str, Any] = {
        "C": C,
        "S": S,
        "YrA": YRA,
        "F_dff": "NoneType",
        "idx_components": np.array([0, 2]),
        "Cn": np.ones(dims),
        "dims": np.array(dims),
        **also,
    }
    with h5py.File(path, "w") as file:
        for name in ("data", "indices", "indptr"):
            file[f"estimates/A/{name}"] = getattr(weights, name)
        file["estimates/A/shape"] = weights.shape
        for name, value in estimates.items():
            file[f"estimates/{name}"] = value
        file["params/data/fr"] = 12.5
        file["dview"] = "NoneType"


def test_everything_comes_back(tmp_path: Path) -> None:
    write(tmp_path / "results.hdf5")
    cells = sv.open_cells(tmp_path / "results.hdf5")
    assert cells.kind == "CaImAn"
    assert list(cells.names) == ["0", "1", "2"]
    assert cells.shape == DIMS
    assert cells.footprints is not None
    np.testing.assert_array_equal(cells.footprints.toarray().reshape(3, *DIMS), masks())
    np.testing.assert_array_equal(cells.is_accepted, [True, False, True])
    assert cells.fps == 12.5
    assert set(cells.traces) == {"raw", "denoised", "residual", "deconvolved"}
    np.testing.assert_allclose(cells.traces["raw"], (C + YRA).T, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(cells.traces["denoised"], C.T, rtol=1e-6)
    np.testing.assert_allclose(cells.traces["deconvolved"], S.T, rtol=1e-6)


def test_what_is_missing_is_left_out(tmp_path: Path) -> None:
    none = {"YrA": "NoneType", "S": "NoneType", "idx_components": "NoneType", "F_dff": 2 * C}
    write(tmp_path / "results.hdf5", **none)
    cells = sv.open_cells(tmp_path / "results.hdf5")
    assert set(cells.traces) == {"denoised", "dff"}
    assert cells.is_accepted.all()


def test_components_of_a_volume_are_places(tmp_path: Path) -> None:
    write(tmp_path / "results.hdf5", dims=(6, 9, 4))
    cells = sv.open_cells(tmp_path / "results.hdf5")
    assert cells.footprints is None
    assert cells.centres is not None
    np.testing.assert_allclose(cells.centres[0], [1.5, 3.0])
    assert "volume" in cells.notes[0]


def test_parts_that_do_not_fit_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "results.hdf5"
    write(path, dims=DIMS)
    with h5py.File(path, "r+") as file:
        del file["estimates/dims"]
    with pytest.raises(sv.UserError, match="field of view of 54 pixels"):
        sv.open_cells(path)
    write(path, S=S[:2])
    with pytest.raises(sv.UserError, match="should have 3 rows"):
        sv.open_cells(path)


def test_a_truncated_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "results.hdf5"
    write(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(sv.UserError, match="damaged, cut short"):
        sv.open_cells(path)


def test_pixels_outside_the_field_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "results.hdf5"
    write(path)
    with h5py.File(path, "r+") as file:
        file["estimates/A/indices"][1] = 10**6
    with pytest.raises(sv.UserError, match="damaged"):
        sv.open_cells(path)
