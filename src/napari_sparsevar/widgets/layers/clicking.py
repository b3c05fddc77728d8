"""A click on the canvas, told from dragging and from painting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from napari.layers import Layer

STILL_PX = 4
"""The mouse may move so far, on the screen, between press and release of a click."""


def on_click(act: Callable[[Any], None]) -> Callable[[Any, Any], Iterator[None]]:
    """Return a mouse callback of a viewer that calls back where a person has clicked.

    Parameters
    ----------
    act : callable
        Takes the position in the world.
    """

    def press(viewer: Any, event: Any) -> Iterator[None]:
        if event.button != 1 or is_at_work(viewer.layers.selection.active):
            return
        pressed = event.pos
        yield
        while event.type == "mouse_move":
            yield
        if abs(event.pos - pressed).max() <= STILL_PX:
            act(event.position)

    return press


def is_at_work(active: Layer | None) -> bool:
    """Whether the mouse paints or moves something: then a click is no question."""
    return active is not None and str(active.mode) not in ("pan_zoom", "pick")
