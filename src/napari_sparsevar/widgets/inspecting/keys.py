"""Keys of the inspection: one table, bound while a Drivers dock is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from napari.components import ViewerModel
from napari.utils.key_bindings import bind_key, coerce_keybinding

from napari_sparsevar.widgets.inspecting.answers import Direction
from napari_sparsevar.widgets.inspecting.layers import INFLUENCE

if TYPE_CHECKING:
    from napari_sparsevar.widgets.session import Session


class Key(NamedTuple):
    """A key, what it does in words, and what is called with the session and the viewer."""

    key: str
    meaning: str
    action: Callable[[Session, ViewerModel], None]


def _toggle(kind: str) -> Callable[[Session, ViewerModel], None]:
    return lambda session, viewer: session.inspect_layers.toggle(kind)


def _look(direction: Direction) -> Callable[[Session, ViewerModel], None]:
    """Turn to a map; where it is the one looked at already, show or hide it."""

    def look(session: Session, viewer: ViewerModel) -> None:
        if session.inspecting.direction == direction:
            session.inspect_layers.toggle(INFLUENCE[direction])
        else:
            session.inspecting.set_direction(direction)

    return look


def _toggle_regions(session: Session, viewer: ViewerModel) -> None:
    layer = session.inspecting.regions.layer
    if layer is not None:
        layer.visible = not layer.visible


def _toggle_arrows(session: Session, viewer: ViewerModel) -> None:
    arrows = session.inspect_layers.arrows
    arrows.show(not arrows.asked_for)


KEYS = (
    Key(
        "Alt-Right",
        "next place of the list",
        lambda session, viewer: session.inspecting.select_next(1),
    ),
    Key(
        "Alt-Left",
        "previous place of the list",
        lambda session, viewer: session.inspecting.select_next(-1),
    ),
    Key("Alt-0", "inspect nothing", lambda session, viewer: session.inspecting.clear()),
    Key(
        "Alt-E",
        "play around the next event",
        lambda session, viewer: session.inspected.play_event(viewer),
    ),
    Key("Alt-1", "contribution map", _toggle("contribution")),
    Key("Alt-2", "drivers", _toggle("drivers")),
    Key("Alt-3", "painted regions", _toggle_regions),
    Key("Alt-4", "what it drives", _look("outgoing")),
    Key("Alt-5", "what drives it", _look("incoming")),
    Key("Alt-6", "arrows", _toggle_arrows),
    Key("Alt-7", "predicted movie", _toggle("prediction")),
    Key("Alt-8", "residual movie", _toggle("residual")),
)


class InspectKeys:
    """Binds the keys of a viewer; those that somebody else has bound are left alone."""

    def __init__(self, session: Session, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._bound: dict[str, Any] = {}
        for key in KEYS:
            self._bind(session, key)

    def release(self) -> None:
        """Give the keys back; those that have been bound anew since stay."""
        for key, function in self._bound.items():
            if self._viewer.keymap.get(coerce_keybinding(key)) is function:
                self._viewer.keymap.pop(coerce_keybinding(key))
        self._bound = {}

    def _bind(self, session: Session, key: Key) -> None:
        if coerce_keybinding(key.key) in self._viewer.keymap:
            return

        def act(viewer: Any) -> None:
            key.action(session, self._viewer)

        bind_key(self._viewer.keymap, key.key, act)
        self._bound[key.key] = act


def help_text() -> str:
    """Return the keys and what they do, as rich text for a tooltip or a label."""
    rows = (
        f"<tr><td><b>{key.key.replace('-', '+')}</b>&nbsp;&nbsp;</td><td>{key.meaning}</td></tr>"
        for key in KEYS
    )
    return f"<qt><table>{''.join(rows)}</table></qt>"
