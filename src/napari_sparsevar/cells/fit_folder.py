"""What can be said of the folder of a fit without opening it: nothing here needs torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from napari_sparsevar.errors import REPLACE, UserError

RECORD: Final = "cells.json"
FORMAT: Final = "napari-sparsevar cells"


def check_fit_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Refuse a folder that a fit may not be written to, before the work.

    Raises
    ------
    UserError
    """
    if folder.exists() and not is_fit_directory(folder):
        raise UserError(f"{folder} exists already and is no fit of cells: choose another name.")
    if folder.exists() and not overwrite:
        raise UserError(
            f"There is a fit in {folder} already: choose another name.", options=REPLACE
        )


def is_fit_directory(path: Path) -> bool:
    """Return whether a folder is a fit of cells, looking at its ``cells.json``."""
    try:
        found = json.loads((Path(path) / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT
