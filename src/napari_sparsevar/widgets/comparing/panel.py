"""Button, progress and words of a comparison: a view of ``Comparing``, nothing more."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_sparsevar.widgets.comparing.state import Comparing
from napari_sparsevar.widgets.parts.boxes import in_column, in_row, wrapped_label
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.progress_bar import ThinBar


class ComparePanel(QWidget):
    """Compare / Stop, a progress bar, and one sentence.

    Parameters
    ----------
    comparing : Comparing
        What to show and to steer.
    """

    compare_clicked = Signal()

    def __init__(self, comparing: Comparing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparing = comparing
        self._obstacle = ""
        self.compare = QPushButton("Compare")
        self.stop = QPushButton("Stop")
        self.bar = ThinBar()
        self.words = wrapped_label()
        self._arrange()
        self.compare.clicked.connect(self.compare_clicked)
        self.stop.clicked.connect(comparing.stop)
        watch(comparing.state_changed, self._on_state, self)
        watch(comparing.progress_changed, self._on_progress, self)
        self._on_progress(comparing.fraction, comparing.words)
        self._on_state(comparing.state)

    def _arrange(self) -> None:
        buttons = in_row((self.compare, 2), (self.stop, 1))
        in_column(buttons, self.bar, self.words, inside=self, spacing=5)

    def set_obstacle(self, sentence: str) -> None:
        """Say what is needed before anything can be compared; nothing if all is there."""
        self._obstacle = sentence
        self._on_state(self._comparing.state)

    def _on_state(self, state: str) -> None:
        idle = state == "idle"
        self.compare.setEnabled(idle and not self._obstacle)
        self.stop.setEnabled(state == "comparing")
        self.stop.setText("Stopping…" if state == "stopping" else "Stop")
        self.bar.setVisible(not idle)
        self._say()

    def _on_progress(self, fraction: float, words: str) -> None:
        self.bar.show_fraction(fraction)
        self._say()

    def _say(self) -> None:
        idle = self._comparing.state == "idle"
        words = self._obstacle if idle and self._obstacle else self._comparing.words
        self.words.setText(words)
        self.words.setVisible(bool(words))
