"""A list of bad frames is read as a person means it, or one sentence says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.bad_frames import read_bad_frames

BAD = np.array([False, True, False, False, True])


@pytest.mark.parametrize(
    "text",
    [
        "1\n4\n",
        "\ufeffframe\r\n4\r\n1\r\n4\r\n\r\n",
        "0\n1\n0\n0\n1",
        "bad\nfalse\nTrue\nFALSE\nno\nyes\n",
        "good\n1\n0\n1\n1\n0\n",
        "1.0\n4.0\n",
        "valid\n1\n0\n1\n1\n0\n",
        "is_good\n1\n0\n1\n1\n0\n",
        "Keep frames\n1\n0\n1\n1\n0\n",
        "excluded_frames\n0\n1\n0\n0\n1\n",
        "outlier\n0\n1\n0\n0\n1\n",
    ],
)
def test_numbers_and_marks_are_told_apart(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read_bad_frames(tmp_path / "bad.csv", 5), BAD)


@pytest.mark.parametrize("values", [np.array([1, 4]), BAD, BAD.astype(np.uint8)])
def test_arrays_are_read_too(tmp_path: Path, values: np.ndarray) -> None:
    np.save(tmp_path / "bad.npy", values)
    np.testing.assert_array_equal(read_bad_frames(tmp_path / "bad.npy", 5), BAD)


def test_an_empty_list_marks_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("frame\n", encoding="utf-8")
    assert not read_bad_frames(tmp_path / "bad.csv", 5).any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1\nx2\n", "line 2: 'x2' is no number"),
        ("5\n", "calls frame 5 bad"),
        ("-1\n", "calls frame -1 bad"),
        ("0.5\n", "give a line for each"),
        ("good\n1\n0\n", "says of 2 frames"),
        ("0\n1\n0\n", "says of 3 frames"),
        ("nan\n1\n3,4\n", "line 3"),
        ("quality\n0\n1\n0\n0\n1\n", "does not say whether 1 is a good frame"),
        ("time_s\n1\n4\n", "are times"),
    ],
)
def test_what_is_no_list_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_bad_frames(tmp_path / "bad.csv", 5)


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_bad_frames(tmp_path / "none.csv", 5)
    np.save(tmp_path / "bad.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(UserError, match="no array of numbers"):
        read_bad_frames(tmp_path / "bad.npy", 5)


@pytest.mark.parametrize(
    ("values", "said"), [(np.array([[0, 1], [3, 4]]), "2 x 2"), (np.array([1.0, np.nan]), "NaN")]
)
def test_arrays_of_something_else_are_refused(
    tmp_path: Path, values: np.ndarray, said: str
) -> None:
    np.save(tmp_path / "bad.npy", values)
    with pytest.raises(UserError, match=said):
        read_bad_frames(tmp_path / "bad.npy", 5)
