"""Progress, Cancel and words of an export: a view of ``Exporting``, nothing more."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton, QWidget

from napari_sparsevar.widgets.exporting.state import Exporting
from napari_sparsevar.widgets.parts.boxes import FittingScroll, in_column, in_row, wrapped_label
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.progress_bar import ThinBar


class ExportPanel(QWidget):
    """A progress bar with Cancel, and one sentence.

    Parameters
    ----------
    exporting : Exporting
        What to show and to steer.
    """

    def __init__(self, exporting: Exporting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exporting = exporting
        self.bar = ThinBar()
        self.cancel = QPushButton("Cancel")
        self.words = wrapped_label()
        # Paths may be long: they scroll.
        self._scroll = FittingScroll(self.words, minimum_height=36)
        in_column(in_row((self.bar, 1), self.cancel), self._scroll, inside=self, spacing=5)
        self.cancel.clicked.connect(exporting.cancel)
        watch(exporting.state_changed, self._on_state, self)
        watch(exporting.progress_changed, self._on_progress, self)
        self._on_progress(exporting.fraction, exporting.words)
        self._on_state(exporting.state)

    def _on_state(self, state: str) -> None:
        self.bar.setVisible(state != "idle")
        self.cancel.setVisible(state != "idle")
        self.cancel.setEnabled(state == "exporting")
        self.cancel.setText("Cancelling…" if state == "cancelling" else "Cancel")

    def _on_progress(self, fraction: float, words: str) -> None:
        self.bar.show_fraction(fraction)
        self.words.setText(words)
        self._scroll.setVisible(bool(words))
