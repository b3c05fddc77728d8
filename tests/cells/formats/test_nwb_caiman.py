"""What CaImAn's own NWB has in other places than NWB says comes back in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_sparsevar as sv
from made_nwb import MASKS, SHAPE, TRACES, Maker, check_masks

pynwb = pytest.importorskip("pynwb")


def test_caiman_lists_its_background_and_counts_down_the_columns(tmp_path: Path) -> None:
    made = Maker()
    written = [mask.ravel(order="F").reshape(SHAPE) for mask in MASKS]
    table = made.table(
        [{"image_mask": mask} for mask in [*written, np.ones(SHAPE)]],
        said="CNMF_ROIs",
        accepted=[False] * 4,
        keep=[True, False, True, False],
    )
    made.series(table, TRACES, "Fluorescence", "RoiResponseSeries", rows=[0, 1, 2])
    background = "Background_Fluorescence_Response"
    made.series(table, TRACES[:, :1], "Fluorescence", background, rows=[3])
    residual = pynwb.TimeSeries(name="residuals", data=TRACES / 2, unit="NA", rate=10.0)
    made.module.add(residual)
    cells = sv.open_cells(made.write(tmp_path / "caiman.nwb"))
    check_masks(cells)
    np.testing.assert_array_equal(cells.is_accepted, [True, False, True])
    assert set(cells.traces) == {"raw", "denoised", "residual"}
    np.testing.assert_array_equal(cells.traces["denoised"], TRACES)
    np.testing.assert_array_equal(cells.traces["raw"], TRACES * 1.5)
