"""Fits of cells that tests share: one source drives two cells, one cell never changes."""

from __future__ import annotations

from functools import cache

import numpy as np

import napari_sparsevar as sv
from napari_sparsevar.cells.cells import footprints_of_labels

NAMES = ("a", "b & c", "ç", "12", "still")


def made_traces(n_frames: int = 400) -> np.ndarray:
    """Return traces (T, 5): the second cell drives the third and fourth, the fifth stands still."""
    traces = np.random.default_rng(0).standard_normal((n_frames, 5)).astype(np.float32)
    for target in (2, 3):
        traces[1:, target] += 0.8 * traces[:-1, 1]
    traces[:, 4] = 1.0
    return traces


@cache
def made_fit(*, outlines: bool = True, fps: float | None = 10.0, lags: int = 2) -> sv.CellFit:
    """Return a fit of them, with 2 x 2 pixels of 2 µm a cell if there are outlines."""
    traces = made_traces()
    if not outlines:
        return sv.fit_traces(traces, fps, lags, NAMES)
    labels = np.zeros((6, 20), np.int32)
    for cell in range(5):
        labels[2:4, 4 * cell : 4 * cell + 2] = cell + 1
    footprints, _ = footprints_of_labels(labels)
    footprints.data[::4] = 0.5  # outlines have weights
    given = sv.Cells(NAMES, footprints, (6, 20), traces={"raw": traces}, pixel_size_um=2.0)
    return sv.fit_traces(given, fps, lags)
