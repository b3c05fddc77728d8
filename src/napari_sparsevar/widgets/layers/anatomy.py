"""Mean, maximum, standard deviation and correlation of a movie as layers on it."""

from __future__ import annotations

import weakref
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from napari.layers import Image, Layer
from psygnal import Signal

from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.readers.movies import image_limits
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.layers.movies import placement_of
from napari_sparsevar.widgets.layers.overlays import kind_of
from napari_sparsevar.widgets.parts.lifetime import OpenViewer
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sparsevar.movie.inspection.anatomy import AnatomyImages
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.movie.stack import Stack

KIND = "anatomy"

IMAGES = {
    "correlation": "correlation",
    "deviation": "standard deviation",
    "maximum": "maximum",
    "mean": "mean",
}
"""Images and their names, the lowest layer first."""

SEEN_FIRST = "mean"


class Anatomy:
    """Makes the layers of one viewer, one movie at a time.

    Attributes
    ----------
    busy_changed : psygnal.Signal
        With whether a movie is being read.
    """

    busy_changed = Signal(bool)

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = OpenViewer(viewer)
        self._layer: weakref.ref[Image] | None = None
        self._stack: Stack | None = None
        self._reading = Replacing(self._receive, what="Reading the movie", ended=self._on_ended)

    @property
    def busy(self) -> bool:
        """Whether a movie is being read."""
        return self._reading.busy

    def show(self, layer: Image, movie: Movie) -> None:
        """Read the movie of a layer once, then add its images, or bring them up to date."""
        self._layer, self._stack = weakref.ref(layer), movie.stack
        self._reading.start(partial(_images_of, movie))
        self.busy_changed.emit(True)

    def _on_ended(self) -> None:
        self.busy_changed.emit(False)

    def _receive(self, news: Any) -> None:
        viewer = self._viewer()
        layer = None if self._layer is None else self._layer()
        if isinstance(news, Failure):
            news.report()
        elif news is not None and viewer is not None and layer in viewer.layers:
            _show(viewer, layer, news, replace(placement_of(layer), stack=self._stack))


def _images_of(movie: Movie) -> Iterator[AnatomyImages | None]:
    from napari_sparsevar.movie.inspection.anatomy import anatomy_images

    yield from anatomy_images(movie)


def _show(viewer: ViewerModel, movie_layer: Image, images: AnatomyImages, where: Placement) -> None:
    """Lay the images on the movie and below all else, one of them seen."""
    active = viewer.layers.selection.active
    for image, title in IMAGES.items():
        pixels = where.shown(getattr(images, image))
        shown = _found(viewer, movie_layer, image)
        if shown is not None:
            shown.data = pixels
            continue
        layer = Image(
            pixels,
            name=f"{title} ({movie_layer.name})",
            colormap="gray",
            contrast_limits=image_limits(pixels),
            visible=image == SEEN_FIRST,
            metadata={
                METADATA_KEY: {"kind": KIND, "image": image, "of": str(movie_layer.unique_id)}
            },
            **where.arguments,
        )
        viewer.layers.insert(_above(viewer, movie_layer), layer)
    viewer.layers.selection.active = active


def _above(viewer: ViewerModel, movie_layer: Image) -> int:
    """Return where the next image goes: above the movie and those that are there."""
    there = sum(_found(viewer, movie_layer, image) is not None for image in IMAGES)
    return int(viewer.layers.index(movie_layer)) + 1 + there


def _found(viewer: ViewerModel, movie_layer: Image, image: str) -> Layer | None:
    """Return the layer that shows an image of a movie; None where there is none."""
    for layer in viewer.layers:
        ours = layer.metadata.get(METADATA_KEY, {})
        same = (ours.get("image"), ours.get("of")) == (image, str(movie_layer.unique_id))
        if kind_of(layer) == KIND and same:
            return layer
    return None
