"""One check box for each trace of the inspected place; its colour is the legend."""

from __future__ import annotations

from collections.abc import Collection

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QSizePolicy, QWidget

from napari_sparsevar.figures.colours import GREEN, ORANGE, PURPLE, VERMILION
from napari_sparsevar.widgets.parts.boxes import in_row
from napari_sparsevar.widgets.parts.plot import FIRST, SECOND, is_light

WORDS = {
    "movie": ("movie", "What the movie shows of the selected place, in ΔF/F."),
    "reconstruction": ("decoded", "The reconstruction: what is decoded from the frame itself."),
    "prediction": (
        "prediction",
        "What the frames before foretell of this one, at the chosen sparsity: own past plus what "
        "others add.",
    ),
    "own": ("own past", "What the past of the place itself foretells of it."),
    "others": (
        "others",
        "What the past of distant places adds to that, at the chosen sparsity: about 0 where "
        "nobody drives it.",
    ),
    "residual": ("residual", "Movie minus prediction: what nothing in the past foretold."),
}


class TraceSwitches(QWidget):
    """The row of check boxes."""

    switched = Signal(str, bool)

    def __init__(self, shown: Collection[str], theme: str) -> None:
        super().__init__()
        self.boxes: dict[str, QCheckBox] = {}
        for name, (words, tip) in WORDS.items():
            box = QCheckBox(words)
            box.setChecked(name in shown)
            box.setToolTip(f"<qt>{tip}</qt>")
            box.toggled.connect(lambda on, name=name: self.switched.emit(name, on))
            self.boxes[name] = box
        in_row(*self.boxes.values(), inside=self, margins=(4, 0, 4, 0), spacing=8)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_theme(theme)

    def set_shown(self, shown: Collection[str]) -> None:
        """Take over which are on, without a word."""
        for name, box in self.boxes.items():
            box.blockSignals(True)
            box.setChecked(name in shown)
            box.blockSignals(False)

    def set_theme(self, theme: str) -> None:
        """Take the colours that can be seen in a napari theme."""
        for name, colour in trace_colours(theme).items():
            self.boxes[name].setStyleSheet(
                "QCheckBox { spacing: 4px; padding: 0; }"
                "QCheckBox::indicator { width: 10px; height: 10px; border-radius: 2px;"
                f" border: 2px solid {colour}; background: transparent; image: none; }}"
                f"QCheckBox::indicator:checked {{ background: {colour}; image: none; }}"
                "QCheckBox::indicator:focus { border-style: dotted; }"
            )


YELLOW = ("#F0E442", "#8A7B00")
"""On a dark and on a light ground."""


def trace_colours(theme: str) -> dict[str, str]:
    """Return the colour of each trace that can be seen in a napari theme."""
    light = is_light(theme)
    return {
        "movie": FIRST[light],
        "reconstruction": GREEN,
        "prediction": SECOND[light],
        "own": YELLOW[light],
        "others": (VERMILION, ORANGE)[light],
        "residual": PURPLE,
    }


def edge_colours(theme: str) -> dict[str, str]:
    """Return the colours of source and target of an edge in a napari theme."""
    light = is_light(theme)
    return {"source": FIRST[light], "target": SECOND[light]}
