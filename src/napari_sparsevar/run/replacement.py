"""A finished run in the place of an older one: at every moment there is one of the two."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from napari_sparsevar.disk.folder import beside, put_in_place, recover
from napari_sparsevar.run.annotations import NOTES, REGIONS
from napari_sparsevar.run.store import COMPARISONS, RECORD, is_run_directory


def working_folder(out: Path) -> Path:
    """Return where a training works while an older run is still in its place."""
    return beside(out, "new")


def begun_folder(out: Path) -> Path | None:
    """Return where the record of a training is, which may work beside an older run; else None."""
    folders = (working_folder(out), out)
    return next((folder for folder in folders if (folder / RECORD).is_file()), None)


def replace_run(out: Path, new: Path) -> None:
    """Put ``new`` in the place of ``out``, which is at every moment here or beside it.

    Names, notes, regions and comparisons are kept where ``new`` continues the training of ``out``.
    """
    _carry_over(out, new)
    put_in_place(new, out)


def recover_run(out: Path) -> None:
    """Finish what a process was killed in while it replaced a run."""
    new = working_folder(out)
    recover(new, out)
    if is_run_directory(out) and _is_finished(new):
        replace_run(out, new)


def _is_finished(folder: Path) -> bool:
    return is_run_directory(folder) and _said(folder).get("status") == "finished"


def _said(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return found


def _carry_over(old: Path, new: Path) -> None:
    """Copy what a person made of a run to what continues its training."""
    if not is_run_directory(old) or _said(old).get("created") != _said(new).get("created"):
        return
    for name in (NOTES, REGIONS):
        if (old / name).is_file():
            shutil.copy2(old / name, new / name)
    if (old / COMPARISONS).is_dir():
        shutil.copytree(old / COMPARISONS, new / COMPARISONS, dirs_exist_ok=True)
