"""Where docks open: said to napari before it asks, and only if the person has not said it."""

from __future__ import annotations

from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

NAMES = ("{} (SparseVAR)", "{} (napari-sparsevar)")
"""What napari calls our docks: opened from a menu, and from a program."""


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


def ask_for_height(widget: QWidget) -> None:
    """Make the dock of a widget as tall as the widget would like, if it is less.

    Qt asks a widget only once, when its dock opens.
    """
    docked = _docked(widget)
    lacking = widget.sizeHint().height() - widget.height()
    if docked is not None and lacking > 0:
        dock, window = docked
        window.resizeDocks([dock], [dock.height() + lacking], Qt.Orientation.Vertical)


def lie_beside(widget: QWidget, others: tuple[type[QWidget], ...]) -> None:
    """Make the dock of a widget a tab of another dock of ours on the same side.

    Parameters
    ----------
    widget : QWidget
        In a dock already.
    others : tuple of type
        Widgets whose docks it may join.
    """
    docked = _docked(widget)
    if docked is None:
        return
    dock, window = docked
    area = window.dockWidgetArea(dock)
    if area != Qt.DockWidgetArea.RightDockWidgetArea or window.tabifiedDockWidgets(dock):
        return
    for other in window.findChildren(QDockWidget):
        if isinstance(other.widget(), others) and window.dockWidgetArea(other) == area:
            window.tabifyDockWidget(other, dock)
            for tab in (other, dock):
                tab.setWindowTitle(_short(tab.windowTitle()))
            dock.show()
            dock.raise_()
            return


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
