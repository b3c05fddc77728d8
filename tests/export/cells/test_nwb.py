"""Cells in NWB: valid, and everything is there by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_fits import NAMES, made_fit
from napari_sparsevar.export.cells.nwb import write_cells_nwb
from napari_sparsevar.progress import returned

pynwb = pytest.importorskip("pynwb")


@contextmanager
def reopened(path: Path) -> Iterator[Any]:
    assert pynwb.validate(path=str(path)) == []
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        yield io.read()


def test_outlines_traces_and_edges_come_back(tmp_path: Path) -> None:
    fit, out = made_fit(), tmp_path / "cells.nwb"
    assert returned(write_cells_nwb(fit, out, start="2026-05-01T10:30+02:00")) == ""
    with reopened(out) as file:
        cells = file.processing["ophys"]["segmentation"]["cells"].to_dataframe()
        assert tuple(cells["cell_name"]) == NAMES
        masks = np.zeros((5, *fit.cells.shape))
        for number, pixels in enumerate(cells["pixel_mask"]):
            for x, y, weight in pixels:
                masks[number, y, x] = weight
        np.testing.assert_array_equal(masks.reshape(5, -1), fit.cells.footprints.toarray())
        traces = file.processing["ophys"]["traces"]
        assert traces["raw"].rate == 10.0
        np.testing.assert_array_equal(traces["raw"].data[:], fit.cells.traces["raw"])
        np.testing.assert_array_equal(traces["fitted"].data[:], fit.series)
        edges = file.processing["sparse_var"]["edges"].to_dataframe()
        assert list(edges["source"]) == list(fit.edges["source"])
        settings = file.processing["sparse_var"]["settings"].to_dataframe().set_index("setting")
        assert json.loads(settings.loc["fitted", "value"]) == fit.said
        assert "never changes" in file.notes


def test_traces_alone_are_valid_too(tmp_path: Path) -> None:
    fit, out = made_fit(outlines=False, fps=None), tmp_path / "cells.nwb"
    note = returned(write_cells_nwb(fit, out))
    assert "NOT known" in note
    with reopened(out) as file:
        cells = file.processing["ophys"]["cells"].to_dataframe()
        assert tuple(cells["cell_name"]) == NAMES
        np.testing.assert_array_equal(file.processing["ophys"]["fitted"].data[:], fit.series)
        assert "frame rate is not known" in file.notes
        assert note in file.notes
