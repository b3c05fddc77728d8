"""Regions of interest and their series as pynwb writes them, read without pynwb."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_sparsevar as sv
from made_fits import NAMES, made_fit
from made_nwb import MASKS, RNG, SHAPE, TRACES, Maker, check_masks, listed
from napari_sparsevar.cells.formats.format import CellChoiceNeeded
from napari_sparsevar.export.cells.nwb import write_cells_nwb
from napari_sparsevar.movie.formats import nwb as movies
from napari_sparsevar.progress import returned

pynwb = pytest.importorskip("pynwb")


@pytest.mark.parametrize("how", ["image_mask", "pixel_mask", "voxel_mask"])
def test_masks_keep_their_weights(tmp_path: Path, how: str) -> None:
    made = Maker()
    if how == "image_mask":
        made.table([{"image_mask": mask} for mask in MASKS])
    else:
        made.table([listed(mask, voxels=how == "voxel_mask") for mask in MASKS])
    cells = sv.open_cells(made.write(tmp_path / "cells.nwb"))
    check_masks(cells)
    assert list(cells.names) == ["0", "1", "2"]
    assert cells.pixel_size_um == 2.0
    assert cells.fps == 12.0
    assert not cells.traces
    if how == "voxel_mask":
        np.testing.assert_array_equal(cells.plane, [2, 2, 2])
    assert any("how large" in note for note in cells.notes) == (how != "image_mask")


def test_series_are_told_apart_by_name(tmp_path: Path) -> None:
    made = Maker()
    table = made.table(
        [{"image_mask": mask} for mask in MASKS], roi_name=["x", "y", "z"], Accepted=[1, 0, 1]
    )
    kinds = {
        ("Fluorescence", "RoiResponseSeries"): "raw",
        ("Fluorescence", "Neuropil"): "neuropil",
        ("DfOverF", "RoiResponseSeries"): "dff",
        ("Fluorescence", "Denoised"): "denoised",
        ("Deconvolved", "plane0"): "deconvolved",
    }
    for number, (inside, name) in enumerate(kinds):
        made.series(table, TRACES + number, inside, name)
    cells = sv.open_cells(made.write(tmp_path / "cells.nwb"))
    assert set(cells.traces) == set(kinds.values())
    for number, kind in enumerate(kinds.values()):
        np.testing.assert_array_equal(cells.traces[kind], TRACES + number)  # type: ignore[index]
    assert list(cells.names) == ["x", "y", "z"]
    np.testing.assert_array_equal(cells.is_accepted, [True, False, True])
    assert cells.fps == 10.0


def test_a_file_with_movie_and_cells_opens_as_both(tmp_path: Path) -> None:
    made = Maker()
    made.table([listed(mask) for mask in MASKS])
    made.movie((8, 10))
    path = made.write(tmp_path / "both.nwb")
    assert sv.open_movie(path).data.shape == (5, 8, 10)
    cells = sv.open_cells(path)
    assert cells.shape == (8, 10)
    made = Maker()
    made.movie((8, 10))
    path = made.write(tmp_path / "movie.nwb")
    with pytest.raises(sv.UserError, match="no cells in a known format"):
        sv.open_cells(path)
    made = Maker()
    made.table([listed(mask) for mask in MASKS])
    assert not movies.holds_movie(made.write(tmp_path / "cells.nwb"))


@pytest.mark.parametrize("how", ["pixel_mask", "image_mask"])
def test_masks_that_fit_the_movie_only_when_turned_are_turned(tmp_path: Path, how: str) -> None:
    made = Maker()
    if how == "pixel_mask":
        made.table([listed(mask, turned=True) for mask in MASKS])
    else:
        made.table([{"image_mask": mask.T} for mask in MASKS])
    made.movie(SHAPE)
    cells = sv.open_cells(made.write(tmp_path / "cells.nwb"))
    check_masks(cells)
    assert "exchanged" in cells.notes[0]
    made = Maker()
    made.table([listed(mask) for mask in MASKS])
    made.movie((4, 4))
    with pytest.raises(sv.UserError, match=r"reach \(6, 9\)"):
        sv.open_cells(made.write(tmp_path / "small.nwb"))


@pytest.mark.parametrize("registered", [True, False])
def test_suite2p_writes_rows_first(tmp_path: Path, registered: bool) -> None:
    made = Maker()
    made.movie((0, 0), n_frames=0)  # it links to the movie
    rois = [listed(mask, turned=True) for mask in MASKS]
    marks = np.array([[1.0, 0.9], [0.0, 0.2], [1.0, 0.8]])
    table = made.table(rois, said="suite2p output", iscell=marks)
    for name in ("Fluorescence", "Neuropil", "Deconvolved"):
        made.series(table, TRACES, name, "plane0")
    images = pynwb.base.Images(name="Backgrounds_0")
    mean = RNG.random(SHAPE).astype(np.float32)
    if registered:
        images.add_image(pynwb.image.GrayscaleImage(name="meanImg", data=mean))
    images.add_image(pynwb.image.GrayscaleImage(name="Vcorr", data=mean))
    made.module.add(images)
    cells = sv.open_cells(made.write(tmp_path / "ophys.nwb"))
    check_masks(cells)
    assert set(cells.traces) == {"raw", "neuropil", "deconvolved"}
    np.testing.assert_array_equal(cells.is_accepted, [True, False, True])
    assert np.array_equal(cells.mean_image, mean) if registered else cells.mean_image is None
    assert cells.pixel_size_um is None  # it writes 2 µm for every recording
    assert cells.notes == ()


def test_a_movie_in_a_file_of_its_own_says_nothing_of_the_field(tmp_path: Path) -> None:
    made = Maker()
    made.table([listed(mask) for mask in MASKS])
    made.movie((0, 0), n_frames=0)
    cells = sv.open_cells(made.write(tmp_path / "cells.nwb"))
    check_masks(cells)
    assert not cells.field_known
    assert "how large" in cells.notes[0]


def test_series_of_some_rows_leave_the_others_unknown(tmp_path: Path) -> None:
    made = Maker()
    table = made.table([{"image_mask": mask} for mask in MASKS])
    made.series(table, TRACES[:, :1], "Fluorescence", "plane0", rows=[2])
    made.series(table, TRACES[:, 1:2], "Fluorescence", "plane1", rows=[0])
    cells = sv.open_cells(made.write(tmp_path / "cells.nwb"))
    np.testing.assert_array_equal(cells.traces["raw"][:, 2], TRACES[:, 0])
    np.testing.assert_array_equal(cells.traces["raw"][:, 0], TRACES[:, 1])
    assert np.isnan(cells.traces["raw"][:, 1]).all()
    assert "1 of 3 cells have no traces" in cells.notes[0]


def test_one_of_several_is_chosen(tmp_path: Path) -> None:
    made = Maker()
    table = made.table([{"image_mask": mask} for mask in MASKS], name="first")
    made.series(table, TRACES, "Fluorescence", "corrected")
    made.series(table, TRACES + 1, "Fluorescence", "as_recorded")
    made.series(table, TRACES + 2, "Fluorescence", "neuropil")
    path = made.write(tmp_path / "cells.nwb")
    with pytest.raises(CellChoiceNeeded) as asked:
        sv.open_cells(path)
    assert asked.value.choices == ("Fluorescence/as_recorded", "Fluorescence/corrected")
    cells = sv.open_cells(path, variable="Fluorescence/as_recorded")
    assert set(cells.traces) == {"raw", "neuropil"}
    # Neuropil is not taken off twice.
    assert set(sv.open_cells(path, variable="corrected").traces) == {"raw"}
    made = Maker()
    for name in ("first", "second"):
        made.table([{"image_mask": mask} for mask in MASKS], name=name)
    path = made.write(tmp_path / "two.nwb")
    with pytest.raises(CellChoiceNeeded, match="2 segmentations"):
        sv.open_cells(path)
    check_masks(sv.open_cells(path, variable="second"))
    with pytest.raises(sv.UserError, match="third"):
        sv.open_cells(path, variable="third")


def test_times_that_jump_are_kept_and_said(tmp_path: Path) -> None:
    made = Maker()
    table = made.table([{"image_mask": mask} for mask in MASKS])
    times = np.arange(40) / 20.0
    times[25:] += 3.0
    made.series(table, TRACES, "Fluorescence", "F", timestamps=times)
    cells = sv.open_cells(made.write(tmp_path / "cells.nwb"))
    assert cells.fps == 20.0
    np.testing.assert_array_equal(cells.times, times)
    assert "time jumps" in cells.notes[0]


@pytest.mark.filterwarnings("ignore:.*RoiResponseSeries.*")
def test_cells_in_rows_are_turned_and_said(tmp_path: Path) -> None:
    made = Maker()
    table = made.table([{"image_mask": mask} for mask in MASKS])
    made.series(table, TRACES.T, "Fluorescence", "F")
    cells = sv.open_cells(made.write(tmp_path / "cells.nwb"))
    np.testing.assert_array_equal(cells.traces["raw"], TRACES)
    assert "turned" in cells.notes[0]


def test_what_was_exported_comes_back(tmp_path: Path) -> None:
    fit = made_fit()
    returned(write_cells_nwb(fit, tmp_path / "cells.nwb"))
    cells = sv.open_cells(tmp_path / "cells.nwb")
    assert tuple(cells.names) == NAMES
    assert set(cells.traces) == {"raw"}
    np.testing.assert_array_equal(cells.traces["raw"], fit.cells.traces["raw"])
    assert cells.fps == fit.fps
    assert cells.pixel_size_um == 2.0


def test_a_truncated_file_is_one_sentence(tmp_path: Path) -> None:
    made = Maker()
    made.table([{"image_mask": mask} for mask in MASKS])
    path = made.write(tmp_path / "cells.nwb")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(sv.UserError, match="damaged, cut short"):
        sv.open_cells(path)
