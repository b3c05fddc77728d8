"""What an export says of itself, and which folder it may replace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from napari_sparsevar.disk.folder import REPLACED
from napari_sparsevar.errors import REPLACE, UserError

RECORD = "export.json"
FORMAT: Final = "napari-sparsevar export"


class Exported(NamedTuple):
    """A folder that is complete.

    Attributes
    ----------
    path : Path
    notes : tuple of str
        What was assumed or left out.
    """

    path: Path
    notes: tuple[str, ...]


def check_folder(out: Path, *, overwrite: bool = False) -> None:
    """Refuse a folder that may not be written, before the work.

    Raises
    ------
    UserError
        If there is something else than an empty folder or, with ``overwrite``, an earlier export.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    known = _known_files(out)
    if known is None:
        raise UserError(
            f"{out} exists already, is no export of ours and is not overwritten: choose another."
        )
    if not overwrite:
        raise UserError(f"{out} exists already; choose another folder.", options=REPLACE)
    others = sorted(_files(out) - known - {REPLACED})
    if others:
        raise UserError(
            f"{out} holds something that was not exported ({others[0]}): move it away or choose "
            "another folder."
        )


def _known_files(out: Path) -> set[str] | None:
    """Return what an export wrote; None where the folder is none."""
    try:
        found = json.loads((out / RECORD).read_text(encoding="utf-8"))
        return {RECORD, *found["files"]} if found["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _files(folder: Path) -> set[str]:
    """Return the files below a folder; a Zarr store, which is many, is one."""
    found: set[str] = set()
    for place in folder.iterdir():
        if place.is_dir() and place.suffix != ".zarr":
            found |= {f"{place.name}/{name}" for name in _files(place)}
        else:
            found.add(place.name)
    return found


def write_record(folder: Path, about: Mapping[str, Any]) -> None:
    """Write what was exported, with the list of files, into a folder that holds all of them."""
    record = {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("napari-sparsevar"),
        **about,
        "files": sorted(_files(folder)),
    }
    (folder / RECORD).write_text(json.dumps(record, indent=2), encoding="utf-8")
