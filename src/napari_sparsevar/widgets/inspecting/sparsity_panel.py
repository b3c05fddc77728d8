"""The sparsity slider: where on the solution path, and how many edges are left there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QWidget,
)

from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.parts.boxes import in_column, in_row
from napari_sparsevar.widgets.parts.lifetime import watch

if TYPE_CHECKING:
    from napari_sparsevar.analysis.fit.solution_path import SolutionPath
    from napari_sparsevar.run.run import Run

STEPS = 1000

CHOICES = (
    (
        "best",
        "Predicts best",
        "cross_validation_minimum",
        "Smallest error in held-out stretches of time (blocked cross-validation).",
    ),
    (
        "1 SE",
        "Sparsest that predicts as well",
        "one_standard_error_choice",
        "The sparsest whose error is within one standard error of the smallest.",
    ),
    (
        "eBIC",
        "Extended BIC",
        "ebic_minimum",
        "Smallest extended Bayesian information criterion.",
    ),
)
"""Short name, title, function of ``analysis.criterion`` and what it means."""


class SparsityPanel(QWidget):
    """Slider along the path (sparse on the left), the count of edges, and where to go."""

    def __init__(self, inspecting: Inspecting) -> None:
        super().__init__()
        self._inspecting = inspecting
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.words = QLabel()
        self.choice = QPushButton("Go to")
        self.reset = QPushButton("Reset")
        self._arrange()
        self.slider.valueChanged.connect(self._on_slider)
        self.reset.clicked.connect(inspecting.reset_penalty)
        watch(inspecting.run_changed, self.show_state, self)
        watch(inspecting.grew, self.show_state, self)
        watch(inspecting.prepared, self.show_state, self)
        watch(inspecting.read_out_changed, self.show_state, self)
        self.show_state()

    def _arrange(self) -> None:
        title = QLabel("Sparsity")
        tip = (
            "<qt>Moves along the exact solution path of the sparse VAR: fewer edges on the left, "
            "more on the right. Nothing is trained again.</qt>"
        )
        for widget in (title, self.slider):
            widget.setToolTip(tip)
        self.reset.setToolTip("<qt>Back to the penalty the run was read out at.</qt>")
        menu = QMenu(self.choice)
        menu.setToolTipsVisible(True)
        for _, title_, name, meaning in CHOICES:
            action = QAction(title_, menu)
            menu.addAction(action)
            action.setToolTip(meaning)
            action.triggered.connect(self._goer(name))
        self.choice.setMenu(menu)
        self.choice.setToolTip("<qt>Go to a penalty that a criterion speaks for.</qt>")
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        top = in_row(title, (self.slider, 1))
        below = in_row((self.words, 1), self.choice, self.reset)
        in_column(top, below, inside=self, spacing=3)

    def show_state(self, *_: Any) -> None:
        """Show where the inspection stands."""
        path, shown = self._inspecting.solution_path, self._inspecting.read_out
        self.slider.setEnabled(path is not None)
        self.choice.setEnabled(path is not None)
        run = self._inspecting.run
        away = shown is not None and run is not None and shown.run.penalty != run.penalty
        self.reset.setEnabled(away)
        self.words.setText(self._words())
        if path is not None and not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(_position(path, self._inspecting.penalty))

    def _words(self) -> str:
        shown = self._inspecting.read_out
        if shown is None:
            return ""
        if self._inspecting.solution_path is None:
            return f"{shown.n_edges:,} edges · tracing the path…"
        edges = "1 edge" if shown.n_edges == 1 else f"{shown.n_edges:,} edges"
        return f"λ = {shown.run.penalty:.3g} · {edges}"

    def _on_slider(self, position: int) -> None:
        path = self._inspecting.solution_path
        if path is not None:
            first, last = _ends(path)
            penalty = math.exp(first + (last - first) * position / STEPS)
            self._inspecting.set_penalty(max(penalty, path.least))

    def _goer(self, name: str) -> Any:
        def go(*_: Any) -> None:
            penalty = chosen_penalty(self._inspecting.run, name)
            if penalty is not None and self._inspecting.solution_path is not None:
                self._inspecting.set_penalty(max(penalty, self._inspecting.solution_path.least))
                self.show_state()

        return go


def _ends(path: SolutionPath) -> tuple[float, float]:
    """Return the logarithms of the penalties at both ends of the slider."""
    return math.log(max(path.largest, path.least * 1.01)), math.log(path.least)


def _position(path: SolutionPath, penalty: float) -> int:
    first, last = _ends(path)
    share = (math.log(max(penalty, 1e-12)) - first) / (last - first)
    return round(STEPS * min(max(share, 0.0), 1.0))


def chosen_penalty(run: Run | None, name: str) -> float | None:
    """Return the penalty a criterion speaks for; None where it cannot say."""
    if run is None:
        return None
    from napari_sparsevar.analysis.fit import criterion

    penalty = float(getattr(criterion, name)(run.results.criterion))
    return penalty if math.isfinite(penalty) else None
