"""Writing a folder whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from napari_sparsevar.disk.exchange import exchange
from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError


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
    # Beside the folder itself, not a link to it: a folder cannot be renamed to another disk.
    place = Path(os.path.realpath(path))
    temporary = _beside(place)
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        yield temporary
        _move(temporary, place)
    except OSError as error:
        raise UserError(f"Cannot write {path}: {explain(error)}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _move(new: Path, place: Path) -> None:
    """Put ``new`` in its place; what was there is there until then, where the system can do it.

    Elsewhere it lies beside it for the moment between two renames.
    """
    if not place.exists():
        new.rename(place)
        return
    if exchange(new, place):
        return  # what was there is removed as the temporary folder is
    old = _beside(place)
    place.rename(old)
    try:
        new.rename(place)
    except OSError:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name[:64]}.sparsevar-{secrets.token_hex(4)}")
