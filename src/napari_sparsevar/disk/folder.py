"""Folders that appear, are replaced and go whole or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from napari_sparsevar.disk.files import explain
from napari_sparsevar.disk.lock import alone_in
from napari_sparsevar.errors import UserError

REPLACED = ".replaced"
"""File in a folder whose place another is about to take, or has taken."""

ABANDONED_AFTER_SECONDS = 86_400.0

_HERE = -100  # AT_FDCWD: relative paths begin in the working directory
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS are both 2


@contextlib.contextmanager
def replacing_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder beside `path` that takes its place when all went well.

    Parameters
    ----------
    path : pathlib.Path
        The folder that is to appear in one step; folders above it are made.
    overwrite : bool
        Whether a folder that is there may be replaced, with everything in it.

    Yields
    ------
    pathlib.Path
        Gone if the block raises or is abandoned; a killed process leaves it, hidden, and never
        anything unfinished at `path`.

    Raises
    ------
    UserError
        If there is something that may not be replaced, or the system refuses to write.
    """
    if path.exists() and not (overwrite and path.is_dir()):
        raise UserError(f"{path} exists already; choose another name or allow overwriting.")
    try:
        with unfinished_folder(path) as temporary:
            yield temporary
            put_in_place(temporary, path)
    except OSError as error:
        raise UserError(f"Cannot write {path}: {explain(error)}.") from error


@contextlib.contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """Give a hidden folder beside `path`, gone afterwards unless it was renamed.

    What a killed process left more than a day ago goes as well; another one may be writing what is
    younger.
    """
    temporary = beside(path, secrets.token_hex(4))
    _sweep(temporary.parent)
    temporary.mkdir(parents=True)
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def beside(path: Path, what: str) -> Path:
    """Return the hidden name beside a folder under which ``what`` of it lies.

    It has our name in it: ``run.new`` or ``run.old`` might be somebody's own copy.
    """
    # Beside the folder itself, not a link to it: a folder cannot be renamed to another disk.
    target = Path(os.path.realpath(path))
    return target.with_name(f".{target.name}.sparsevar-{what}")


def put_in_place(new: Path, path: Path) -> None:
    """Give a complete folder its place; what was there is removed.

    Where the system can exchange two names, there is a whole folder in the place at every moment;
    elsewhere the earlier one lies beside it between two renames. ``recover`` puts in order what a
    process leaves that was killed here.

    Raises
    ------
    OSError
        With the earlier folder in its place.
    """
    target, old = Path(os.path.realpath(path)), beside(path, "old")
    with alone_in(target.parent):
        _settle(new, target, old)
        if not new.exists():
            return  # another process has recovered it
        if not target.exists():
            new.rename(target)
            return
        (target / REPLACED).touch()
        if exchange(new, target):
            new.rename(old)
        else:
            target.rename(old)
            try:
                new.rename(target)
            except OSError:
                _settle(new, target, old)
                raise
        shutil.rmtree(old, ignore_errors=True)


def recover(new: Path, path: Path) -> None:
    """Remove the earlier folder, or put it back, where ``put_in_place`` was killed.

    Afterwards ``new`` is still to be put in place, or is gone because that was done.
    """
    target = Path(os.path.realpath(path))
    with alone_in(target.parent):
        _settle(new, target, beside(path, "old"))


def _settle(new: Path, target: Path, old: Path) -> None:
    if (new / REPLACED).exists():  # the two were exchanged
        shutil.rmtree(old, ignore_errors=True)
        new.rename(old)
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
    elif old.exists():
        old.rename(target)
    if (target / REPLACED).exists():
        (target / REPLACED).unlink()


def _sweep(folder: Path) -> None:
    for abandoned in folder.glob(".*.sparsevar-????????"):
        with contextlib.suppress(OSError):
            if time.time() - abandoned.stat().st_mtime > ABANDONED_AFTER_SECONDS:
                shutil.rmtree(abandoned)


def exchange(one: Path, other: Path) -> bool:
    """Give two files or folders each other's names, at no moment leaving a name without one.

    Parameters
    ----------
    one, other : pathlib.Path
        Both there, on one disk.

    Returns
    -------
    bool
        False where nothing happened because the system or the disk cannot do it.
    """
    call = _system_exchange()
    return call is not None and call(os.fsencode(one), os.fsencode(other)) == 0


@cache
def _system_exchange() -> Callable[[bytes, bytes], int] | None:
    try:
        library = ctypes.CDLL(None)
        if sys.platform.startswith("linux"):
            rename = library.renameat2
            return lambda a, b: int(rename(_HERE, a, _HERE, b, ctypes.c_uint(_EXCHANGE)))
        if sys.platform == "darwin":
            swap = library.renamex_np
            return lambda a, b: int(swap(a, b, ctypes.c_uint(_EXCHANGE)))
    except (OSError, AttributeError, TypeError):
        pass  # another C library, or Windows
    return None
