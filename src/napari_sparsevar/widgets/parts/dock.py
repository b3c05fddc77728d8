"""Docks: where they open, what they lie beside, and that they go when they are closed."""

from __future__ import annotations

from typing import Any

from napari.settings import get_settings
from npe2 import PluginManager
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

PLUGIN = "napari-sparsevar"

NO_RUN = "Train a network first, or open a run: drag its folder onto the viewer."
NAMES = ("{} (SparseVAR)", "{} (napari-sparsevar)")
"""What napari calls our docks: opened from a menu, and from a program."""


_going: dict[int, QWidget] = {}
"""Docks that have been closed and that Qt has not deleted yet."""


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
            _hold_until_gone(self)
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
                QTimer.singleShot(0, self._fit_screen)
                return

    def _fit_screen(self) -> None:
        docked = _docked(self)
        if docked is not None:
            fit_screen(docked[1])


def show_dock(viewer: Any, title: str) -> None:
    """Open one of our docks as the Plugins menu does, or bring the one there is to the front.

    Nothing happens where the viewer has no window.

    Parameters
    ----------
    viewer : napari.Viewer
    title : str
        Display name in the manifest.
    """
    open_docks = getattr(viewer.window, "dock_widgets", None)
    if open_docks is None:
        return
    names = [name.format(title) for name in NAMES]
    widget = next((open_docks[name] for name in names if name in open_docks), None)
    if widget is None:
        widget = PluginManager.instance().commands.get(f"{PLUGIN}.{title.lower()}")(viewer)
        # The name the Plugins menu gives it, so that the menu knows it is open.
        viewer.window.add_dock_widget(widget, name=names[0])
    dock = widget.parent()
    dock.show()
    dock.raise_()


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


def fit_screen(window: QMainWindow) -> None:
    """Make a window that has grown beyond its screen as tall as the screen again.

    It grows while two docks lie below each other, before one becomes a tab of the other.
    """
    screen = window.screen()
    lowest = None if screen is None else screen.availableGeometry().bottom() + 1
    if lowest is not None and window.frameGeometry().bottom() >= lowest:
        frame = window.frameGeometry().height() - window.height()
        window.resize(window.width(), lowest - max(window.y(), 0) - frame)


def _hold_until_gone(widget: QWidget) -> None:
    """Leave the end of a widget to Qt: Python's collector would take down first what watches it."""
    key = id(widget)
    _going[key] = widget
    widget.destroyed.connect(lambda *_: _going.pop(key, None))


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
