"""Activity of the session's movie over time: the field's mean and that of painted regions."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels
from psygnal import Signal
from superqt.utils import qdebounced

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.traces import (
    field_trace,
    region_labels,
    region_traces,
    relative_change,
)
from napari_sparsevar.widgets.layers.frames import Frames
from napari_sparsevar.widgets.layers.movies import movie_of
from napari_sparsevar.widgets.layers.regions import connect
from napari_sparsevar.widgets.layers.units import completed, given_units
from napari_sparsevar.widgets.timeline.trace_reading import TraceReading
from napari_sparsevar.widgets.work.precedence import Precedence

REPAINT_MS = 300
"""How long nobody paints before the regions are read again."""

_MEANING = ("scale", "units", "translate", "data")


@dataclass(frozen=True, eq=False)
class RegionTrace:
    """ΔF/F of one region, as far as it is known."""

    label: int
    colour: tuple[int, int, int]
    values: npt.NDArray[np.float64]


class Activity:
    """The movie in time. Traces are read only once somebody wants to see them.

    Parameters
    ----------
    precedence : Precedence
        What reading the movie waits for.

    Attributes
    ----------
    frames_changed : psygnal.Signal
        Another movie, or other units of the same.
    movie : Movie or None
        The one that is read.
    frames : Frames or None
        Its time axis; None where there is no movie.
    why_none : str
        Why there is none, where a layer is chosen.
    field, regions : TraceReading
    """

    frames_changed = Signal(object)

    def __init__(self, precedence: Precedence) -> None:
        self.frames: Frames | None = None
        self.why_none = ""
        self.field = TraceReading(precedence.pauses)
        self.regions = TraceReading(precedence.pauses)
        self.movie: Movie | None = None
        self._layer_ref: weakref.ref[Image] | None = None
        self._labels_ref: weakref.ref[Labels] | None = None
        self._region_labels: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._wanted = False
        self._read_regions_soon = qdebounced(self._read_regions, timeout=REPAINT_MS)

    @property
    def _layer(self) -> Image | None:
        return None if self._layer_ref is None else self._layer_ref()

    @property
    def _labels(self) -> Labels | None:
        return None if self._labels_ref is None else self._labels_ref()

    def want(self) -> None:
        """Begin to read traces, now and of every later movie."""
        if not self._wanted:
            self._wanted = True
            self._read_field()
            self._read_regions()

    def set_movie_layer(self, layer: Image | None) -> None:
        """Follow another movie layer."""
        connect(self._layer, _MEANING, self.look_again, False)
        self._layer_ref = None if layer is None else weakref.ref(layer)
        connect(layer, _MEANING, self.look_again, True)
        self.look_again()

    def set_region_layer(self, layer: Labels | None) -> None:
        """Follow another layer of regions."""
        if layer is self._labels:
            return
        connect(self._labels, ("colormap",), self._on_coloured, False)
        self._labels_ref = None if layer is None else weakref.ref(layer)
        connect(layer, ("colormap",), self._on_coloured, True)
        self._read_regions()

    def read_regions_again(self) -> None:
        """Take note of what has been painted, once nobody paints for a moment."""
        if self._wanted:
            self._read_regions_soon()

    def look_again(self, *_: Any) -> None:
        """Take over what the movie layer is now: units may have been given by hand."""
        before = self.movie
        self.movie, self.why_none = _opened(self._layer)
        self.frames = None if self.movie is None else Frames.of(self._layer, self.movie)
        if not same_frames(before, self.movie):
            self._read_field()
            self._read_regions()
        self.frames_changed.emit(self.frames)

    def region_traces(self) -> list[RegionTrace]:
        """Return the traces of the painted regions in the colours of their labels."""
        known = self.regions.values[: self.regions.known]
        return [
            RegionTrace(int(label), _colour(self._labels, int(label)), relative_change(column))
            for label, column in zip(self._region_labels, known.T, strict=False)
        ]

    @property
    def region_layer_name(self) -> str:
        """Name of the layer of regions; empty where there is none."""
        return "" if self._labels is None else str(self._labels.name)

    def _read_field(self) -> None:
        if self.movie is None or not self._wanted:
            self.field.forget()
        else:
            data = self.movie.data
            self.field.read(partial(field_trace, data), len(data), 1)

    def _read_regions(self) -> None:
        painted = self._painted()
        if painted is None or self.movie is None or not self._wanted:
            self._region_labels = np.empty(0, np.int64)
            self.regions.forget()
        else:
            data = self.movie.data
            self._region_labels = region_labels(painted)
            n_regions = len(self._region_labels)
            self.regions.read(partial(region_traces, data, painted), len(data), n_regions)

    def _painted(self) -> npt.NDArray[Any] | None:
        if self._labels is None or self.movie is None:
            return None
        # A copy: the person paints on while the thread reads.
        painted, stack = np.array(self._labels.data), self.movie.stack
        if stack is not None and painted.shape == stack.volume:
            painted = stack.folded(painted)
        return painted if painted.shape == self.movie.shape else None

    def _on_coloured(self, *_: Any) -> None:
        self.regions.changed.emit()


def _opened(layer: Image | None) -> tuple[Movie | None, str]:
    if layer is None:
        return None, ""
    try:
        return completed(movie_of(layer), given_units(layer)), ""
    except UserError as error:
        return None, str(error)


def same_frames(before: Movie | None, now: Movie | None) -> bool:
    """Return whether two movies hold the same pixels, as far as can be known without a look."""
    if before is None or now is None:
        return before is now
    shifts = [None if each.registered is None else each.registered.shifts for each in (before, now)]
    return (
        before.source is not None
        and shifts[0] is shifts[1]
        and (before.source, before.data.shape) == (now.source, now.data.shape)
    )


def _colour(layer: Labels | None, label: int) -> tuple[int, int, int]:
    rgba = None if layer is None else layer.get_color(label)
    if rgba is None:
        return 200, 200, 200
    red, green, blue = (round(255 * float(part)) for part in rgba[:3])
    return red, green, blue
