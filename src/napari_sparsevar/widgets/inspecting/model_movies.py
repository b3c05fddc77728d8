"""Predicted and residual movies as layers: a frame is decoded when the slider asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_sparsevar.errors import UserError
from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.layers.movies import is_deep, movie_of
from napari_sparsevar.widgets.layers.overlays import kind_of, layer_of
from napari_sparsevar.widgets.layers.signed import DIVERGING
from napari_sparsevar.widgets.parts.lifetime import OpenViewer

if TYPE_CHECKING:
    import dask.array

    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.run.run import Run

MovieKind = Literal["prediction", "residual"]
TITLES: dict[MovieKind, str] = {"prediction": "predicted movie", "residual": "residual movie"}

RESIDUAL_NOISES = 4.0
"""Limits of the residual in noise scales of a typical pixel."""


class ModelMovies:
    """The decoded movies of one viewer."""

    def __init__(self, viewer: ViewerModel, inspecting: Inspecting) -> None:
        self._viewer = OpenViewer(viewer)
        self._inspecting = inspecting
        self._movie: Movie | None = None
        inspecting.run_changed.connect(self._on_run)
        inspecting.read_out_changed.connect(self._follow)

    def layer(self, kind: MovieKind) -> Layer | None:
        """Return the layer of a kind, or None."""
        return layer_of(self._viewer(), self._inspecting.run, kind)

    def show(self, kind: MovieKind, movie_layer: Image | None) -> Layer:
        """Add the movie over the one it belongs to, or show it again.

        Raises
        ------
        UserError
            If there is no run, or the movie it was trained on is not there.
        """
        layer = self.layer(kind)
        if layer is not None:
            layer.visible = True
            return layer
        viewer, shown = self._viewer(), self._inspecting.read_out
        if viewer is None or shown is None:
            raise UserError("There is no run yet: train a network or open a run.")
        if movie_layer is None:
            raise UserError(
                f"The movie of this run is not open: open {shown.run.movie_name} to see "
                f"the {TITLES[kind]}."
            )
        self._movie = movie_of(movie_layer)
        layer = self._made(kind, movie_layer)
        layer.events.visible.connect(self._follow)
        active = viewer.layers.selection.active
        viewer.layers.insert(viewer.layers.index(movie_layer) + 1, layer)
        viewer.layers.selection.active = active
        return layer

    def hide(self, kind: MovieKind) -> None:
        """Hide the movie; decoding stops with it."""
        layer = self.layer(kind)
        if layer is not None:
            layer.visible = False

    def _made(self, kind: MovieKind, movie_layer: Image) -> Image:
        assert self._inspecting.read_out is not None
        run = self._inspecting.read_out.run
        limits = tuple(movie_layer.contrast_limits)
        if kind == "residual":
            reach = RESIDUAL_NOISES * float(np.nanmedian(run.results.noise))
            limits = (-reach, reach)
        axes = slice(-4 if is_deep(movie_layer) else -3, None)
        return Image(
            self._lazy(run, kind, deep=is_deep(movie_layer)),
            name=f"{TITLES[kind]} ({run.path.name})",
            colormap=DIVERGING if kind == "residual" else movie_layer.colormap,
            contrast_limits=limits,
            scale=movie_layer.scale[axes],
            translate=movie_layer.translate[axes],
            units=movie_layer.units[axes],
            axis_labels=movie_layer.axis_labels[axes],
            metadata=_metadata(run, kind),
        )

    def _follow(self, *_: Any) -> None:
        """Foretell with the coefficients of another penalty, where somebody looks."""
        shown = self._inspecting.read_out
        for kind in TITLES:
            layer = self.layer(kind)
            if layer is None or shown is None or not layer.visible:
                continue
            wanted = _metadata(shown.run, kind)
            if layer.metadata != wanted:
                layer.metadata = wanted
                layer.data = self._lazy(shown.run, kind, deep=is_deep(layer))

    def _lazy(self, run: Run, kind: MovieKind, *, deep: bool) -> dask.array.Array:
        from napari_sparsevar.run.decoding import Decoding

        frames = Decoding(run, self._movie).lazy(kind)
        stacked: dask.array.Array = (
            frames[:, None] if run.stack is None else (run.stack.unfolded(frames))
        )
        return stacked if deep else frames

    def _on_run(self, _: Any) -> None:
        viewer = self._viewer()
        if viewer is not None:
            for layer in [layer for layer in viewer.layers if kind_of(layer) in TITLES]:
                viewer.layers.remove(layer)


def _metadata(run: Run, kind: MovieKind) -> dict[str, Any]:
    return {METADATA_KEY: {"run": str(run.path), "kind": kind, "penalty": float(run.penalty)}}
