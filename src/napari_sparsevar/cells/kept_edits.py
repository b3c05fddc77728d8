"""What a person changed about cells, remembered on this machine until they are opened again."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import platformdirs
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.editing import Edits
from napari_sparsevar.disk.files import replacing
from napari_sparsevar.errors import UserError

FOLDER = "cell-edits"


@dataclass(frozen=True)
class _Written:
    """``Edits`` as they stand in a file."""

    names: dict[int, str]
    merged: tuple[tuple[int, ...], ...]
    excluded: frozenset[int]
    hidden: frozenset[int]


_FORM = TypeAdapter(_Written)


def keep_edits(cells: Cells, edits: Edits, folder: Path | None = None) -> None:
    """Remember the edits of cells that came from a file; of other cells nothing is kept.

    Parameters
    ----------
    cells : Cells
        As they came.
    edits : Edits
    folder : Path, optional
        Where to; by default the person's own folder of this program.
    """
    path = _place(cells, folder)
    if path is None:
        return
    written = _Written(dict(edits.names), edits.merged, edits.excluded, edits.hidden)
    # A memory that cannot be written is no reason to refuse the change itself.
    with contextlib.suppress(OSError, UserError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, overwrite=True) as temporary:
            temporary.write_bytes(_FORM.dump_json(written))


def kept_edits(cells: Cells, folder: Path | None = None) -> Edits | None:
    """Return the edits of the same cells of the same file, None where none are remembered."""
    path = _place(cells, folder)
    try:
        found = None if path is None else _FORM.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    if found is None or not _fits(found, len(cells)):
        return None
    return Edits(found.names, found.merged, found.excluded, found.hidden)


def _fits(found: _Written, n_cells: int) -> bool:
    named = {*found.names, *found.excluded, *found.hidden}
    return named.union(*map(set, found.merged)) <= set(range(n_cells))


def _place(cells: Cells, folder: Path | None) -> Path | None:
    """Return the file of cells of one place and by these names."""
    if cells.source is None:
        return None
    known = "\n".join([str(Path(cells.source).resolve()), *cells.names])
    name = hashlib.sha256(known.encode()).hexdigest()[:32]
    base = Path(platformdirs.user_data_dir("napari-sparsevar")) if folder is None else folder
    return base / FOLDER / f"{name}.json"
