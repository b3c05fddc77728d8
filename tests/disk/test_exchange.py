"""Two names are exchanged whole, or nothing happens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from napari_sparsevar.disk.exchange import exchange


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot exchange two folders")
def test_folders_take_each_other_s_names(tmp_path: Path) -> None:
    one, other = tmp_path / "ä one", tmp_path / "other"
    for place in (one, other):
        place.mkdir()
        (place / "was").write_text(place.name, encoding="utf-8")
    assert exchange(one, other)
    assert (one / "was").read_text(encoding="utf-8") == "other"
    assert (other / "was").read_text(encoding="utf-8") == "ä one"


def test_with_one_of_them_missing_nothing_happens(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    assert not exchange(there, tmp_path / "missing")
    assert there.is_dir()
