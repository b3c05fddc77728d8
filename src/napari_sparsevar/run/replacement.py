"""A finished run in the place of an older one: at every moment there is one of the two."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from napari_sparsevar.run.annotations import NOTES, REGIONS
from napari_sparsevar.run.store import COMPARISONS, RECORD, is_run_directory


def working_place(out: Path) -> Path:
    """Return where a training works while an older run is still in its place."""
    return _beside(out, "new")


def replace_run(out: Path, new: Path) -> None:
    """Put ``new`` in the place of ``out``, which is at every moment here or beside it.

    Names, notes, regions and comparisons are kept where ``new`` continues the training of ``out``.
    """
    place, old = Path(os.path.realpath(out)), _beside(out, "old")
    _carry_over(place, new)
    shutil.rmtree(old, ignore_errors=True)
    place.rename(old)
    try:
        new.rename(place)
    except OSError:
        if not is_run_directory(place):  # else another process has recovered it in between
            old.rename(place)
            raise
    shutil.rmtree(old, ignore_errors=True)


def recover_run(out: Path) -> None:
    """Finish what a process was killed in while it replaced a run."""
    place, new, old = Path(os.path.realpath(out)), working_place(out), _beside(out, "old")
    if is_run_directory(old) and not place.exists():
        (new if _is_finished(new) else old).rename(place)
    if is_run_directory(place) and _is_finished(new):
        replace_run(out, new)
    if is_run_directory(place):
        shutil.rmtree(old, ignore_errors=True)


def _beside(out: Path, kind: str) -> Path:
    # Hidden and with our name: ``run.new`` or ``run.old`` might be somebody's own copy. Beside
    # the folder itself, not a link to it, because a folder cannot be renamed to another disk.
    place = Path(os.path.realpath(out))
    return place.parent / f".{place.name}.sparsevar-{kind}"


def _is_finished(folder: Path) -> bool:
    return is_run_directory(folder) and _said(folder).get("status") == "finished"


def _said(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return found


def _carry_over(place: Path, new: Path) -> None:
    """Copy what a person made of a run to what continues its training."""
    if not is_run_directory(place) or _said(place).get("created") != _said(new).get("created"):
        return
    for name in (NOTES, REGIONS):
        if (place / name).is_file():
            shutil.copy2(place / name, new / name)
    if (place / COMPARISONS).is_dir():
        shutil.copytree(place / COMPARISONS, new / COMPARISONS, dirs_exist_ok=True)
