"""How far the chosen movie was off, and how well it lies now, where it is held still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from qtpy.QtWidgets import QLabel, QWidget

from napari_sparsevar.figures.colours import GREY
from napari_sparsevar.widgets.parts.boxes import in_column, wrapped_label
from napari_sparsevar.widgets.parts.fields import folded
from napari_sparsevar.widgets.parts.plot import FIRST, SECOND, Plot, plain_view

if TYPE_CHECKING:
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.movie.registration.shifts import Shifts

_COLOURS = {"y": FIRST, "x": SECOND, "before": (GREY, GREY), "after": FIRST}
_HEIGHT = 96


class RegistrationPlot(QWidget):
    """Shifts and likeness to the template over time; hidden unless the movie is registered.

    Attributes
    ----------
    words : QLabel
        How crisp the mean image is; how the likeness changed stands in the notes of the movie.
    lines : dict of str to PlotDataItem
        ``y`` and ``x`` in pixels, ``before`` and ``after`` as correlations.
    """

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._shown: Shifts | None = None
        self.words = wrapped_label()
        self._legends = QLabel(), QLabel()
        self._plots = (
            Plot(plain_view(), "px off", ""),
            Plot(plain_view(), "likeness", "frame"),
        )
        self.lines = {name: pg.PlotDataItem() for name in _COLOURS}
        content, parts = QWidget(), list[QWidget]()
        for plot, legend, names in zip(
            self._plots, self._legends, (("y", "x"), ("before", "after")), strict=True
        ):
            plot.setFixedHeight(_HEIGHT)
            for name in names:
                plot.view.addItem(self.lines[name])
            parts += [legend, plot]
        in_column(self.words, *parts, inside=content, spacing=2)
        self.fold = folded(content, "How it was held still")
        in_column(self.fold, inside=self)
        self.set_theme(theme)
        self.hide()

    def tell(self, movie: Movie | None) -> None:
        """Show what was done to the movie chosen now; one that was just registered unfolds."""
        shifts = None if movie is None or movie.registered is None else movie.registered.shifts
        if shifts is self._shown:
            return
        self._shown = shifts
        self.setVisible(shifts is not None)
        if shifts is None:
            return
        table = shifts.over_time()
        for name, line in self.lines.items():
            line.setData(table["frame"].to_numpy(), table[name].to_numpy())
        self.words.setText(f"Slopes of the mean image are {shifts.crispness:.2f} times as steep.")
        self.fold.expand(animate=False)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        for plot in self._plots:
            plot.set_theme(theme)
        index = self._plots[0].is_light
        for name, line in self.lines.items():
            line.setPen(pg.mkPen(_COLOURS[name][index], width=1))
        for legend, names in zip(
            self._legends,
            ({"y": "y", "x": "x"}, {"before": "as recorded", "after": "held still"}),
            strict=True,
        ):
            legend.setText(
                "&nbsp; ".join(
                    f'<span style="color:{_COLOURS[name][index]}">●</span> {words}'
                    for name, words in names.items()
                )
            )
