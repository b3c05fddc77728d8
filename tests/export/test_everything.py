"""One folder of all: complete or not there, and nothing of others is ever replaced."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.export import everything
from napari_sparsevar.export.everything import PARTS, ExportOptions, export_run
from napari_sparsevar.export.material import Material, gather
from napari_sparsevar.export.overlay import OverlayOptions
from napari_sparsevar.export.record import RECORD
from napari_sparsevar.progress import WithResult, returned
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.run import Run

SOME = ExportOptions(frozenset({"maps", "tables"}))


def test_all_of_it_and_a_record_of_it(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every kind and the report itself have tests of their own; drawing all takes long.
    monkeypatch.setattr(everything, "KINDS", ("contribution", "comparison"))
    marks = []

    def report(run: Run, path: Path, **given: Marks) -> None:
        marks.append(given["marks"])
        path.touch()

    monkeypatch.setattr(everything, "write_report", report)
    out = tmp_path / "out"
    selection = ExportOptions(frozenset(PARTS), overlay=OverlayOptions(stop=5))
    work = WithResult(export_run(material, out, selection))
    fractions = [fraction for fraction, _ in work]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1.0
    drawn, began = work.result.notes
    assert "no figure of the comparison" in drawn  # it is not kept in the run
    assert "session start time is NOT known" in began
    assert marks == [(material.notes, material.regions)]
    record = json.loads((out / RECORD).read_text(encoding="utf-8"))
    assert record["notes"] == list(work.result.notes)
    some = {"results.nwb", "overlay.mp4", "report.html", "figures/contribution.svg"}
    assert some <= set(record["files"])
    assert all((out / name).exists() for name in record["files"])


def test_a_cancelled_export_leaves_nothing(material: Material, tmp_path: Path) -> None:
    place = tmp_path / "place"
    work = export_run(material, place / "out", SOME)
    next(work)
    work.close()
    assert not list(place.iterdir())


def test_only_an_export_is_overwritten_and_only_when_told(
    material: Material, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    returned(export_run(material, out, SOME))
    with pytest.raises(UserError, match=r"exists already; choose another folder\.$"):
        returned(export_run(material, out, SOME))
    returned(export_run(material, out, ExportOptions(frozenset({"tables"})), overwrite=True))
    assert not (out / "maps").exists()
    (out / "tables" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"not exported \(tables/mine\.txt\)"):
        returned(export_run(material, out, SOME, overwrite=True))
    assert (out / "tables" / "mine.txt").read_text(encoding="utf-8") == "mine"
    with pytest.raises(UserError, match="is no export of ours"):
        returned(export_run(material, tmp_path, SOME, overwrite=True))


def test_a_movie_that_has_gone_is_said(material: Material, tmp_path: Path) -> None:
    gone = replace(material, movie=None, notices=("Its movie is gone.",))
    done = returned(export_run(gone, tmp_path / "out", ExportOptions(frozenset({"movies"}))))
    assert "no residual movie" in done.notes[0]
    kept = json.loads((done.path / "export.json").read_text())["notes"]
    assert kept == ["Its movie is gone.", *done.notes]
    assert [path.name for path in (done.path / "movies").iterdir()] == ["prediction.ome.zarr"]
    with pytest.raises(UserError, match="needs the movie"):
        returned(export_run(gone, tmp_path / "other", ExportOptions(frozenset({"overlay"}))))
    with pytest.raises(UserError, match="Nothing is selected"):
        returned(export_run(gone, tmp_path / "other", ExportOptions(frozenset())))


def test_what_is_damaged_is_left_out_and_said(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_sparsevar.export.material.load_run", lambda path: material.run)
    (material.run.path / "annotations.json").write_text("{", encoding="utf-8")
    (material.run.path / "regions.tif").write_text("no image", encoding="utf-8")
    assert material.run.movie_source is not None
    material.run.movie_source.write_text("no movie", encoding="utf-8")
    said: list[str] = []
    found = gather(material.run.path, said.append)
    assert found.movie is None
    assert found.regions is None
    assert len(found.notices) == 1
    assert found.notices[0] in said
    assert [text.count(".") > 0 for text in said] == [True] * 3
