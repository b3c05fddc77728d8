"""Writing a file whole or not at all, and saying in one sentence why it failed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from napari_sparsevar.errors import UserError

LEFTOVERS = ".*-????????.*"
"""Pattern of what a process leaves that was killed while it wrote."""

_CAUSES = {
    errno.ENOENT: "it does not exist; check the path",
    errno.EACCES: "permission is denied; choose a place you may use or ask for access",
    errno.EPERM: "permission is denied; choose a place you may use or ask for access",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "your disk quota is used up; free some space or choose another folder",
    errno.EISDIR: "it is a folder, not a file; choose a file name",
    errno.ENOTDIR: "a part of the path is a file, not a folder; check the path",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}

_SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")
"""What NumPy says of a disk that took only the beginning."""


def explain(error: OSError) -> str:
    """Return what an operating-system error means and what to do about it.

    Parameters
    ----------
    error : OSError
        As raised by the file system.

    Returns
    -------
    str
        The end of a sentence, without its full stop.
    """
    short = error.errno is None and _SHORT_WRITE.fullmatch(str(error)) is not None
    cause = _CAUSES.get(errno.ENOSPC if short else error.errno or 0)
    return cause or f"the system said {(error.strerror or str(error))!r}; check the disk"


@contextlib.contextmanager
def replacing(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary file beside `path` that takes its place when all went well.

    Parameters
    ----------
    path : pathlib.Path
        The file that is to appear, or to be replaced, in one step.
    overwrite : bool
        Whether an existing file may be replaced.

    Yields
    ------
    pathlib.Path
        An empty file in the same folder with the same suffix; gone if the block raises.

    Raises
    ------
    UserError
        If the file exists and may not be replaced, or the system refuses to write it.
    """
    if path.is_dir():
        raise UserError(f"Cannot write {path}: {_CAUSES[errno.EISDIR]}.")
    if path.exists() and not overwrite:
        raise UserError(f"{path} exists already; choose another name or allow overwriting.")
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem[:32]}-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _flush(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"Cannot write {path}: {explain(error)}.") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Bring a file to the disk: after a power cut, a name must not stand for half of it."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    # The system offers no way to read the mask without setting it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
