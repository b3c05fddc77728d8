"""Names, notes and painted regions survive; damage is one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.run.annotations import (
    NOTES,
    REGIONS,
    Annotations,
    Marks,
    RegionNote,
    read_annotations,
    read_marks,
    read_regions,
    write_places,
    write_regions,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    notes = Annotations().with_place(3.0, 4.0, 5.0, name="hub", note="looks odd · 変")
    write_places(tmp_path, notes.places)
    assert read_annotations(tmp_path) == notes


def test_a_note_belongs_to_the_place_and_not_to_the_rank() -> None:
    notes = Annotations().with_place(10.0, 10.0, 6.0, name="first")
    notes = notes.with_place(40.0, 10.0, 6.0, name="second")
    assert notes.at(12.0, 11.0, 6.0).name == "first"
    assert notes.at(39.0, 13.0, 6.0).name == "second"
    assert notes.at(25.0, 10.0, 6.0).name == ""
    # Saying more of the same place adds to what was said, and makes no second note.
    notes = notes.with_place(11.0, 10.0, 6.0, hidden=True)
    assert len(notes.places) == 2
    assert notes.at(10.0, 10.0, 6.0).name == "first"
    assert notes.at(10.0, 10.0, 6.0).hidden


def test_a_run_without_notes_has_none(tmp_path: Path) -> None:
    assert read_annotations(tmp_path) == Annotations()
    assert read_regions(tmp_path, (5, 6)) is None


def test_painted_regions_survive(tmp_path: Path) -> None:
    regions = np.zeros((5, 6), np.int32)
    regions[1:3, 2:5] = 70000
    write_regions(tmp_path, regions, 2.0)
    np.testing.assert_array_equal(read_regions(tmp_path, (5, 6)).image, regions)
    with pytest.raises(UserError, match="5 x 7"):
        read_regions(tmp_path, (5, 7))


NAMES = {1: RegionNote(name="<b>left & right</b>", note="\x01 \u5909 ]]>", driver=True)}


def test_what_is_said_of_regions_is_in_the_file_of_their_pixels(tmp_path: Path) -> None:
    regions = np.eye(5, 6, dtype=np.int32)
    write_regions(tmp_path, regions, 2.0, {**NAMES, 7: RegionNote(name="wiped")})
    assert read_regions(tmp_path, (5, 6)).notes == NAMES
    assert not (tmp_path / NOTES).exists()
    # Moved to another run, they are still together.
    (tmp_path / "other").mkdir()
    (tmp_path / REGIONS).rename(tmp_path / "other" / REGIONS)
    assert read_marks(tmp_path / "other", (5, 6), print).notes.regions == NAMES


def test_names_of_an_older_run_are_read_until_the_regions_are_others(tmp_path: Path) -> None:
    regions = np.eye(5, 6, dtype=np.int32)
    tifffile.imwrite(tmp_path / REGIONS, regions)
    old = Annotations().with_place(3.0, 4.0, 5.0, name="hub").with_region(1, name="spot")
    (tmp_path / NOTES).write_text(old.model_dump_json())
    assert read_marks(tmp_path, (5, 6), print).notes == old
    # Naming a driver does not lose them.
    write_places(tmp_path, old.with_place(1.0, 1.0, 1.0, name="rim").places)
    assert read_marks(tmp_path, (5, 6), print).notes.of_region(1).name == "spot"
    write_regions(tmp_path, 2 * regions, None, {2: RegionNote(name="cell")})
    marks = read_marks(tmp_path, (5, 6), print)
    assert marks.notes.regions == {2: RegionNote(name="cell")}
    assert [place.name for place in marks.notes.places] == ["hub", "rim"]


def test_an_image_put_there_by_somebody_else_has_no_names(tmp_path: Path) -> None:
    (tmp_path / NOTES).write_text(Annotations().with_region(1, name="old").model_dump_json())
    write_regions(tmp_path, np.eye(5, 6, dtype=np.int32), None, NAMES)
    tifffile.imwrite(tmp_path / REGIONS, np.ones((5, 6), np.uint16))
    assert read_marks(tmp_path, (5, 6), print).notes.regions == {}
    tifffile.imwrite(tmp_path / REGIONS, np.ones((5, 6), np.uint16), description="<OME>broken")
    assert read_marks(tmp_path, (5, 6), print).notes.regions == {}


@pytest.mark.parametrize("content", ["{", '{"places": [{"y": "here"}]}', '{"format": "other"}'])
def test_damaged_notes_are_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / NOTES).write_text(content)
    with pytest.raises(UserError, match="damaged"):
        read_annotations(tmp_path)


def test_marks_are_what_can_be_read_of_both(tmp_path: Path) -> None:
    told: list[str] = []
    assert read_marks(tmp_path, (5, 6), told.append) == Marks()
    notes = Annotations().with_place(1.0, 1.0, 1.0, name="hub").with_region(1, name="kept")
    write_places(tmp_path, notes.places)
    write_regions(tmp_path, np.eye(5, 6, dtype=np.int32), None, notes.regions)
    marks = read_marks(tmp_path, (5, 6), told.append)
    assert marks.notes == notes
    np.testing.assert_array_equal(marks.regions, np.eye(5, 6))
    assert not told
    (tmp_path / NOTES).write_text("{")
    assert read_marks(tmp_path, (5, 6), told.append).regions is not None
    (tmp_path / REGIONS).write_text("no image")
    assert read_marks(tmp_path, (5, 6), told.append) == Marks()
    assert len(told) == 3


def test_damaged_regions_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / REGIONS).write_bytes(b"no image")
    with pytest.raises(UserError, match="cannot be read"):
        read_regions(tmp_path, (5, 6))
