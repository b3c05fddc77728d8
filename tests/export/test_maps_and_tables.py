"""Maps and tables come back as they are in the run, with units."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from made_comparisons import made_set
from made_runs import made_full_run, without_drivers
from napari_sparsevar.analysis.maps.drivers import COLUMNS
from napari_sparsevar.errors import UserError
from napari_sparsevar.export.maps import Map, maps_of, write_map, write_maps
from napari_sparsevar.export.material import Material
from napari_sparsevar.export.tables import write_tables


def pixel_size(path: Path) -> tuple[float, str]:
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        pixels = tifffile.xml2dict(tiff.ome_metadata)["OME"]["Image"]["Pixels"]
    assert pixels["PhysicalSizeX"] == pixels["PhysicalSizeY"]
    return pixels["PhysicalSizeX"], pixels["PhysicalSizeXUnit"]


def test_every_map_comes_back_with_its_pixel_size(material: Material, tmp_path: Path) -> None:
    written = {path.name.removesuffix(".ome.tif"): path for path in write_maps(material, tmp_path)}
    run, regions = material.run, material.regions
    assert regions is not None
    expected = {
        "contribution": run.contribution_map,
        "drivers": run.driver_labels,
        "regions": regions,
        "influence-outgoing-region_2": run.influence(regions == 2, "outgoing"),
        "influence-incoming-region_2": run.influence(regions == 2, "incoming"),
        "influence-outgoing-pacemaker_left": run.influence(regions == 5, "outgoing"),
        "influence-incoming-pacemaker_left": run.influence(regions == 5, "incoming"),
        "difference-A-B": material.comparisons[0].pairs[0].difference,
    }
    assert written.keys() == expected.keys()
    for name, image in expected.items():
        np.testing.assert_array_equal(tifffile.imread(written[name]), image)
        assert pixel_size(written[name]) == (2.0, "µm")


def test_a_map_without_pixel_size_says_none(tmp_path: Path) -> None:
    path = tmp_path / "map.ome.tif"
    write_map(Map("map", np.eye(5, dtype=np.float32), "Ones."), path, None)
    with tifffile.TiffFile(path) as tiff:
        assert "PhysicalSize" not in tiff.ome_metadata


def test_tables_come_back(material: Material, tmp_path: Path) -> None:
    written = {path.stem: pd.read_csv(path) for path in write_tables(material, tmp_path)}
    drivers = written["drivers"]
    pd.testing.assert_frame_equal(drivers[COLUMNS], material.run.drivers, check_dtype=False)
    assert drivers["name"].tolist() == ["first", "driver 2"]
    np.testing.assert_allclose(drivers["y_um"], 2.0 * drivers["y"])
    assert written["regions"]["name"].tolist() == ["region 2", "pacemaker / left"]
    assert len(written["edges"]) == len(material.run.edges)
    activity = written["activity"]
    assert activity.columns.tolist() == ["frame", "time_s", "driver 1", "driver 2"]
    np.testing.assert_allclose(activity["time_s"], np.arange(60) / 15)
    np.testing.assert_allclose(activity["driver 2"].std(ddof=0), 1.0)
    pair = material.comparisons[0].pairs[0]
    assert written["comparisons"]["p_value"].tolist() == [pytest.approx(pair.p_value)]
    assert len(written["changed-edges-A-B"]) == len(pair.edges)


def test_a_pair_of_windows_is_named_once(material: Material) -> None:
    sets = (made_set(), made_set(name="A-B-2"), made_set(3, name="A-B-C"))
    names = [pair.name for pair in replace(material, comparisons=sets).pairs()]
    assert names == ["A-B", "A-B-2", "A-B-of-A-B-C", "A-C-of-A-B-C", "B-C-of-A-B-C"]


def test_a_run_without_drivers_regions_or_units_is_exported_too(tmp_path: Path) -> None:
    run = made_full_run(tmp_path / "run", pixel_size_um=None, fps=None)
    nobody = replace(
        run.results.drivers,
        labels=np.zeros_like(run.driver_labels),
        table=run.results.drivers.table.iloc[:0],
    )
    bare = Material(replace(run, results=replace(run.results, drivers=nobody)))
    assert [path.name for path in write_maps(bare, tmp_path)] == [
        "contribution.ome.tif",
        "drivers.ome.tif",
    ]
    written = {path.stem: pd.read_csv(path) for path in write_tables(bare, tmp_path)}
    assert written["drivers"].empty
    assert written["activity"].columns.tolist() == ["frame"]


def test_candidates_are_apart_from_drivers(tmp_path: Path) -> None:
    run = without_drivers(made_full_run(tmp_path / "run"), 0.4)
    written = {path.stem: pd.read_csv(path) for path in write_tables(Material(run), tmp_path)}
    assert written["drivers"].empty
    assert written["activity"].columns.tolist() == ["frame", "time_s"]
    candidates = written["candidates"]
    pd.testing.assert_frame_equal(candidates[COLUMNS], run.candidates, check_dtype=False)
    assert (candidates["p_adjusted"] > 0.05).all()
    np.testing.assert_allclose(candidates["y_um"], 2.0 * candidates["y"])
    images = {found.name: found.image for found in maps_of(Material(run))}
    assert not images["drivers"].any()
    np.testing.assert_array_equal(images["candidates"], run.candidate_labels)


def test_what_is_there_is_not_overwritten(material: Material, tmp_path: Path) -> None:
    (tmp_path / "contribution.ome.tif").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"contribution\.ome\.tif exists already"):
        list(write_maps(material, tmp_path))
    assert (tmp_path / "contribution.ome.tif").read_text(encoding="utf-8") == "mine"
