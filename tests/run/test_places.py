"""Places with what a person says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from made_runs import made_full_run
from napari_sparsevar.run.annotations import Annotations
from napari_sparsevar.run.places import noted_places, place_reach, places


def test_notes_go_to_the_nearest_driver_and_to_the_region_of_their_label(tmp_path: Path) -> None:
    labels = np.zeros((33, 34), np.int32)
    labels[2:8, 2:8], labels[24:30, 24:30] = 1, 2
    regions = np.zeros((33, 34), np.int32)
    regions[10:14, 10:14], regions[20:23, 2:6] = 4, 9
    run = made_full_run(tmp_path, labels=labels)
    notes = Annotations().with_place(5.0, 6.0, 1.0, name="Ann", note="first", hidden=True)
    notes = notes.with_region(9, name="left", driver=True)
    found = noted_places(places(run.results, regions), notes, place_reach(run.results))
    assert list(found["name"]) == ["Ann", "driver 2", "region 4", "left"]
    assert list(found["note"]) == ["first", "", "", ""]
    assert list(found["hidden"]) == [True, False, False, False]
    assert list(found["as_driver"]) == [True, True, False, True]


def test_without_a_place_there_are_columns(tmp_path: Path) -> None:
    run = made_full_run(tmp_path, labels=np.zeros((33, 34), np.int32))
    found = noted_places(places(run.results, None), Annotations(), 12.0)
    assert found.empty
    assert found["hidden"].dtype == found["as_driver"].dtype == bool
