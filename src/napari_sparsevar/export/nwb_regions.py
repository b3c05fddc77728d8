"""Drivers and painted regions of a run in NWB: masks, and their activity over time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.export.material import LabelImage, Material
from napari_sparsevar.export.nwb_columns import COLUMN_MEANINGS
from napari_sparsevar.movie.traces import region_labels, region_traces
from napari_sparsevar.progress import part
from napari_sparsevar.run.traces import region_activity

FloatArray = npt.NDArray[np.float64]

_COLUMNS = ("label", "strength", "stability", "p_adjusted", "name", "note")


def add_regions(ophys: Any, plane: Any, material: Material) -> Generator[float, None, None]:
    """Add masks and traces of drivers and painted regions to a processing module.

    Parameters
    ----------
    ophys : pynwb.ProcessingModule
    plane : pynwb.ophys.ImagingPlane
    material : Material
        The movie, where it is there, is read once for each of both.

    Yields
    ------
    float
        Fraction done.
    """
    from pynwb.ophys import Fluorescence, ImageSegmentation

    found = _found(material)
    if not found:
        return
    segmentation, traces = ImageSegmentation(name="places"), Fluorescence(name="traces")
    # First of all: a series may only point to a table that lies in the same file.
    ophys.add(segmentation)
    ophys.add(traces)
    for index, (name, labels, rows) in enumerate(found):
        masks = _masks(segmentation, plane, name, labels, rows)
        activity = region_activity(material.run, labels, [int(row) for row in rows["label"]])
        _add_series(traces, material, masks, f"{name}_activity", activity.T, "standard deviations")
        if material.movie is not None:
            start, stop = index / len(found), (index + 1) / len(found)
            grey = yield from part(_fluorescence(material, labels), start, stop)
            _add_series(traces, material, masks, f"{name}_fluorescence", grey, "grey values")


def _found(material: Material) -> list[tuple[str, LabelImage, pd.DataFrame]]:
    """Return name, label image and rows (by label) of drivers and regions, where there are any.

    Candidates have no traces: they are a table and a map.
    """
    places = material.places()
    images = {"driver": material.run.results.drivers.labels, "region": material.regions}
    by_kind = {kind: places[places["kind"] == kind].sort_values("label") for kind in images}
    return [
        (f"{kind}s", labels, by_kind[kind])
        for kind, labels in images.items()
        if labels is not None and len(by_kind[kind])
    ]


def _masks(segmentation: Any, plane: Any, name: str, labels: LabelImage, rows: pd.DataFrame) -> Any:
    masks = segmentation.create_plane_segmentation(
        name=name,
        description=f"The {name} of this run, a mask each (x, y, weight)",
        imaging_plane=plane,
    )
    for row in rows.itertuples():
        y, x = np.nonzero(labels == int(row.label))
        masks.add_roi(
            pixel_mask=[(int(column), int(line), 1.0) for line, column in zip(y, x, strict=True)]
        )
    for column in _COLUMNS:
        values = rows[column].tolist()
        # A table has a column called ``name`` of its own.
        title = f"place_{column}" if column == "name" else column
        masks.add_column(title, COLUMN_MEANINGS.get(column, column), data=values)
    return masks


def _fluorescence(material: Material, labels: LabelImage) -> Generator[float, None, FloatArray]:
    """Read the mean grey value of each label in each frame, (T, n), in ascending order."""
    assert material.movie is not None
    n_frames = material.movie.n_frames
    traces = np.full((n_frames, len(region_labels(labels))), np.nan)
    for piece in region_traces(material.movie.data, labels):
        traces[piece.start : piece.stop] = piece.values
        yield piece.stop / n_frames
    return traces


def _add_series(
    traces: Any, material: Material, masks: Any, name: str, data: FloatArray, unit: str
) -> None:
    rows = masks.create_roi_table_region(
        description=f"All {masks.name}", region=list(range(len(masks)))
    )
    traces.create_roi_response_series(
        name=name,
        data=np.asarray(data, np.float32),
        rois=rows,
        unit=unit,
        rate=float(material.run.fps or 1.0),
        starting_time=0.0,
        description=_MEANINGS[unit],
    )


_MEANINGS = {
    "standard deviations": "Activity as the model sees it, mean 0 and variance 1; NaN in frames "
    "that were not used",
    "grey values": "Mean of the movie inside the mask",
}
