"""A folder that does not exist yet: proposed, or written or chosen by the person."""

from __future__ import annotations

import re
from pathlib import Path

from magicgui.types import FileDialogMode
from magicgui.widgets import FileEdit
from qtpy.QtWidgets import QFileDialog

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.parts.fields import slim, tooltip


class NewFolder(FileEdit):
    """A path, and a button that chooses the folder in which it is made.

    Parameters
    ----------
    what : str
        Its name in sentences: ``run`` for "the run folder".
    label : str
        Of the row.
    mark : str
        A file in every such folder: one that is chosen is taken as it is, nothing is made in it.
    """

    def __init__(self, what: str, label: str, mark: str = "") -> None:
        super().__init__(mode=FileDialogMode.EXISTING_DIRECTORY, label=label)
        self._what, self._mark = what, mark
        self._proposed = ""
        self.line_edit.changed.connect(self._on_written)
        slim(self)
        self.choose_btn.tooltip = tooltip(f"Choose the folder in which the {what} folder is made.")
        # What one chooses is there already; the new folder is made in it.
        self.choose_btn.changed.disconnect()
        self.choose_btn.changed.connect(self._browse)

    def propose(self, path: Path | None) -> None:
        """Propose a free path, unless the person wrote another one."""
        written = self.line_edit.value.strip()
        if written in ("", self._proposed) or Path(written).expanduser().exists():
            self._proposed = "" if path is None else str(path)
            self.line_edit.value = self._proposed

    def path(self, *, new: bool = True) -> Path:
        """Return the folder to make.

        Parameters
        ----------
        new : bool
            Whether one that exists is refused.

        Raises
        ------
        UserError
            If there is none, or it exists already.
        """
        written = self.line_edit.value.strip()
        if not written:
            raise UserError(
                f"The {self._what} folder is empty; write or choose where the {self._what} goes."
            )
        path = Path(written).expanduser()
        if new and path.exists():
            raise UserError(f"The {self._what} folder {path} exists already; choose another name.")
        return path

    def _browse(self) -> None:
        written = Path(self.line_edit.value.strip() or self._what).expanduser()
        parent = QFileDialog.getExistingDirectory(
            self.native, f"Where should the {self._what} folder go?", str(written.parent)
        )
        if parent and self._mark and (Path(parent) / self._mark).is_file():
            self.line_edit.value = parent
        elif parent:
            self.line_edit.value = str(free(Path(parent) / written.name))

    def _on_written(self, written: str) -> None:
        # Long paths are cut off.
        self.line_edit.tooltip = written


def free(path: Path, ending: str = "") -> Path:
    """Return the path, its name with the first number that makes it free.

    Parameters
    ----------
    path : Path
        ``run-1`` becomes ``run-2``, ``view.svg`` becomes ``view-2.svg``.
    ending : str
        Of the name, which stays behind the number.
    """
    stem = path.name.removesuffix(ending)
    numbered = re.fullmatch(r"(.+)-(\d+)", stem)
    stem, number = (numbered[1], int(numbered[2])) if numbered else (stem, 1)
    while path.exists():
        number += 1
        path = path.with_name(f"{stem}-{number}{ending}")
    return path
