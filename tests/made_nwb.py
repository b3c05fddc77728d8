"""NWB files with regions of interest, as pynwb writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_sparsevar as sv

RNG = np.random.default_rng(0)
SHAPE = (6, 9)
MASKS = np.zeros((3, *SHAPE), np.float32)
MASKS[0, 1:3, 2:5], MASKS[1, 2:4, 3:6], MASKS[2, 5, 8] = 0.5, 0.25, 2.0
TRACES = RNG.random((40, 3)).astype(np.float32)


class Maker:
    """A file with one imaging plane of 2 µm pixels, in the making."""

    def __init__(self) -> None:
        self.pynwb = pytest.importorskip("pynwb")
        self.file = self.pynwb.NWBFile("a test", "test", datetime(2026, 1, 1, tzinfo=UTC))
        self.plane = self.file.create_imaging_plane(
            name="plane",
            optical_channel=self.pynwb.ophys.OpticalChannel(
                name="green", description="", emission_lambda=510.0
            ),
            description="",
            device=self.file.create_device(name="microscope"),
            excitation_lambda=920.0,
            indicator="GCaMP6f",
            location="V1",
            imaging_rate=12.0,
            grid_spacing=[2e-6, 2e-6],
        )
        self.module = self.file.create_processing_module("ophys", "cells")

    def table(self, rois: Sequence[dict[str, Any]], name: str = "cells", **columns: Any) -> Any:
        if "ImageSegmentation" not in self.module.data_interfaces:
            self.module.add(self.pynwb.ophys.ImageSegmentation())
        table = self.module["ImageSegmentation"].create_plane_segmentation(
            name=name, description=columns.pop("said", "a test"), imaging_plane=self.plane
        )
        for roi in rois:
            table.add_roi(**roi)
        for column, values in columns.items():
            table.add_column(column, column, data=values)
        return table

    def series(self, table: Any, data: Any, inside: str, name: str, **options: Any) -> None:
        kind = self.pynwb.ophys.DfOverF if inside == "DfOverF" else self.pynwb.ophys.Fluorescence
        if inside not in self.module.data_interfaces:
            self.module.add(kind(name=inside))
        rows = options.pop("rows", list(range(len(table))))
        timing = options or {"rate": 10.0}
        self.module[inside].create_roi_response_series(
            name=name,
            data=data,
            rois=table.create_roi_table_region(description="rows", region=rows),
            unit="n.a.",
            **timing,
        )

    def movie(self, shape: tuple[int, int], n_frames: int = 5) -> None:
        self.file.add_acquisition(
            self.pynwb.ophys.TwoPhotonSeries(
                name="movie",
                imaging_plane=self.plane,
                unit="au",
                rate=10.0,
                data=np.zeros((n_frames, *shape), np.uint16),
            )
        )

    def write(self, path: Path) -> Path:
        with self.pynwb.NWBHDF5IO(str(path), "w") as stream:
            stream.write(self.file)
        return path


def listed(mask: np.ndarray, *, voxels: bool = False, turned: bool = False) -> dict[str, Any]:
    """Return a mask as a list of x, y, (z) and weight."""
    rows, columns = np.nonzero(mask)
    x, y = (rows, columns) if turned else (columns, rows)
    weight, z = mask[rows, columns], [1] * len(rows)
    parts = [x, y, z, weight] if voxels else [x, y, weight]
    pixels = [(*map(int, place[:-1]), float(place[-1])) for place in zip(*parts, strict=True)]
    return {"voxel_mask" if voxels else "pixel_mask": pixels}


def check_masks(cells: sv.Cells) -> None:
    assert cells.footprints is not None
    assert cells.shape == SHAPE
    np.testing.assert_array_equal(cells.footprints.toarray().reshape(3, *SHAPE), MASKS)
