"""Connections that end with the widget they serve."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakMethod, ref

from napari.components import ViewerModel
from qtpy.QtWidgets import QWidget


def watch(signal: Any, slot: Callable[..., Any], widget: QWidget) -> Callable[[], None]:
    """Connect a psygnal signal or napari emitter until the widget is destroyed.

    Neither knows that Qt deletes a closed window's widgets while Python still holds them.

    Parameters
    ----------
    signal : psygnal.SignalInstance or napari EventEmitter
        What to listen to.
    slot : callable
        A method of the widget.
    widget : QWidget
        Whose end is the end of the connection.

    Returns
    -------
    callable
        Ends the connection earlier.
    """
    signal.connect(slot)
    method = WeakMethod(slot)

    def let_go(*_: Any) -> None:
        alive = method()
        if alive is not None:
            with suppress(ValueError, TypeError):
                signal.disconnect(alive)

    widget.destroyed.connect(let_go)
    return let_go


class OpenViewer:
    """A viewer, held weakly: calling it gives the viewer, or None once its window has closed.

    An answer that was under way when the window closed would add layers to what is being taken
    down.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._ref = ref(viewer)

    def __call__(self) -> ViewerModel | None:
        """Return the viewer if a person can see it."""
        viewer = self._ref()
        # napari says in no public way that a window has closed; it deletes this on closing.
        return viewer if viewer is not None and hasattr(viewer.window, "_qt_window") else None
