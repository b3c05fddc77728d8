"""Docks: where they open, what they lie beside, and that they go when they are closed."""

from __future__ import annotations

from napari.settings import get_settings
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

NAMES = ("{} (SparseVAR)", "{} (napari-sparsevar)")
"""What napari calls our docks: opened from a menu, and from a program."""


class Dock(QWidget):
    """What napari puts into a dock; napari gives it the viewer.

    What it shows belongs to the viewer's session: it can be closed and opened again meanwhile.
    """

    _others: tuple[type[QWidget], ...] = ()

    def event(self, event: QEvent | None) -> bool:
        """Go with the dock: napari only takes this widget out of it."""
        closed = event is not None and event.type() == QEvent.Type.ParentChange
        if closed and self.parent() is None:
            self.give_up()
            self.deleteLater()
        return bool(super().event(event))

    def give_up(self) -> None:
        """Give back what the viewer lent, because the dock has been closed."""

    def ask_for_height(self) -> None:
        """Make the dock as tall as this widget would like, if it is less.

        Qt asks a widget only once, when its dock opens.
        """
        docked = _docked(self)
        lacking = self.sizeHint().height() - self.height()
        if docked is not None and lacking > 0:
            dock, window = docked
            window.resizeDocks([dock], [dock.height() + lacking], Qt.Orientation.Vertical)

    def lie_beside(self, *others: type[QWidget]) -> None:
        """Become a tab of another dock of ours on the same side, as soon as this one is docked.

        Parameters
        ----------
        *others : type
            Widgets whose docks it may join.
        """
        self._others = others
        QTimer.singleShot(0, self._settle)

    def _settle(self) -> None:
        docked = _docked(self)
        if docked is None:
            return
        dock, window = docked
        area = window.dockWidgetArea(dock)
        if area != Qt.DockWidgetArea.RightDockWidgetArea or window.tabifiedDockWidgets(dock):
            return
        for other in window.findChildren(QDockWidget):
            if isinstance(other.widget(), self._others) and window.dockWidgetArea(other) == area:
                window.tabifyDockWidget(other, dock)
                for tab in (other, dock):
                    tab.setWindowTitle(_short(tab.windowTitle()))
                dock.show()
                dock.raise_()
                return


def prefer_area(title: str, area: str) -> None:
    """Make a dock open in an area of the window, unless it has been put elsewhere before.

    A manifest cannot say where a dock belongs; napari keeps the last place of each in its settings
    and reads it after the widget has been made.

    Parameters
    ----------
    title : str
        Display name in the manifest.
    area : str
        For example ``bottom``.
    """
    places = get_settings().application.plugin_widget_positions
    for name in NAMES:
        places.setdefault(name.format(title), area)


def _docked(widget: QWidget) -> tuple[QDockWidget, QMainWindow] | None:
    """Return the dock and the window a widget lies in; None where it floats."""
    dock = widget.parent()
    window = dock.parent() if isinstance(dock, QDockWidget) else None
    if not isinstance(dock, QDockWidget) or not isinstance(window, QMainWindow):
        return None
    return None if dock.isFloating() else (dock, window)


def _short(title: str) -> str:
    """Return a title without our name: on a tab beside three others there is no room for it."""
    for name in NAMES:
        title = title.removesuffix(name.format(""))
    return title
