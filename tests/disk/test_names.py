"""Names of files, whatever a person calls a window."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sparsevar.disk.names import (
    file_label,
    free_names,
    is_file_name,
    joined,
)

LABELS = st.lists(st.text(max_size=80), min_size=2, max_size=6)


@given(LABELS)
def test_any_labels_make_a_name_of_one_folder(labels: list[str]) -> None:
    name = joined(labels)
    assert is_file_name(name)
    # The longest ending of a file, `-2.difference.tif`, must fit as well.
    assert len(name.encode()) < 230


@pytest.mark.parametrize("text", ["", "..", "../A", "a/b", "a\\b", "C:", ".hidden", "A-B\n", "-"])
def test_what_leaves_the_folder_is_no_file_name(text: str) -> None:
    assert not is_file_name(text)


def test_labels_stay_readable() -> None:
    assert joined(["baseline", "drug 2 mM"]) == "baseline-drug_2_mM"
    assert file_label("刺激/前") == "刺激_前"
    assert file_label("///") == "_"


def test_names_are_numbered_whatever_their_case() -> None:
    assert list(islice(free_names("A-B", ["a-b", "A-B-3"]), 3)) == ["A-B-2", "A-B-4", "A-B-5"]
    assert next(free_names("A-B", [])) == "A-B"
