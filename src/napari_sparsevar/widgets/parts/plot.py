"""Plots in the colours of napari's theme."""

from __future__ import annotations

import pyqtgraph as pg
from napari.utils.theme import get_theme
from qtpy.QtCore import QSize
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QSizePolicy

from napari_sparsevar.figures.colours import BLUE, ORANGE, SKY, VERMILION

# On a dark and on a light ground.
FIRST, SECOND = (SKY, BLUE), (ORANGE, VERMILION)
STRONGEST = ("#ffffff", "#000000")


def is_light(theme: str) -> bool:
    """Return whether a theme of napari has a light ground."""
    return bool(get_theme(theme).type == "light")


def shortened(name: str, longest: int) -> str:
    """Return a name that fits beside a plot."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


class Plot(pg.GraphicsLayoutWidget):
    """A view with one axis to its left and one below.

    It has none of pyqtgraph's menus: those are windows that outlive their plot.

    Parameters
    ----------
    view : pyqtgraph.ViewBox
    left, bottom : str or pyqtgraph.AxisItem
        The axes or their titles.
    bottom_row : int
        Of the axis below, where something lies in between.

    Attributes
    ----------
    text : QColor
        Of the theme.
    is_light : bool
    """

    def __init__(
        self,
        view: pg.ViewBox,
        left: str | pg.AxisItem,
        bottom: str | pg.AxisItem,
        bottom_row: int = 1,
    ) -> None:
        super().__init__()
        self.view = view
        self.left, self.bottom = self.axis("left", left), self.axis("bottom", bottom)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFrameShape(self.Shape.NoFrame)
        self.ci.setContentsMargins(0, 4, 8, 4)
        self.ci.layout.setSpacing(0)
        self.addItem(self.left, row=0, col=0)
        self.addItem(self.view, row=0, col=1)
        self.addItem(self.bottom, row=bottom_row, col=1)

    def axis(
        self, side: str, axis: str | pg.AxisItem, view: pg.ViewBox | None = None
    ) -> pg.AxisItem:
        """Return an axis of the view, or of another one."""
        if isinstance(axis, str):
            title, axis = axis, pg.AxisItem(side)
            axis.setLabel(title)
        # Errors, grey values, seconds: "x1e3" would only confuse.
        axis.enableAutoSIPrefix(False)
        axis.linkToView(self.view if view is None else view)
        return axis

    def sizeHint(self) -> QSize:
        """Be content with little; the policy takes what the rest of the dock leaves."""
        return QSize(260, 150)

    def minimumSizeHint(self) -> QSize:
        """Insist on enough to read it."""
        return QSize(160, 110)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        colours = get_theme(theme)
        self.is_light = is_light(theme)
        self.text = QColor(colours.text.as_hex(format="long"))
        self.setBackground(QColor(colours.background.as_hex(format="long")))
        for axis in self.ci.items:
            if isinstance(axis, pg.AxisItem):
                axis.setPen(pg.mkPen(self.text, width=1))
                axis.setTextPen(pg.mkPen(self.text))


def plain_view(**options: bool) -> pg.ViewBox:
    """Return a view that the mouse does nothing in."""
    return pg.ViewBox(enableMenu=False, enableMouse=False, **options)
