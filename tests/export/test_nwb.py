"""NWB: valid, reopens with everything in it, and never invents when the session began."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

from made_runs import made_full_run, without_drivers
from napari_sparsevar.errors import UserError
from napari_sparsevar.export.material import Material
from napari_sparsevar.export.nwb import write_nwb
from napari_sparsevar.export.session_start import session_start
from napari_sparsevar.movie.traces import region_traces
from napari_sparsevar.progress import returned

pynwb = pytest.importorskip("pynwb")


@contextmanager
def reopened(path: Path) -> Iterator[Any]:
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        yield io.read()


def test_everything_comes_back_and_is_valid(material: Material, tmp_path: Path) -> None:
    out = tmp_path / "out.nwb"
    note = returned(write_nwb(material, out, start="2026-05-01T10:30+02:00"))
    assert note == ""
    assert pynwb.validate(path=str(out)) == []
    run = material.run
    with reopened(out) as file:
        assert file.session_start_time == datetime.fromisoformat("2026-05-01T10:30+02:00")
        maps = file.processing["maps"]["maps"]
        np.testing.assert_array_equal(maps["contribution"].data[:], run.contribution_map)
        assert maps["contribution"].resolution == pytest.approx(5000.0)  # pixels a centimetre
        assert "difference-A-B" in maps.images
        places = file.processing["ophys"]["places"]
        masks = np.zeros_like(run.driver_labels)
        for row in places["drivers"].to_dataframe().itertuples():
            for x, y, _ in row.pixel_mask:
                masks[y, x] = row.label
        np.testing.assert_array_equal(masks, run.driver_labels)
        assert list(places["regions"]["place_name"].data) == ["region 2", "pacemaker / left"]
        traces = file.processing["ophys"]["traces"]
        assert traces["drivers_activity"].rate == 15.0
        assert material.movie is not None
        read = np.concatenate(
            [piece.values for piece in region_traces(material.movie.data, run.driver_labels)]
        )
        np.testing.assert_allclose(traces["drivers_fluorescence"].data[:], read, rtol=1e-6)
        edges = file.processing["sparse_var"]["edges"].to_dataframe()
        np.testing.assert_array_equal(edges["coefficient"], run.edges["coefficient"])
        settings = file.processing["sparse_var"]["settings"].to_dataframe().set_index("setting")
        assert json.loads(settings.loc["penalty", "value"]) == run.penalty
        assert json.loads(settings.loc["network.lags", "value"]) == 2
        assert len(file.processing["sparse_var"]["windows"]) == 2


def test_a_run_with_little_in_it_is_valid_too(tmp_path: Path) -> None:
    run = made_full_run(tmp_path / "run", pixel_size_um=None, fps=None)
    nobody = replace(
        run.results.drivers,
        labels=np.zeros_like(run.driver_labels),
        table=run.results.drivers.table.iloc[:0],
    )
    bare = Material(replace(run, results=replace(run.results, drivers=nobody)))
    note = returned(write_nwb(bare, tmp_path / "out.nwb"))
    assert "NOT known" in note
    assert pynwb.validate(path=str(tmp_path / "out.nwb")) == []
    with reopened(tmp_path / "out.nwb") as file:
        assert note in file.notes
        assert "frame rate is not known" in file.notes
        assert file.session_start_time == datetime.fromisoformat(run.record.created)


def test_the_file_of_the_movie_is_asked_when_it_began(material: Material, tmp_path: Path) -> None:
    def began(source: Path) -> Any:
        assert material.movie is not None
        return session_start(replace(material, movie=replace(material.movie, source=source)))

    with h5py.File(tmp_path / "movie.nwb", "w") as file:
        file["session_start_time"] = "2025-03-02T08:00:00+01:00"
    found = began(tmp_path / "movie.nwb")
    assert (found.time.isoformat(), found.note) == ("2025-03-02T08:00:00+01:00", "")
    tifffile.imwrite(
        tmp_path / "movie.ome.tif",
        np.zeros((2, 8, 8), np.uint8),
        ome=True,
        metadata={"axes": "TYX", "AcquisitionDate": "2025-03-02T08:00:00"},
    )
    found = began(tmp_path / "movie.ome.tif")
    assert found.time.replace(tzinfo=None) == datetime(2025, 3, 2, 8)
    assert "time zone is not known" in found.note
    header = "SI.LINE_FORMAT_VERSION = 1\nepoch = [2025  3  2  8  0 12.250]\nframeNumbers = 1"
    frame = np.zeros((8, 8), np.int16)
    tifffile.imwrite(tmp_path / "scan.tif", frame, description=header, software="SI.a = 1")
    assert began(tmp_path / "scan.tif").time.replace(tzinfo=None) == datetime(
        2025, 3, 2, 8, 0, 12, 250_000
    )
    assert material.run.movie_source is not None
    assert "NOT known" in began(material.run.movie_source).note


def test_no_time_is_refused_and_leaves_no_file(material: Material, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="session start is 'yesterday'"):
        returned(write_nwb(material, tmp_path / "out.nwb", start="yesterday"))
    assert not list(tmp_path.glob("*.nwb"))


def test_without_pynwb_one_sentence_says_how_to_get_it(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pynwb", None)
    with pytest.raises(UserError, match=r"pip install 'napari-sparsevar\[nwb\]'"):
        returned(write_nwb(material, tmp_path / "out.nwb"))


def test_candidates_are_a_table_and_a_map_and_no_drivers(tmp_path: Path) -> None:
    run = without_drivers(made_full_run(tmp_path / "run"), 0.4)
    out = tmp_path / "out.nwb"
    returned(write_nwb(Material(run), out))
    assert pynwb.validate(path=str(out)) == []
    with reopened(out) as file:
        table = file.processing["sparse_var"]["candidates"].to_dataframe()
        assert table["p_adjusted"].tolist() == run.candidates["p_adjusted"].tolist()
        labels = file.processing["maps"]["maps"]["candidates"].data[:]
        np.testing.assert_array_equal(labels, run.candidate_labels)
        assert "places" not in file.processing["ophys"].data_interfaces
