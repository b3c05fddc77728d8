"""Buttons, progress and words of a training: a view of ``Training``, nothing more."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_sparsevar.widgets.parts.boxes import (
    FittingScroll,
    boxed,
    in_column,
    in_row,
    wrapped_label,
)
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.progress_bar import ThinBar
from napari_sparsevar.widgets.training.state import Report, Training, format_seconds


class TrainingPanel(QWidget):
    """Train / Pause / Stop, a progress bar, time left, speed, and one sentence.

    Parameters
    ----------
    training : Training
        What to show and to steer.
    """

    train_clicked = Signal()
    show_clicked = Signal()

    def __init__(self, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._training = training
        self._can_start = False
        self.train_button = QPushButton("Train")
        self.pause_button = QPushButton("Pause")
        self.stop_button = QPushButton("Stop")
        self.show_button = QPushButton("Show maps again")
        self.bar = ThinBar()
        self.remaining = QLabel()
        self.sentence = wrapped_label()
        self.notices = wrapped_label()
        words = in_column(self.sentence, self.remaining, self.notices, spacing=5)
        # Long notices scroll: they must not make the window taller than a laptop's screen.
        self.words = FittingScroll(boxed(words), minimum_height=52)
        self._build()
        watch(training.state_changed, self._on_state, self)
        watch(training.report_changed, self._on_report, self)
        self._on_state(training.state)
        self._on_report(training.report)

    def _build(self) -> None:
        buttons = in_row((self.train_button, 1), (self.pause_button, 1), (self.stop_button, 1))
        self.stop_button.setToolTip(
            "<qt>Stops after the current step and keeps the best model so far.</qt>"
        )
        self.show_button.setToolTip(
            "<qt>Makes the layers of the last run again, for example after deleting them.</qt>"
        )
        self.show_button.hide()
        in_column(buttons, self.bar, self.words, self.show_button, inside=self, spacing=5)
        self.train_button.clicked.connect(self.train_clicked)
        self.show_button.clicked.connect(self.show_clicked)
        self.pause_button.clicked.connect(self._on_pause)
        self.stop_button.clicked.connect(self._training.stop)

    def set_has_run(self, has_run: bool) -> None:
        """Whether there are maps to show."""
        self.show_button.setVisible(has_run)

    def set_can_start(self, can_start: bool) -> None:
        """Whether there is something to train on."""
        self._can_start = can_start
        self._on_state(self._training.state)

    def say(self, sentence: str) -> None:
        """Show a sentence of the dock's own, until the training has news."""
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self.words.setVisible(bool(sentence))

    def _on_pause(self) -> None:
        if self._training.state == "paused":
            self._training.resume()
        else:
            self._training.pause()
        # The next state comes with the event, when the current step has ended.
        self.pause_button.setEnabled(False)

    def _on_state(self, state: str) -> None:
        self.train_button.setEnabled(state == "idle" and self._can_start)
        self.pause_button.setEnabled(state in ("training", "paused"))
        self.pause_button.setText("Continue" if state == "paused" else "Pause")
        self.stop_button.setEnabled(state in ("training", "paused"))
        self.stop_button.setText("Stopping…" if state == "stopping" else "Stop")

    def _on_report(self, report: Report) -> None:
        self.bar.show_fraction(report.fraction)
        self.remaining.setText(_remaining(report))
        self.say(report.sentence)
        self.notices.setText("\n".join(report.notices[-3:]))
        self.notices.setVisible(bool(report.notices))
        self.remaining.setVisible(bool(self.remaining.text()))
        self.bar.setVisible(bool(report.sentence))


def _remaining(report: Report) -> str:
    parts: list[Any] = []
    if report.eta_seconds is not None:
        parts.append(f"about {format_seconds(report.eta_seconds)} left")
    if report.frames_per_second:
        parts.append(f"{report.frames_per_second:,.0f} frames/s")
    return " · ".join(parts)
