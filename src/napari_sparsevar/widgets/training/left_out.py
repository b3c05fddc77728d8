"""What a training leaves out of the movie (frames, pixels), and what is taken out beside it."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from magicgui.widgets import LineEdit
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtWidgets import QWidget

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.widgets.parts.boxes import in_column
from napari_sparsevar.widgets.parts.fields import Choice, Rows, file_field, folded, tooltip
from napari_sparsevar.widgets.parts.lifetime import watch

FRAMES = (
    "Frames to leave out besides those that are found: 100-120, 300 (from 0, ends included), or "
    "the path of bad_frames.npy or of a list. none: nothing is looked for."
)
COVARIATES = (
    "Running, stimuli, pupil: CSV, Parquet, NPY or NWB. What they tell is taken out of the "
    "analysis, so that what reaches all places does not look like influence."
)
PIXELS = "A Labels layer: what is painted in it is left out of all frames."


class LeftOutChoice(QWidget):
    """Folded away: a line for frames, a box of the Labels layers of a viewer, and a file."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = weakref.ref(viewer)
        self.frames = LineEdit(label="Bad frames", tooltip=tooltip(FRAMES))
        self.frames.native.setPlaceholderText("100-120, 300 or a file")
        self.pixels = Choice(label="Masked pixels", choices=self._offered, tooltip=tooltip(PIXELS))
        self.covariates = file_field("Covariates", COVARIATES)
        rows = Rows(self.frames, self.pixels, self.covariates)
        self.fold = folded(rows.native, "Leave out, take out")
        in_column(self.fold, inside=self)
        for name in ("inserted", "removed", "renamed"):
            watch(getattr(viewer.layers.events, name), self.pixels.reset_choices, self)

    def applied(self, movie: Movie) -> Movie:
        """Return the movie without what is left out.

        Raises
        ------
        UserError
            If it does not fit the movie.
        """
        from napari_sparsevar.movie.left_out import leaving_out

        layer = None if self.pixels.value is None else self.pixels.value()
        mask = None if layer is None else np.array(layer.data)
        if mask is not None and mask.ndim > 2:  # painted in any frame
            mask = mask.reshape(-1, *mask.shape[-2:]).max(axis=0)
        return leaving_out(movie, bad_frames=self.frames.value.strip() or None, ignore=mask)

    def _offered(self, *_: Any) -> list[tuple[str, weakref.ref[Labels] | None]]:
        viewer = self._viewer()
        layers = [] if viewer is None else viewer.layers
        labels = [layer for layer in layers if isinstance(layer, Labels)]
        return [("none", None), *((layer.name, weakref.ref(layer)) for layer in labels)]
