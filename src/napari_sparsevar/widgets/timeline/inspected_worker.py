"""What is computed beside the screen for the timeline: a place over time, and every driver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.movie.traces import Traced, weighted_traces
from napari_sparsevar.widgets.inspecting.answers import PlaceKind
from napari_sparsevar.widgets.timeline.pooling import Pyramid

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Key = tuple[PlaceKind, int]

BRIGHT_PERCENTILE = 99.5
"""Activity from which on a row is at its brightest."""


@dataclass(frozen=True, eq=False)
class PlaceQuestion:
    """A place of a run at a penalty."""

    run: Run
    mask: Mask


@dataclass(frozen=True, eq=False)
class PlaceAnswer:
    """What the model says of a place over time.

    Parameters
    ----------
    question : PlaceQuestion
    modelled : dict of ndarray, shape (T,)
        ``reconstruction`` and ``prediction`` in grey values, without the background.
    events : ndarray of int
        Frames in which its activity stands out.
    """

    question: PlaceQuestion
    modelled: dict[str, FloatArray]
    events: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RasterQuestion:
    """Drivers and regions of a run, in order; ``regions`` is the painted label image."""

    run: Run
    keys: tuple[Key, ...]
    regions: npt.NDArray[np.int32] | None

    def same(self, other: RasterQuestion | None) -> bool:
        """Return whether the other has the same answer."""
        if other is None or self.keys != other.keys:
            return False
        if self.run.results.drivers is not other.run.results.drivers:
            return False
        if not any(kind == "region" for kind, _ in self.keys):
            return True
        if self.regions is None or other.regions is None:
            return self.regions is other.regions
        return np.array_equal(self.regions, other.regions)


@dataclass(frozen=True, eq=False)
class Raster:
    """Activity of the drivers over time, a row each.

    Parameters
    ----------
    question : RasterQuestion
    pyramid : Pyramid
    brightest : float
        Activity, in standard deviations, that is shown as the brightest; 0 is the darkest.
    """

    question: RasterQuestion
    pyramid: Pyramid
    brightest: float

    @property
    def keys(self) -> tuple[Key, ...]:
        """Kind and label of each row."""
        return self.question.keys


def answer_place(question: PlaceQuestion) -> Iterator[PlaceAnswer]:
    """Yield what the model says of a place."""
    from napari_sparsevar.run.traces import event_frames, model_traces, region_activity

    (activity,) = region_activity(question.run, question.mask.astype(np.int32), [1])
    modelled = model_traces(question.run, question.mask)._asdict()
    yield PlaceAnswer(question, modelled, event_frames(activity))


def answer_raster(question: RasterQuestion) -> Iterator[Raster]:
    """Yield the activity of every driver."""
    from napari_sparsevar.run.traces import region_activity

    run = question.run
    rows = np.empty((len(question.keys), len(run.results.good)))
    for kind, image in (("driver", run.results.drivers.labels), ("region", question.regions)):
        own = [index for index, key in enumerate(question.keys) if key[0] == kind]
        if own and image is not None:
            labels = [question.keys[index][1] for index in own]
            rows[own] = region_activity(run, image, labels)
    known = rows[np.isfinite(rows)]
    brightest = float(np.percentile(known, BRIGHT_PERCENTILE)) if known.size else 1.0
    yield Raster(question, Pyramid(rows), max(brightest, 1e-6))


def read_place(run: Run, mask: Mask, data: Any) -> Iterator[Traced]:
    """Yield the mean of a place in grey values and the background of it, frame by frame."""
    from napari_sparsevar.run.traces import read_out

    weights, offset = read_out(run, mask)
    for traced in weighted_traces(data, weights):
        yield traced._replace(values=traced.values + np.array([0.0, offset]))
