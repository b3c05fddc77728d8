"""A folder is there whole or not at all."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from napari_sparsevar.disk import folder as folders
from napari_sparsevar.disk.folder import replacing_folder
from napari_sparsevar.errors import UserError


def names(folder: Path) -> list[str]:
    return sorted(place.name for place in folder.iterdir())


def test_the_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "above" / "out"
    with replacing_folder(out) as folder:
        (folder / "a").write_text("1", encoding="utf-8")
        assert not out.exists()
    assert names(out) == ["a"]
    assert names(out.parent) == ["out"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with replacing_folder(out) as folder:
        (folder / "old").touch()

    def fail(folder: Path) -> None:
        (folder / "new").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), replacing_folder(out, overwrite=True) as folder:
        fail(folder)
    assert names(out) == ["old"]
    assert names(tmp_path) == ["out"]


def test_what_is_there_is_replaced_only_when_told(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(UserError, match="exists already"), replacing_folder(out):
        raise AssertionError
    with replacing_folder(out, overwrite=True) as folder:
        (folder / "new").touch()
    assert names(out) == ["new"]


def test_a_file_is_never_replaced_by_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.touch()
    with pytest.raises(UserError, match="exists"), replacing_folder(out, overwrite=True):
        raise AssertionError


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot exchange two folders")
def test_a_folder_is_there_at_every_moment_of_being_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, moments = tmp_path / "out", []

    def note(*_: object, **__: object) -> None:
        moments.append(names(out))

    with replacing_folder(out) as folder:
        (folder / "old").touch()
    rmtree = shutil.rmtree
    monkeypatch.setattr(Path, "rename", note)  # nothing is renamed away
    monkeypatch.setattr(shutil, "rmtree", lambda *a, **k: (note(), rmtree(*a, **k)))
    with replacing_folder(out, overwrite=True) as folder:
        (folder / "new").touch()
        note()
    assert moments == [["old"], ["new"]]
    assert names(tmp_path) == ["out"]


def test_where_folders_cannot_be_exchanged_they_are_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "exchange", lambda *_: False)
    out = tmp_path / "out"
    out.mkdir()
    (out / "old").touch()
    with replacing_folder(out, overwrite=True) as folder:
        (folder / "new").touch()
    assert names(out) == ["new"]
    assert names(tmp_path) == ["out"]


KILLED = """
import os, pathlib, signal, sys
from napari_sparsevar.disk import folder as folders
from napari_sparsevar.disk.folder import replacing_folder
with replacing_folder(pathlib.Path(sys.argv[1]), overwrite=True) as folder:
    (folder / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_killed_process_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for expected in ([], ["old"]):
        killed = subprocess.run([sys.executable, "-c", KILLED, str(out)], check=False)
        assert killed.returncode == -9
        assert (names(out) if out.exists() else []) == expected
        out.mkdir(exist_ok=True)
        (out / "old").touch()
