"""Where a run is written: a free folder next to the movie, or one the person picks."""

from __future__ import annotations

import os
import re
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie

LONGEST_STEM = 60
"""Letters of a movie's name in its run folder; file systems refuse more than 255 bytes."""


class RunFolder(QWidget):
    """A path that does not exist yet, proposed anew for each movie and after each training."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proposed: Path | None = None
        self.edit = QLineEdit()
        self.edit.setPlaceholderText("chosen with the movie")
        self.edit.setMinimumWidth(60)
        self.edit.textChanged.connect(self._on_text)
        self.browse = QPushButton("…")
        self.browse.setFixedWidth(28)
        self.browse.setToolTip("<qt>Choose the folder in which the run folder is made.</qt>")
        self.browse.clicked.connect(self._browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.browse)

    def propose(self, movie: Movie | None) -> None:
        """Propose a free folder for the movie, unless the person wrote another one."""
        if self._is_own_choice():
            return
        self._proposed = None if movie is None else default_run_folder(movie)
        self.edit.setText("" if self._proposed is None else str(self._proposed))

    def _is_own_choice(self) -> bool:
        written = self.edit.text().strip()
        if not written or self._proposed is None or written == str(self._proposed):
            return False
        return not Path(written).expanduser().exists()

    def path(self) -> Path:
        """Return the folder to write.

        Raises
        ------
        UserError
            If there is none, or it exists already.
        """
        written = self.edit.text().strip()
        if not written:
            raise UserError("The run folder is empty; write or choose where the run should go.")
        path = Path(written).expanduser()
        if path.exists():
            raise UserError(f"The run folder {path} exists already; choose another name.")
        return path

    def _browse(self) -> None:
        written = Path(self.edit.text().strip() or "run").expanduser()
        parent = QFileDialog.getExistingDirectory(
            self, "Where should the run folder go?", str(written.parent)
        )
        if parent:
            stem = re.sub(r"-\d+$", "", written.name)
            self.edit.setText(str(_first_free(Path(parent), stem)))

    def _on_text(self, text: str) -> None:
        self.edit.setToolTip(text)


def default_run_folder(movie: Movie) -> Path:
    """Return a folder that does not exist: beside the movie's file, else in the home folder."""
    stem = re.sub(r"[^\w.-]+", "-", movie.name)[:LONGEST_STEM].strip("-.") or "movie"
    if movie.source is not None:
        parent = Path(movie.source).resolve().parent
        if os.access(parent, os.W_OK):
            return _first_free(parent, f"{stem}-run")
    return _first_free(Path.home() / "sparsevar-runs", stem)


def _first_free(parent: Path, stem: str) -> Path:
    number = 1
    while (parent / f"{stem}-{number}").exists():
        number += 1
    return parent / f"{stem}-{number}"
