"""A folder of suite2p comes back as it was written: outlines, traces, numbers, what is a cell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

import napari_sparsevar as sv
from napari_sparsevar.cells.given import good_frames

SHAPE, N_FRAMES = (20, 30), 40


def write_plane(folder: Path, n: int = 3, seed: int = 0, *, version: int = 0) -> dict[str, Any]:
    """Write what suite2p writes; cells 0 and 1 share a pixel, cell 1 is none."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    stat = np.empty(n, object)
    for cell in range(n):
        y, x = np.meshgrid(np.arange(3) + 2 * cell, np.arange(3) + 2 * cell, indexing="ij")
        weight = rng.uniform(0.5, 1.0, 9).astype(np.float32)
        stat[cell] = {
            "ypix": y.ravel(),
            "xpix": x.ravel(),
            "lam": weight,
            "med": (2.0 * cell, 2.0 * cell),
            "overlap": np.zeros(9, bool),
        }
    np.save(folder / "stat.npy", stat)
    written: dict[str, Any] = {"stat": stat}
    for name in ("F", "Fneu", "spks"):
        written[name] = rng.uniform(0, 100, (n, N_FRAMES)).astype(np.float32)
        np.save(folder / f"{name}.npy", written[name])
    written["iscell"] = np.ones((n, 2))
    written["iscell"][1:2, 0] = 0
    np.save(folder / "iscell.npy", written["iscell"])
    image = rng.uniform(0, 1, SHAPE).astype(np.float32)
    if version == 0:
        ops = {"Ly": SHAPE[0], "Lx": SHAPE[1], "fs": 15.0, "meanImg": image}
        np.save(folder / "ops.npy", ops)
    else:
        np.save(folder / "db.npy", {"Ly": SHAPE[0], "Lx": SHAPE[1]})
        np.save(folder / "settings.npy", {"fs": 15.0, "detection": {"algorithm": "sparsery"}})
        np.save(folder / "reg_outputs.npy", {"meanImg": image})
    return written


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("at", ["", "suite2p", "suite2p/plane0", "suite2p/plane0/F.npy"])
def test_what_was_written_comes_back(tmp_path: Path, version: int, at: str) -> None:
    written = write_plane(tmp_path / "suite2p" / "plane0", version=version)
    cells = sv.open_cells(tmp_path / at)
    assert cells.kind == "suite2p"
    assert list(cells.names) == ["0", "1", "2"]
    assert cells.is_accepted.tolist() == [True, False, True]
    assert cells.fps == 15.0
    assert cells.shape == SHAPE
    assert cells.mean_image is not None
    for kind, name in {"raw": "F", "neuropil": "Fneu", "deconvolved": "spks"}.items():
        np.testing.assert_array_equal(cells.traces[kind], written[name].T)
    assert cells.footprints is not None
    for number, cell in enumerate(written["stat"]):
        weights = cells.footprints[[number]].toarray().reshape(SHAPE)
        np.testing.assert_array_equal(weights[cell["ypix"], cell["xpix"]], cell["lam"])
        assert np.count_nonzero(weights) == 9


def write_fall(path: Path, written: dict[str, Any], **also: Any) -> None:
    """Write what suite2p's ``save_mat`` writes: options in groups, an empty matrix for None."""
    ops = {"Ly": SHAPE[0], "Lx": SHAPE[1], "fs": 15.0, "meanImg": np.ones(SHAPE)}
    ops |= {"data_path": ["/data"], "lines": np.array([]), "run": {"do_registration": 0}}
    traces = {name: written[name] for name in ("F", "Fneu", "spks")}
    rest = {"iscell": written["iscell"], "redcell": np.array([])}
    savemat(path, {"stat": written["stat"], "ops": ops, **traces, **rest, **also})


@pytest.mark.parametrize("n", [1, 3])
def test_the_file_for_matlab_is_as_the_folder(tmp_path: Path, n: int) -> None:
    folder = tmp_path / "plane0"
    written = write_plane(folder, n)
    write_fall(folder / "Fall.mat", written)
    cells, wanted = sv.open_cells(folder / "Fall.mat"), sv.open_cells(folder)
    assert (cells.kind, cells.source) == ("suite2p", folder / "Fall.mat")
    assert (list(cells.names), cells.fps) == (list(wanted.names), 15.0)
    assert cells.mean_image is not None
    np.testing.assert_array_equal(cells.is_accepted, wanted.is_accepted)
    assert cells.footprints is not None
    assert wanted.footprints is not None
    np.testing.assert_array_equal(cells.footprints.toarray(), wanted.footprints.toarray())
    assert set(cells.traces) == {"raw", "neuropil", "deconvolved"}
    for kind, traces in wanted.traces.items():
        np.testing.assert_array_equal(cells.traces[kind], traces)


def test_a_file_for_matlab_with_other_cells_is_one_sentence(tmp_path: Path) -> None:
    written = write_plane(tmp_path / "plane0")
    write_fall(tmp_path / "Fall.mat", written, spks=written["spks"][:2])
    with pytest.raises(sv.UserError, match="spks has no row for each of 3 cells"):
        sv.open_cells(tmp_path / "Fall.mat")
    whole = (tmp_path / "Fall.mat").read_bytes()
    (tmp_path / "Fall.mat").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(sv.UserError, match="damaged"):
        sv.open_cells(tmp_path / "Fall.mat")


def test_the_fit_is_of_what_is_a_cell_and_of_less_neuropil(tmp_path: Path) -> None:
    write_plane(tmp_path / "plane0")
    fit = sv.fit_traces(sv.open_cells(tmp_path / "plane0"))
    assert fit.names == ("0", "2")
    assert "less 0.7 of the neuropil" in fit.said


@pytest.mark.parametrize("at", ["plane0", "Fall.mat"])
def test_joined_files_and_bad_frames_of_suite2p_count(tmp_path: Path, at: str) -> None:
    folder = tmp_path / "plane0"
    written, bad = write_plane(folder), np.zeros(N_FRAMES, bool)
    bad[3:6] = True
    half = N_FRAMES // 2
    more = {"frames_per_file": np.array([half, N_FRAMES - half]), "badframes": bad}
    ops = {**np.load(folder / "ops.npy", allow_pickle=True).item(), **more}
    np.save(folder / "ops.npy", ops)
    if at == "Fall.mat":
        write_fall(tmp_path / at, written, ops=ops)
    cells = sv.open_cells(tmp_path / at)
    assert cells.jumps is not None
    assert cells.jumps.tolist() == [half]
    np.testing.assert_array_equal(cells.bad_frames, bad)
    assert "joined from 2 files" in cells.notes[0]
    assert "marks 3 of" in cells.notes[1]
    np.testing.assert_array_equal(good_frames(cells, "0-1"), ~bad & (np.arange(N_FRAMES) > 1))
    assert good_frames(cells, None) is None
    everything = good_frames(cells, "none")
    assert everything is not None
    assert everything.all()


def test_planes_are_told_apart(tmp_path: Path) -> None:
    write_plane(tmp_path / "suite2p" / "plane0", 2, 0)
    second = write_plane(tmp_path / "suite2p" / "plane1", 3, 1)
    cells = sv.open_cells(tmp_path)
    assert list(cells.names) == [
        "plane0/0",
        "plane0/1",
        "plane1/0",
        "plane1/1",
        "plane1/2",
    ]
    one = sv.open_cells(tmp_path, plane=2)
    assert list(one.names) == ["plane1/0", "plane1/1", "plane1/2"]
    np.testing.assert_array_equal(one.traces["raw"], second["F"].T)
    with pytest.raises(sv.UserError, match="No cell lies in plane 3"):
        sv.open_cells(tmp_path, plane=3)


def test_events_that_are_opened_are_fitted(tmp_path: Path) -> None:
    write_plane(tmp_path / "plane0")
    fit = sv.fit_traces(sv.open_cells(tmp_path / "plane0" / "spks.npy"))
    assert fit.said == "deconvolved events"


def test_outlines_alone_open(tmp_path: Path) -> None:
    write_plane(tmp_path / "plane0")
    for name in ("F", "Fneu", "spks"):
        (tmp_path / "plane0" / f"{name}.npy").unlink()
    cells = sv.open_cells(tmp_path / "plane0")
    assert not cells.traces
    with pytest.raises(sv.UserError, match="no traces"):
        sv.fit_traces(cells)


class Runs:
    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


def test_bad_files_are_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "plane0"
    write_plane(folder)
    whole = (folder / "F.npy").read_bytes()
    (folder / "F.npy").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(sv.UserError, match="cut short"):
        sv.open_cells(folder)
    np.save(folder / "F.npy", np.zeros((2, N_FRAMES), np.float32))
    with pytest.raises(sv.UserError, match="3 cells have 2 raw traces"):
        sv.open_cells(folder)
    np.save(folder / "stat.npy", np.array([Runs()], object))
    with pytest.raises(sv.UserError, match="run code"):
        sv.open_cells(folder)
    assert not Path("ran").exists()


def test_masks_of_cellpose_keep_their_numbers(tmp_path: Path) -> None:
    masks = np.zeros((8, 9), np.uint16)
    masks[:2, :3], masks[5:, 4:] = 3, 8
    said = {"masks": masks, "outlines": masks * 0, "filename": "a.tif", "flows": [masks * 0.5]}
    np.save(tmp_path / "a_seg.npy", said)
    cells = sv.open_cells(tmp_path / "a_seg.npy")
    assert list(cells.names) == ["3", "8"]
    np.testing.assert_array_equal(cells.label_image() > 0, masks > 0)
    np.save(tmp_path / "b_seg.npy", {"masks": masks * 0})
    with pytest.raises(sv.UserError, match="no mask"):
        sv.open_cells(tmp_path / "b_seg.npy")
