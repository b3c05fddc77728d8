"""Buttons, progress and words of a training: a view of ``Training``, nothing more."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QPushButton

from napari_sparsevar.widgets.parts.boxes import boxed, in_row
from napari_sparsevar.widgets.parts.table import there
from napari_sparsevar.widgets.training.state import Training, format_seconds
from napari_sparsevar.widgets.work.one_work import Report
from napari_sparsevar.widgets.work.panel import WorkPanel


class TrainingPanel(WorkPanel):
    """Train / Pause / Stop, a progress bar, one sentence, time left, speed."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self.pause_button = QPushButton("Pause")
        self.show_button = QPushButton("Maps again")
        self.drivers_button = QPushButton("Show drivers")
        self.cells_button = QPushButton("Find cells")
        self.remaining = QLabel()
        super().__init__(
            training,
            begin="Train",
            buttons=(self.pause_button,),
            words=(self.remaining,),
        )
        self.end_button.setToolTip(
            "<qt>Stops after the current step and keeps the best model so far.</qt>"
        )
        self.show_button.setToolTip(
            "<qt>Makes the layers of the last run again, for example after deleting them.</qt>"
        )
        self.drivers_button.setToolTip(
            "<qt>Opens the Drivers dock: which places drive others, and whom. It fills up while "
            "the analysis goes on.</qt>"
        )
        self.cells_button.setToolTip(
            "<qt>Opens the Cells dock and finds the cells of this movie, unless you brought some: "
            "there each is tested for whom it drives.</qt>"
        )
        self._of_run = boxed(
            in_row((self.drivers_button, 1), (self.cells_button, 1), (self.show_button, 1))
        )
        self.offer_run(False)
        there(self.layout()).addWidget(self._of_run)
        self.pause_button.clicked.connect(self._on_pause)

    def offer_run(self, known: bool) -> None:
        """Offer what can be done with a run, or not where there is none."""
        for widget in (self._of_run, self.drivers_button, self.cells_button, self.show_button):
            widget.setVisible(known)

    def _on_pause(self) -> None:
        if self._training.state == "paused":
            self._training.resume()
        else:
            self._training.pause()
        # The next state comes with the event, when the current step has ended.
        self.pause_button.setEnabled(False)

    def _on_state(self, state: str) -> None:
        super()._on_state(state)
        self.bar.setHidden(state == "idle" and not self._training.report.fraction)
        self.pause_button.setEnabled(state in ("training", "paused"))
        self.pause_button.setText("Continue" if state == "paused" else "Pause")

    def _on_report(self, report: Report) -> None:
        super()._on_report(report)
        self.remaining.setText(_remaining(report))
        self.remaining.setVisible(bool(self.remaining.text()))


def _remaining(report: Report) -> str:
    parts: list[str] = []
    if report.eta_seconds is not None:
        parts.append(f"about {format_seconds(report.eta_seconds)} {report.toward}")
    if report.frames_per_second:
        parts.append(f"{report.frames_per_second:,.0f} frames/s")
    return " · ".join(parts)
