"""Buttons, progress and words of one work: a view of it, nothing more."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtWidgets import QProgressBar, QPushButton, QWidget

from napari_sparsevar.widgets.parts.boxes import (
    FittingScroll,
    boxed,
    in_column,
    in_row,
    wrapped_label,
)
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.work.one_work import OneWork, Report

STEPS = 1000


class WorkPanel(QWidget):
    """A button to begin, one to end early, a thin bar, and one sentence.

    Parameters
    ----------
    work : OneWork
        What to show and to steer.
    begin : str
        What the button says that begins it; there is none where empty.
    end, ending : str
        What the button says that ends it, before and after it was pressed.
    buttons : sequence of QPushButton
        Between the two.
    words : sequence of QWidget
        Below the sentence.
    """

    def __init__(
        self,
        work: OneWork,
        *,
        begin: str = "",
        end: str = "Stop",
        ending: str = "Stopping…",
        buttons: Sequence[QPushButton] = (),
        words: Sequence[QWidget] = (),
    ) -> None:
        super().__init__()
        self._work = work
        self._ends = end, ending
        self._obstacle: str | None = None
        self.begin_button = QPushButton(begin, self)
        self.end_button = QPushButton()
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.sentence = wrapped_label()
        # Long words scroll: they must not make the window taller than a laptop's screen.
        lines = in_column(self.sentence, *words, spacing=5)
        self.words = FittingScroll(boxed(lines), minimum_height=52)
        self._arrange(buttons)
        self.end_button.clicked.connect(work.stop)
        watch(work.state_changed, self._on_state, self)
        watch(work.report_changed, self._on_report, self)
        self._on_report(work.report)
        self._on_state(work.state)

    def _arrange(self, buttons: Sequence[QPushButton]) -> None:
        if not self.begin_button.text():
            self.begin_button.hide()
            bar = in_row((self.bar, 1), self.end_button)
            in_column(bar, self.words, inside=self, spacing=5)
            return
        between = [(button, 1) for button in buttons]
        bar = in_row((self.begin_button, 1 if between else 2), *between, (self.end_button, 1))
        in_column(bar, self.bar, self.words, inside=self, spacing=5)

    def set_obstacle(self, sentence: str | None) -> None:
        """Say what is needed before it can begin; None if all is there."""
        self._obstacle = sentence
        self._on_state(self._work.state)

    def _on_state(self, state: str) -> None:
        idle = state == "idle"
        self.begin_button.setEnabled(idle and self._obstacle is None)
        self.end_button.setEnabled(self._work.can_end)
        self.end_button.setText(self._ends[not (idle or self._work.can_end)])
        self.end_button.setHidden(idle and not self.begin_button.text())
        self.bar.setHidden(idle)
        self._say()

    def _on_report(self, report: Report) -> None:
        self.bar.setValue(round(STEPS * report.fraction))
        self._say()

    def _say(self) -> None:
        idle = self._work.state == "idle"
        words = (self._obstacle if idle else "") or self._work.report.sentence
        self.sentence.setText(words)
        self.words.setVisible(bool(words))
