"""Settings that say nothing of what is opened are refused, so that none is ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from roifile import ImagejRoi, roiwrite

import napari_sparsevar as sv

LABELS = np.zeros((6, 8), np.int32)
LABELS[1:3, 1:4] = 1
TRACES = np.random.default_rng(0).standard_normal((30, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    tifffile.imwrite(made / "labels.tif", LABELS)
    np.save(made / "labels.npy", LABELS)
    np.save(made / "F.npy", TRACES)
    np.savez(made / "F.npz", F=TRACES)
    np.save(made / "cells_seg.npy", {"masks": LABELS})
    region = ImagejRoi.frompoints(np.array([[1, 1], [4, 1], [4, 4]]), name="a")
    roiwrite(made / "RoiSet.zip", region, mode="w")
    (made / "F.csv").write_text("a,b\n1,2\n2,3\n4,6\n")
    return made


@pytest.mark.parametrize(
    ("name", "settings", "refused"),
    [
        ("labels.tif", {"variable": "x"}, "variable"),
        ("labels.tif", {"cells_in": "rows"}, "cells_in"),
        ("labels.tif", {"kind": "dff"}, "kind"),
        ("labels.npy", {"variable": "x"}, "variable"),
        ("F.npy", {"variable": "x", "cells_in": "columns"}, "variable"),
        ("cells_seg.npy", {"cells_in": "rows"}, "cells_in"),
        ("cells_seg.npy", {"kind": "raw"}, "kind"),
        ("RoiSet.zip", {"variable": "x"}, "variable"),
        ("RoiSet.zip", {"kind": "raw"}, "kind"),
        ("F.csv", {"variable": "x"}, "variable"),
    ],
)
def test_a_setting_without_use_is_named(
    folder: Path, name: str, settings: dict[str, Any], refused: str
) -> None:
    with pytest.raises(sv.UserError, match=rf"{name}.* leave {refused} out"):
        sv.open_cells(folder / name, **settings)


@pytest.mark.parametrize("settings", [{"variable": "x"}, {"cells_in": "rows"}, {"kind": "dff"}])
def test_what_is_in_memory_leaves_nothing_open(settings: dict[str, Any]) -> None:
    with pytest.raises(sv.UserError, match=f"leave {next(iter(settings))} out"):
        sv.open_cells(LABELS, **settings)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("F.npy", {"cells_in": "columns", "kind": "dff"}),
        ("F.npz", {"variable": "F", "cells_in": "columns", "kind": "dff"}),
        ("labels.npy", {"cells_in": "columns", "kind": "dff"}),
        ("F.csv", {"cells_in": "columns", "kind": "dff"}),
    ],
)
def test_a_setting_with_a_use_is_heard(folder: Path, name: str, settings: dict[str, Any]) -> None:
    assert list(sv.open_cells(folder / name, **settings).traces) == ["dff"]


def test_traces_of_another_kind_than_a_file_has_are_refused() -> None:
    cells = sv.Cells(["a", "b"], traces={"raw": TRACES[:, :2]})
    assert sv.open_cells(cells, kind="raw") is cells
    with pytest.raises(sv.UserError, match="has traces that are raw, none that are dff"):
        sv.open_cells(cells, kind="dff")
