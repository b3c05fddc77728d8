"""Which layers the session looks at, as layers come, go and are selected."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer
from psygnal import Signal

from napari_sparsevar.widgets.layers.movies import field_of, why_unsuitable
from napari_sparsevar.widgets.layers.overlays import kind_of, run_of
from napari_sparsevar.widgets.layers.regions import LAYER_KIND, is_region_layer


class LayerFollowing:
    """Chooses the movie, the regions painted on it and the run that has been opened.

    For the movie the selected layer counts if it is one; else what was chosen stays; else the
    first. For the regions it is what the person has chosen or made; without that the first, which
    stays: a layer that is only added or selected does not become the regions.

    Attributes
    ----------
    movie_chosen, regions_chosen, run_appeared : psygnal.Signal
        With the layer, or None; ``run_appeared`` with the run directory and one of its layers.
    """

    movie_chosen = Signal(object)
    regions_chosen = Signal(object)
    run_appeared = Signal(object, object)

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._movie: weakref.ref[Image] | None = None
        self._regions: weakref.ref[Labels] | None = None
        self._chosen: list[weakref.ref[Labels]] = []
        for name in ("inserted", "removed"):
            getattr(viewer.layers.events, name).connect(self.look)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.selection.events.active.connect(self.look)

    def look(self, *_: Any) -> None:
        """Choose again."""
        viewer = self._viewer()
        if viewer is None:
            return
        layers, active = list(viewer.layers), viewer.layers.selection.active
        movie = _first([active, _alive(self._movie), *layers], layers, _is_movie)
        self._movie = None if movie is None else weakref.ref(movie)
        self.movie_chosen.emit(movie)
        regions = _first(self._region_candidates(layers), layers, self._fits(movie, layers))
        self._regions = None if regions is None else weakref.ref(regions)
        self.regions_chosen.emit(regions)

    def choose_regions(self, layer: Labels) -> None:
        """Take the labels of a layer for the regions, wherever they fit."""
        self._chosen = [weakref.ref(layer), *(each for each in self._chosen if each() is not layer)]
        self.look()

    def region_layers(self) -> list[Labels]:
        """Return the layers whose labels can be regions of the chosen movie."""
        viewer = self._viewer()
        layers = [] if viewer is None else list(viewer.layers)
        return list(filter(self._fits(_alive(self._movie), layers), layers))

    def field(self) -> tuple[int, ...]:
        """Return the shape of a frame; empty where there is neither movie nor run."""
        viewer = self._viewer()
        return () if viewer is None else _field(_alive(self._movie), list(viewer.layers))

    def _fits(self, movie: Image | None, layers: list[Layer]) -> Callable[[Layer], bool]:
        shape = _field(movie, layers)
        return lambda layer: is_region_layer(layer, shape)

    def _region_candidates(self, layers: list[Layer]) -> list[Layer | None]:
        """Return layers in the order in which they come into question for the regions."""
        ours_first = sorted(layers, key=lambda layer: kind_of(layer) != LAYER_KIND)
        return [*map(_alive, self._chosen), _alive(self._regions), *ours_first]

    def prefer(self, movie: Image | None) -> None:
        """Keep to a movie layer that was chosen elsewhere."""
        self._movie = None if movie is None else weakref.ref(movie)

    def look_for_runs(self) -> None:
        """Report the run whose layers are there already, the last first."""
        viewer = self._viewer()
        for layer in reversed([] if viewer is None else list(viewer.layers)):
            path = run_of(layer)
            if path is not None:
                self.run_appeared.emit(path, layer)
                return

    def _on_inserted(self, event: Any) -> None:
        path = run_of(event.value)
        if path is not None:
            self.run_appeared.emit(path, event.value)


def _is_movie(layer: Layer) -> bool:
    return why_unsuitable(layer) is None and run_of(layer) is None


def _field(movie: Image | None, layers: list[Layer]) -> tuple[int, ...]:
    """Return the shape of a frame, or of a stack; that of a run's maps without its movie."""
    if movie is not None:
        return field_of(movie)
    for layer in layers:
        flat = layer.ndim == 2 or kind_of(layer) == "contribution"
        if run_of(layer) is not None and flat and hasattr(layer.data, "shape"):
            return tuple(layer.data.shape)
    return ()


def _alive(reference: Any) -> Any:
    return None if reference is None else reference()


def _first(candidates: list[Any], layers: list[Layer], fits: Any) -> Any:
    for layer in candidates:
        if layer is not None and any(layer is one for one in layers) and fits(layer):
            return layer
    return None
