"""Locks that the system takes away with the process that held them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError

LOCK = ".lock"


class FolderLock:
    """Holds a folder for one training until it is released or the process ends, however it ends.

    Raises
    ------
    UserError
        If another training holds the folder or the lock cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise UserError(f"Cannot write {self._path}: {explain(error)}.") from error
        try:
            _hold(handle)
        except BlockingIOError:
            os.close(handle)
            raise UserError(
                f"Another training is writing to {folder}: wait for it or choose another folder."
            ) from None
        except OSError:
            pass  # a disk that knows no locks: as good as it gets
        self._handle: int | None = handle

    def release(self) -> None:
        """Let others have the folder; again does no harm."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(handle)


def check_free(folder: Path) -> None:
    """Refuse a folder that another training is writing to.

    Raises
    ------
    UserError
    """
    if (folder / LOCK).exists():
        FolderLock(folder).release()


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block with this folder, where the system can tell.

    Nothing is written: the folder itself is locked.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        yield
        return
    try:
        with contextlib.suppress(OSError, ImportError):
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _hold(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
