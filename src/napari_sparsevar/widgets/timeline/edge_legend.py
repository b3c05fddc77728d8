"""Which curve is the source and which the target of the chosen edge."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QSizePolicy, QToolButton, QWidget

from napari_sparsevar.widgets.parts.boxes import in_row
from napari_sparsevar.widgets.parts.plot import shortened
from napari_sparsevar.widgets.timeline.trace_switches import edge_colours

LONGEST_NAME = 18


class EdgeLegend(QWidget):
    """Source, an arrow, target, each beside its colour; and a button back to the place alone.

    Attributes
    ----------
    closed : Signal
        The button has been pressed.
    """

    closed = Signal()

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._names = ("", "")
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.close_button = QToolButton()
        self.close_button.setText("×")
        self.close_button.setToolTip("<qt>Show the selected place alone again.</qt>")
        self.close_button.clicked.connect(self.closed)
        in_row(self.words, self.close_button, inside=self, margins=(4, 0, 4, 0), spacing=6)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_theme(theme)

    def set_names(self, source: str, target: str) -> None:
        """Say who they are."""
        self._names = (source, target)
        self._write()

    def set_theme(self, theme: str) -> None:
        """Take the colours that can be seen in a napari theme."""
        self._colours = edge_colours(theme)
        self._write()

    def _write(self) -> None:
        ends = [
            f'<span style="color: {colour}">■</span> {escape(shortened(name, LONGEST_NAME))}'
            for colour, name in zip(self._colours.values(), self._names, strict=True)
        ]
        self.words.setText(" → ".join(ends))
        source, target = map(escape, self._names)
        self.words.setToolTip(f"<qt>Source: {source}. Target: {target}.</qt>")
