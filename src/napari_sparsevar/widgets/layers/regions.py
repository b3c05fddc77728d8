"""Regions on the movie's grid: their layer, what is said of them, and that both are kept."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from psygnal import Signal
from superqt.utils import qdebounced

from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.run.planes import shown_image
from napari_sparsevar.widgets.layers.overlays import kind_of, run_of
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Latest

if TYPE_CHECKING:
    from napari_sparsevar.analysis.maps.drivers import LabelImage
    from napari_sparsevar.movie.stack import Stack
    from napari_sparsevar.run.annotations import RegionNote
    from napari_sparsevar.run.run import Run

    Notes = Mapping[int, RegionNote]

LAYER_KIND = "regions"
KEEP_MS = 500
"""How long nobody paints before the regions are written to the run."""
CHANGED = ("labels_update", "paint", "data", "set_data")
"""Events of a layer of labels on which pixels may be others: the last comes with Undo too, and with
much else."""


class Regions:
    """The layer whose labels are the regions of one viewer, and what is said of each.

    What is said belongs to its layer: it comes and goes with it, and is written with its pixels.

    Attributes
    ----------
    layer_changed, painted, said, label_chosen : psygnal.Signal
        Another layer is followed; something was painted, undone or redone on it; something else is
        said of its regions; and with the label, the person has taken another one in hand.
    number : int
        Tells one layer from the next.
    kept : tuple or None
        What the run holds: a label image (Y, X) and what is said of its regions.
    """

    layer_changed = Signal()
    painted = Signal()
    said = Signal()
    label_chosen = Signal(int)

    def __init__(self) -> None:
        self.number = 0
        self.kept: tuple[LabelImage, Notes] | None = None
        self._layer_ref: weakref.ref[Labels] | None = None
        self._run: Run | None = None
        self._seen: LabelImage | None = None
        self._unsaved = False
        self._notes: weakref.WeakKeyDictionary[Labels, Notes] = weakref.WeakKeyDictionary()
        self._saving: dict[Path, Latest] = {}
        self._save_soon = qdebounced(self._save, timeout=KEEP_MS)

    @property
    def layer(self) -> Labels | None:
        """The layer that is followed; None where there is none."""
        return None if self._layer_ref is None else self._layer_ref()

    @property
    def notes(self) -> Notes:
        """What is said of the regions, by label; of those in the run where there is no layer."""
        if self.layer is None:
            return {} if self.kept is None else self.kept[1]
        return self._notes.get(self.layer, {})

    def image(self) -> LabelImage | None:
        """Return a copy of what is painted, (Y, X); None where there is no layer.

        Of the planes of a run in its field.
        """
        if self.layer is None:
            return None
        # A copy: the person paints on while a thread looks at it.
        painted = np.array(self.layer.data, dtype=np.int32)
        stack = None if self._run is None else self._run.stack
        fits = stack is not None and painted.shape == stack.volume
        return stack.folded(painted) if stack is not None and fits else painted

    def set_run(self, run: Run | None, kept: tuple[LabelImage, Notes] | None = None) -> None:
        """Keep what is painted with another run; what is on its way is kept with the old one.

        Parameters
        ----------
        run : Run or None
            None while it is not known what the next run holds.
        kept : tuple, optional
            What it holds.
        """
        self._keep_now()
        self._run, self.kept = run, kept
        if self._unsaved and (kept is None or not kept[0].any()):
            self._save_soon()

    def follow(self, layer: Labels | None) -> None:
        """Follow another layer."""
        if layer is self.layer:
            return
        self._keep_now()
        self._connect(self.layer, False)
        self._layer_ref = None if layer is None else weakref.ref(layer)
        self._connect(layer, True)
        self.number += 1
        self._seen, self._unsaved = self.image(), False
        self.layer_changed.emit()

    def keep(self) -> None:
        """Write the regions to the run, painted on or not: the person has chosen them."""
        image = self.image()
        if image is not None and image.any():
            self._save()

    def say(self, notes: Notes) -> None:
        """Say something else of the regions; kept with them in the run."""
        self.recall(notes)
        self._save()

    def recall(self, notes: Notes) -> None:
        """Say of the regions what was said of them before."""
        if self.layer is not None:
            self._notes[self.layer] = notes
            self.said.emit()

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
            where.shown(np.zeros(shape, np.int32) if image is None else image),
            name="regions",
            opacity=0.6,
            metadata={METADATA_KEY: {"kind": LAYER_KIND}},
            **where.arguments,
        )
        layer.contour = 0
        viewer.add_layer(layer)
        return layer

    def free_label(self) -> int:
        """Return the first label above all that are painted or named."""
        image = self.image()
        painted = 0 if image is None else int(image.max(initial=0))
        # A name of what was wiped may come back with Undo.
        return max([painted, *self.notes]) + 1

    def add(self, mask: npt.NDArray[np.bool_]) -> int:
        """Paint a region over the others and return its label; it can be undone like a stroke."""
        layer, label = self.layer, self.free_label()
        assert layer is not None
        stack = None if self._run is None else self._run.stack
        layer.data_setitem(np.nonzero(shown_image(mask, stack)), label)
        layer.selected_label = label
        return label

    def remove(self, label: int) -> None:
        """Wipe a region; it can be undone like a stroke."""
        if self.layer is not None:
            self.layer.data_setitem(np.nonzero(np.asarray(self.layer.data) == label), 0)

    def _connect(self, layer: Labels | None, on: bool) -> None:
        connect(layer, CHANGED, self._on_changed, on)
        connect(layer, ("selected_label",), self._on_label, on)

    def _on_changed(self, *_: Any) -> None:
        image = self.image()
        if image is None or (self._seen is not None and np.array_equal(image, self._seen)):
            return
        self._seen, self._unsaved = image, True
        if self.layer is not None and str(self.layer.mode) != "pan_zoom":
            self._on_label()
        # At once: of what comes while an answer is computed, only the last is looked at.
        self.painted.emit()
        self._save_soon()

    def _on_label(self, *_: Any) -> None:
        if self.layer is not None:
            self.label_chosen.emit(int(self.layer.selected_label))

    def _keep_now(self) -> None:
        """Keep what has been painted a moment ago: the layer or the run is about to change."""
        self._save_soon.flush(restart_timer=False)

    def _save(self) -> None:
        image, run = self.image(), self._run
        if image is None or run is None or image.shape != run.results.grid.shape:
            return
        self._unsaved, self.kept = False, (image, self.notes)
        # One after the other: the last that is written is the last that was painted.
        saving = self._saving.setdefault(
            run.path, Latest(save_regions, _tell_failure, what="Keeping the regions")
        )
        saving.ask((run.path, image, run.pixel_size_um, self.notes, run.stack))


def _tell_failure(news: Any) -> None:
    if isinstance(news, Failure):
        news.report()


def save_regions(
    asked: tuple[Path, LabelImage, float | None, Notes, Stack | None],
) -> Iterator[None]:
    """Keep painted regions, and what is said of them, in a run directory."""
    from napari_sparsevar.run.annotations import write_regions

    write_regions(*asked)
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
    """Return whether labels of the layer can be regions of a field of view of this shape.

    Layers of ours that show something else cannot: those of cells have two labels a cell.
    """
    return (
        isinstance(layer, Labels)
        and not layer.multiscale
        and tuple(layer.data.shape) == tuple(shape)
        and run_of(layer) is None
        and kind_of(layer) in (None, LAYER_KIND)
    )


def has_frames(layer: Layer | None, shape: tuple[int, ...]) -> bool:
    """Return whether the layer holds labels of a field of view of this shape, frame by frame."""
    return (
        isinstance(layer, Labels)
        and not layer.multiscale
        and layer.ndim > 2
        and tuple(layer.data.shape[-2:]) == tuple(shape)
        and run_of(layer) is None
    )


def frame_shown(layer: Labels, viewer: ViewerModel) -> LabelImage:
    """Return the frame (Y, X) of a layer of labels at which the sliders stand."""
    point = np.asarray(viewer.dims.point)[-layer.ndim :]
    index = np.round(np.asarray(layer.world_to_data(point))).astype(int)[:-2]
    index = np.clip(index, 0, np.subtract(layer.data.shape[:-2], 1))
    return np.array(layer.data[tuple(index)], dtype=np.int32)
