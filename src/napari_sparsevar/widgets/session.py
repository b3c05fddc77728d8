"""What the docks of one viewer share: one evented session per viewer, no module global."""

from __future__ import annotations

import weakref
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image
from psygnal import Signal

from napari_sparsevar.readers import Placement
from napari_sparsevar.widgets.overlays import show_run
from napari_sparsevar.widgets.training_state import Training

# Keyed by the window: viewers compare field by field, windows by identity.
_sessions: weakref.WeakKeyDictionary[Any, Session] = weakref.WeakKeyDictionary()


class Session:
    """State of one viewer: the chosen movie layer, the current run, the training.

    Parameters
    ----------
    viewer : napari.Viewer
        Held weakly: the session dies with its window.

    Attributes
    ----------
    training : Training
        The training of this viewer, running or not.
    """

    movie_layer_changed = Signal(object)
    run_changed = Signal(object)

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._movie_layer: weakref.ref[Image] | None = None
        self._run: Any = None
        self.training = Training()
        self.training.run_ready.connect(self._show)

    @property
    def movie_layer(self) -> Image | None:
        """The chosen movie layer; None where none is chosen or it has been deleted."""
        return None if self._movie_layer is None else self._movie_layer()

    @movie_layer.setter
    def movie_layer(self, layer: Image | None) -> None:
        if layer is self.movie_layer:
            return
        self._movie_layer = None if layer is None else weakref.ref(layer)
        self.movie_layer_changed.emit(layer)

    @property
    def run(self) -> Any:
        """The run whose maps are shown, or None."""
        return self._run

    def _show(self, run: Any, placement: Placement) -> None:
        self._run = run
        viewer = self._viewer()
        if viewer is not None:
            show_run(viewer, run, placement)
        self.run_changed.emit(run)


def plain_viewer(viewer: Any) -> ViewerModel:
    """Return the viewer behind the proxy napari hands to widgets: layers are held weakly here."""
    return getattr(viewer, "__wrapped__", viewer)


def get_session(viewer: Any) -> Session:
    """Return the one session of a viewer."""
    viewer = plain_viewer(viewer)
    session = _sessions.get(viewer.window)
    if session is None:
        session = _sessions[viewer.window] = Session(viewer)
    return session
