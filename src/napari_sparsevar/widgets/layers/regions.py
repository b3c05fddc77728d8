"""Regions painted on the movie's grid: their layer, what they look like, and that they are kept."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from psygnal import Signal
from superqt.utils import qdebounced

from napari_sparsevar.readers import METADATA_KEY, Placement
from napari_sparsevar.widgets.layers.overlays import kind_of, run_of
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.thread import Background

if TYPE_CHECKING:
    from napari_sparsevar.analysis.maps.drivers import LabelImage
    from napari_sparsevar.run.run import Run

LAYER_KIND = "regions"
KEEP_MS = 500
"""How long nobody paints before the regions are written to the run."""
PAINTED = ("labels_update", "paint", "data")
"""Events of a layer of labels on which something else is painted."""


class Regions:
    """The painted label image of one viewer.

    Attributes
    ----------
    painted, label_chosen : psygnal.Signal
        Something was painted; and with the label, the person has taken another one in hand.
    """

    painted = Signal()
    label_chosen = Signal(int)

    def __init__(self) -> None:
        self._layer_ref: weakref.ref[Labels] | None = None
        self._run: Run | None = None
        self._saving: Background | None = None
        self._save_soon = qdebounced(self._save, timeout=KEEP_MS)

    @property
    def layer(self) -> Labels | None:
        """The layer that is followed; None where there is none."""
        return None if self._layer_ref is None else self._layer_ref()

    def image(self) -> LabelImage | None:
        """Return a copy of what is painted, (Y, X); None where there is no layer."""
        # A copy: the person paints on while a thread looks at it.
        return None if self.layer is None else np.array(self.layer.data, dtype=np.int32)

    def set_run(self, run: Run | None) -> None:
        """Keep what is painted with another run; what is on its way is kept with the old one."""
        self._keep_now()
        self._run = run

    def follow(self, layer: Labels | None) -> None:
        """Follow another layer."""
        if layer is self.layer:
            return
        self._keep_now()
        self._connect(self.layer, False)
        self._layer_ref = None if layer is None else weakref.ref(layer)
        self._connect(layer, True)
        self.painted.emit()

    def new_layer(
        self,
        viewer: ViewerModel,
        shape: tuple[int, int],
        where: Placement,
        image: LabelImage | None = None,
    ) -> Labels:
        """Add a two-dimensional layer to paint regions on, whatever the length of the movie.

        Parameters
        ----------
        viewer : napari.Viewer
        shape : tuple of int
            Height and width of a frame.
        where : Placement
            Where the movie lies.
        image : ndarray of int, shape (Y, X), optional
            What is painted on it already.
        """
        layer = Labels(
            np.zeros(shape, np.int32) if image is None else image,
            name="regions",
            opacity=0.6,
            metadata={METADATA_KEY: {"kind": LAYER_KIND}},
            **where.arguments,
        )
        layer.contour = 0
        viewer.add_layer(layer)
        return layer

    def free_label(self) -> int:
        """Return the first label above all that are painted."""
        image = self.image()
        return 1 if image is None else int(image.max(initial=0)) + 1

    def add(self, mask: npt.NDArray[np.bool_]) -> int:
        """Paint a region over the others and return its label; it can be undone like a stroke."""
        layer, label = self.layer, self.free_label()
        assert layer is not None
        layer.data_setitem(np.nonzero(mask), label)
        layer.selected_label = label
        return label

    def remove(self, label: int) -> None:
        """Wipe a region; it can be undone like a stroke."""
        if self.layer is not None:
            self.layer.data_setitem(np.nonzero(np.asarray(self.layer.data) == label), 0)

    def _connect(self, layer: Labels | None, on: bool) -> None:
        connect(layer, PAINTED, self._on_painted, on)
        connect(layer, ("selected_label",), self._on_label, on)

    def _on_painted(self, *_: Any) -> None:
        if self.layer is not None and str(self.layer.mode) != "pan_zoom":
            self._on_label()
        # At once: of what comes while an answer is computed, only the last is looked at.
        self.painted.emit()
        if self.layer is not None and kind_of(self.layer) == LAYER_KIND:
            self._save_soon()

    def _on_label(self, *_: Any) -> None:
        if self.layer is not None:
            self.label_chosen.emit(int(self.layer.selected_label))

    def _keep_now(self) -> None:
        """Keep what has been painted a moment ago: the layer or the run is about to change."""
        self._save_soon.flush(restart_timer=False)

    def _save(self) -> None:
        image = self.image()
        if image is None or self._run is None:
            return
        make = partial(save_regions, self._run.path, image, self._run.pixel_size_um)
        self._saving = Background(make, _tell_failure, self._saved, what="Keeping the regions")
        self._saving.start()

    def _saved(self) -> None:
        self._saving = None


def _tell_failure(news: Any) -> None:
    if isinstance(news, Failure):
        news.report()


def save_regions(path: Path, regions: LabelImage, pixel_size_um: float | None) -> Iterator[None]:
    """Keep painted regions in a run directory."""
    from napari_sparsevar.run.annotations import write_regions

    write_regions(path, regions, pixel_size_um)
    yield None


def connect(
    layer: Layer | None, names: tuple[str, ...], slot: Callable[..., None], on: bool
) -> None:
    """Connect a slot to events of a layer, or disconnect it from them."""
    if layer is not None:
        for name in names:
            emitter = getattr(layer.events, name)
            (emitter.connect if on else emitter.disconnect)(slot)


def is_region_layer(layer: Layer | None, shape: tuple[int, ...]) -> bool:
    """Return whether regions of a field of view of this shape are painted on the layer."""
    return (
        isinstance(layer, Labels)
        and tuple(layer.data.shape) == tuple(shape)
        and run_of(layer) is None
    )
