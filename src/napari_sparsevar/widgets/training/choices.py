"""What to train on, with what, and where to: the movie layer, the device, the run folder."""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QWidget

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.widgets.layers.movies import describe, movie_of, why_unsuitable
from napari_sparsevar.widgets.layers.overlays import run_of
from napari_sparsevar.widgets.layers.units import (
    MovieUnits,
    completed,
    given_units,
    keep_given_units,
)
from napari_sparsevar.widgets.parts.boxes import in_column, wrapped_label
from napari_sparsevar.widgets.parts.fields import Choice, Rows, tooltip
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.new_folder import free
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.thread import Background

HOW_TO_BEGIN = (
    "Open a movie to begin: File ▸ Open Sample ▸ SparseVAR, or drag a movie "
    "(TIFF, Zarr, HDF5, NWB ...) onto the viewer."
)


class MovieChoice(QWidget):
    """A combo box of the movie layers of a viewer and a sentence about the chosen one.

    Follows layers that are added, removed, renamed and selected. Layers are held weakly and
    never found by name.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = weakref.ref(viewer)
        self._layer: weakref.ref[Image] | None = None
        self._let_go: list[Callable[[], None]] = []
        self.movie: Movie | None = None
        self.box = Choice(label="Movie", choices=self._offered)
        self.about = wrapped_label()
        self.units = MovieUnits()
        in_column(Rows(self.box).native, self.about, self.units.native, inside=self, spacing=5)
        self._connect(viewer)
        self.box.changed.connect(self._on_chosen)
        self.units.changed.connect(self._on_units)
        self.refresh()
        self._follow_selection()

    @property
    def layer(self) -> Image | None:
        """The chosen layer, or None."""
        return None if self._layer is None else self._layer()

    def choose(self, layer: Image) -> None:
        """Choose a layer; ignored if it is not among those offered."""
        if layer is not None and weakref.ref(layer) in self.box.choices:
            self.box.value = weakref.ref(layer)

    def refresh(self, *_: Any) -> None:
        """List the layers again, keeping the choice."""
        self.box.reset_choices()
        for index in range(len(self.box)):
            name = self.box.native.itemText(index)
            self.box.native.setItemData(index, name, Qt.ItemDataRole.ToolTipRole)
        self.box.enabled = len(self.box) > 0
        self._on_chosen()

    def _offered(self, *_: Any) -> list[tuple[str, weakref.ref[Image]]]:
        viewer = self._viewer()
        layers = [] if viewer is None else viewer.layers
        return [
            (layer.name, weakref.ref(layer)) for layer in layers if why_unsuitable(layer) is None
        ]

    def _connect(self, viewer: ViewerModel) -> None:
        for name in ("inserted", "removed", "renamed"):
            watch(getattr(viewer.layers.events, name), self.refresh, self)
        watch(viewer.layers.selection.events.active, self._follow_selection, self)

    def _follow_selection(self, *_: Any) -> None:
        viewer = self._viewer()
        if viewer is not None and self.isEnabled():
            self.choose(viewer.layers.selection.active)

    def _on_chosen(self, *_: Any) -> None:
        # The box is narrow and cuts long names off.
        self.box.tooltip = self.box.current_choice or "Image layers with a time axis."
        chosen = None if self.box.value is None else self.box.value()
        if chosen is not None and chosen is self.layer and self.movie is not None:
            return
        self._layer = None if chosen is None else weakref.ref(chosen)
        self._follow(chosen)
        self._open()

    def _follow(self, layer: Image | None) -> None:
        """Open the movie again whenever the person changes what it is."""
        for let_go in self._let_go:
            let_go()
        self._let_go = []
        if layer is not None:
            events = [getattr(layer.events, name) for name in ("scale", "units", "data")]
            self._let_go = [watch(event, self._open, self) for event in events]

    def _on_units(self) -> None:
        layer = self.layer
        if layer is not None:
            keep_given_units(layer, self.units.values())
            self._open()

    def _open(self, *_: Any) -> None:
        own, sentence = self._look()
        given = {} if own is None else given_units(self.layer)
        self.movie = None if own is None else completed(own, given)
        self.about.setText(sentence if self.movie is None else _about(self.movie))
        self.units.show_missing(own, given)
        self.changed.emit()

    def _look(self) -> tuple[Movie | None, str]:
        if self.layer is None:
            return None, self._none_sentence()
        try:
            return movie_of(self.layer), ""
        except UserError as error:
            return None, str(error)

    def _none_sentence(self) -> str:
        viewer = self._viewer()
        for layer in reversed(viewer.layers if viewer is not None else []):
            if isinstance(layer, Image) and run_of(layer) is None:
                return f"{why_unsuitable(layer)}"
        return HOW_TO_BEGIN


def _about(movie: Movie) -> str:
    return " ".join([f"{describe(movie)}.", *movie.notes])


def library_devices() -> list[Any]:
    """Return the devices of this machine; whatever goes wrong, ``auto`` remains."""
    try:
        from napari_sparsevar.training.device import available_devices

        return list(available_devices())
    except Exception:  # noqa: BLE001 - a broken driver must not keep the dock from opening
        return []


def rehearse_training() -> None:
    """Load what a training needs, while a person looks at the settings."""
    from napari_sparsevar.training.rehearsal import rehearse

    rehearse()


def _made_ready() -> Iterator[list[Any]]:
    yield library_devices()
    rehearse_training()


SHOWN_MS = 200
"""By then the dock is on the screen; loading torch would hold it up."""


class DeviceBox(Choice):
    """``auto`` at once; CPU, CUDA and MPS with their free memory as soon as torch is loaded.

    Its value is the name that ``train`` understands.
    """

    def __init__(self) -> None:
        self._labels = {"auto": "Automatic"}
        super().__init__(
            label="Device",
            choices=lambda _: [(label, name) for name, label in self._labels.items()],
            tooltip=tooltip("Automatic takes CUDA, then Apple's MPS, then the CPU."),
        )
        self._look = Background(
            _made_ready, self._fill, lambda: None, what="Getting ready to train"
        )
        self.native.destroyed.connect(self._look.drop)
        later = QTimer(self.native)
        later.setSingleShot(True)
        later.timeout.connect(self._look.start)
        later.start(SHOWN_MS)

    def _fill(self, devices: list[Any] | Failure) -> None:
        if isinstance(devices, Failure):  # training will say it to the person
            devices.log()
            return
        self._labels |= {device.name: device.label for device in devices}
        self.reset_choices()


LONGEST_STEM = 60
"""Letters of a movie's name in its run folder; file systems refuse more than 255 bytes."""


def default_run_folder(movie: Movie) -> Path:
    """Return a folder that does not exist: beside the movie's file, else in the home folder."""
    stem = re.sub(r"[^\w.-]+", "-", movie.name)[:LONGEST_STEM].strip("-.") or "movie"
    if movie.source is not None:
        parent = Path(movie.source).resolve().parent
        if os.access(parent, os.W_OK):
            return free(parent / f"{stem}-run-1")
    return free(Path.home() / "sparsevar-runs" / f"{stem}-1")
