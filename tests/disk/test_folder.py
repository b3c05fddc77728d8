"""A folder is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_sparsevar.disk import folder as folders
from napari_sparsevar.disk.folder import (
    ABANDONED_AFTER_SECONDS,
    REPLACED,
    beside,
    exchange,
    put_in_place,
    recover,
    replacing_folder,
    unfinished_folder,
)
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
    rmtree, rename = shutil.rmtree, Path.rename
    monkeypatch.setattr(Path, "rename", lambda *a: (note(), rename(*a), note()))
    monkeypatch.setattr(shutil, "rmtree", lambda *a, **k: (note(), rmtree(*a, **k)))
    with replacing_folder(out, overwrite=True) as folder:
        (folder / "new").touch()
        note()
    assert moments[:2] == [["old"], ["old"]]
    assert moments[-2:] == [["new"], ["new"]]
    assert {tuple(moment) for moment in moments} <= {("old",), (REPLACED, "old"), ("new",)}
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


def folder_with(path: Path, name: str) -> Path:
    path.mkdir(parents=True)
    (path / name).write_text(name, encoding="utf-8")
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot exchange two folders")
def test_folders_take_each_other_s_names(tmp_path: Path) -> None:
    one, other = folder_with(tmp_path / "ä one", "1"), folder_with(tmp_path / "other", "2")
    assert exchange(one, other)
    assert names(one) == ["2"]
    assert names(other) == ["1"]


def test_with_one_of_them_missing_nothing_happens(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    assert not exchange(there, tmp_path / "missing")
    assert there.is_dir()


class Killed(BaseException):
    """Ends everything like a killed process: nothing catches it."""


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("steps", range(8))
def test_killed_while_a_folder_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool, steps: int
) -> None:
    out = folder_with(tmp_path / "out", "old")
    new = folder_with(beside(out, "new"), "new")
    done: list[str] = []

    def until_killed(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **options: Any) -> Any:
            if len(done) == steps:
                raise Killed
            done.append(change.__name__)
            return change(*arguments, **options)

        return changed

    with monkeypatch.context() as patched:
        patched.setattr(folders, "exchange", until_killed(exchange if exchanges else no_exchange))
        for name in ("rename", "touch", "unlink"):
            patched.setattr(Path, name, until_killed(getattr(Path, name)))
        patched.setattr(shutil, "rmtree", until_killed(shutil.rmtree))
        with contextlib.suppress(Killed):
            put_in_place(new, out)
    recover(new, out)
    assert names(out) in (["old"], ["new"])
    assert new.exists() == (names(out) == ["old"])  # still to be put in place, or done
    put_in_place(new, out)
    assert names(out) == ["new"]
    assert names(tmp_path) == ["out"]


def no_exchange(one: Path, other: Path) -> bool:
    return False


@pytest.mark.parametrize("exchanges", [True, False])
def test_two_that_replace_a_folder_do_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool
) -> None:
    def slowly(one: Path, other: Path) -> bool:
        time.sleep(0.02)
        return exchanges and exchange(one, other)

    monkeypatch.setattr(folders, "exchange", slowly)
    out = folder_with(tmp_path / "out", "old")
    new = folder_with(beside(out, "new"), "new")
    both = [threading.Thread(target=put_in_place, args=(new, out)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert names(out) == ["new"]
    assert names(tmp_path) == ["out"]


def test_a_folder_that_cannot_be_moved_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "exchange", no_exchange)
    out = folder_with(tmp_path / "out", "old")
    new = folder_with(tmp_path / "new", "new")
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path == new:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OSError, match="No space"):
        put_in_place(new, out)
    assert names(out) == ["old"]


def test_only_what_was_abandoned_long_ago_is_swept(tmp_path: Path) -> None:
    old, young, foreign = beside(tmp_path / "a", "0" * 8), beside(tmp_path / "a", "1" * 8), ".other"
    for path in (old, young, tmp_path / foreign):
        path.mkdir()
    long_ago = time.time() - 2 * ABANDONED_AFTER_SECONDS
    os.utime(old, (long_ago, long_ago))
    with unfinished_folder(tmp_path / "b") as folder:
        assert names(tmp_path) == sorted([young.name, foreign, folder.name])
    assert names(tmp_path) == sorted([young.name, foreign])
