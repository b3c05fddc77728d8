"""What the Train dock does with runs that are there: go on with one, apply one to the movie."""

from __future__ import annotations

from pathlib import Path

from magicgui.types import FileDialogMode
from magicgui.widgets import FileEdit
from qtpy.QtWidgets import QPushButton, QWidget

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.parts.boxes import boxed, in_column, in_row
from napari_sparsevar.widgets.parts.fields import Rows, folded, slim, tooltip

RESUME = (
    "Go on with a training or an analysis that was cut short or stopped: choose its run folder."
)
APPLY = (
    "Analyse this movie with the network of a finished run, without training: cells of the same "
    "size, the same indicator. The result goes to the run folder above."
)


class OtherRuns(QWidget):
    """Folded away: the run whose network is applied, and two buttons."""

    def __init__(self) -> None:
        super().__init__()
        self._proposed = Path()
        self.run = slim(
            FileEdit(
                mode=FileDialogMode.EXISTING_DIRECTORY,
                label="Network of run",
                tooltip=tooltip(APPLY),
            )
        )
        self.run.line_edit.native.setPlaceholderText("folder of a finished run")
        self.apply = QPushButton("Apply to this movie")
        self.apply.setToolTip(f"<qt>{APPLY}</qt>")
        self.resume = QPushButton("Resume a run…")
        self.resume.setToolTip(f"<qt>{RESUME}</qt>")
        buttons = in_row((self.apply, 1), (self.resume, 1), spacing=5)
        inner = boxed(in_column(Rows(self.run).native, buttons, spacing=5))
        self.fold = folded(inner, "More")
        in_column(self.fold, inside=self)

    def propose(self, run: Path | None) -> None:
        """Propose the run that is shown, unless the person wrote another one."""
        if run is not None and self.run.value in (Path(), self._proposed):
            self._proposed = self.run.value = run

    def parent_run(self) -> Path:
        """Return the run whose network is to be applied.

        Raises
        ------
        UserError
            If there is none.
        """
        written = self.run.line_edit.value.strip()
        path = Path(written).expanduser()
        if not written or not (path / "run.json").is_file():
            raise UserError(
                f"{written or 'Nothing'} is no run directory: choose the folder of a finished run "
                "whose network is to be applied."
            )
        return path
