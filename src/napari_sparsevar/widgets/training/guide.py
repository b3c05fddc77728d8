"""The first-run guide: four steps from the movie to its drivers, ticked off as they are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.widgets.parts.boxes import wrapped_label
from napari_sparsevar.widgets.parts.preferences import preferred, remember

TICK, NEXT, LATER = "✓", "▸", "·"


@dataclass(frozen=True)
class GuideStep:
    """One thing to do, in a word and a sentence, and whether it is done."""

    title: str
    sentence: str
    done: bool


class Guide(QWidget):
    """A line a step; closed for good with its ×, and shown again by whoever asks for it.

    Attributes
    ----------
    shown_changed : Signal of bool
    """

    shown_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[QLabel, QLabel]] = []
        self.close_button = QToolButton()
        self.close_button.setText("×")
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip(
            "<qt>Close the guide for good; the button Guide shows it again.</qt>"
        )
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 4)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self.close_button, 0, 2, 2, 1, Qt.AlignmentFlag.AlignTop)
        self.close_button.clicked.connect(self._on_closed)
        self.setVisible(bool(preferred("training", "guide", True)))

    def show_steps(self, steps: Sequence[GuideStep]) -> None:
        """Tick what is done and point to the first that is not."""
        while len(self._rows) < len(steps):
            self._add_row()
        coming = next((step for step in steps if not step.done), None)
        for (title, sentence), step in zip(self._rows, steps, strict=True):
            mark = TICK if step.done else NEXT if step is coming else LATER
            title.setText(f"{mark} {step.title}")
            sentence.setText(step.sentence)
            sentence.setEnabled(step is coming)

    def show_again(self, shown: bool) -> None:
        """Show or close it; the next session remembers."""
        remember("training", guide=shown)
        self.setVisible(shown)
        self.shown_changed.emit(shown)

    def _on_closed(self) -> None:
        self.show_again(False)

    def _add_row(self) -> None:
        row = len(self._rows)
        parts = QLabel(), wrapped_label()
        for column, part in enumerate(parts):
            self._grid.addWidget(part, row, column, Qt.AlignmentFlag(0))
            part.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._rows.append(parts)


def guide_steps(
    movie: Movie | None, cell_size_known: bool, run_known: bool, drivers_open: bool
) -> tuple[GuideStep, ...]:
    """Return the steps from opening a movie to inspecting its drivers, as far as they are done.

    Parameters
    ----------
    movie : Movie or None
        The chosen one.
    cell_size_known, run_known, drivers_open : bool
        Whether the cell diameter is guessed or given, a run is shown, and the Drivers dock open.
    """
    missing = _missing(movie, cell_size_known)
    check = f"Give {', '.join(missing)}." if missing else "Frame rate, pixel and cell size."
    return (
        GuideStep("Open", "Drag a movie onto the viewer.", movie is not None),
        GuideStep("Check", check, movie is not None and not missing),
        GuideStep("Train", "Press Train; the map follows.", run_known),
        GuideStep("Inspect", "Press Show drivers.", run_known and drivers_open),
    )


def _missing(movie: Movie | None, cell_size_known: bool) -> list[str]:
    if movie is None:
        return []
    known = {
        "frame rate": movie.fps is not None,
        "pixel size": movie.pixel_size_um is not None,
        "cell size": cell_size_known,
    }
    return [name for name, is_known in known.items() if not is_known]
