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
from napari_sparsevar.widgets.layers.painted_frames import PaintedFrames
from napari_sparsevar.widgets.parts.boxes import in_column, wrapped_label
from napari_sparsevar.widgets.parts.fields import Choice, Rows, file_field, folded, path_in, tooltip
from napari_sparsevar.widgets.parts.lifetime import watch

FRAMES = (
    "Frames to leave out besides those that are found: 100-120, 300 (from 0, ends included), or "
    "the path of bad_frames.npy or of a list. none: nothing is looked for."
)
COVARIATES = (
    "Running, stimuli, pupil: CSV, Parquet, NPY or NWB. What they tell is taken out of the "
    "analysis, so that what reaches all places does not look like influence."
)
TRIALS = (
    "A table with the columns start and stop (frames) or start_s and stop_s, or the NWB file that "
    "holds the movie: nothing is foretold from one trial to the next."
)
PIXELS = "A Labels layer: what is painted in it is left out of all frames."


class LeftOutChoice(QWidget):
    """Folded away: a line for frames, a box of the Labels layers of a viewer, and files.

    Above them it says which frames were marked on the timeline.
    """

    def __init__(self, viewer: ViewerModel, painted: PaintedFrames) -> None:
        super().__init__()
        self._painted = painted
        self._viewer = weakref.ref(viewer)
        self.frames = LineEdit(label="Bad frames", tooltip=tooltip(FRAMES))
        self.frames.native.setPlaceholderText("100-120, 300 or a file")
        self.pixels = Choice(label="Masked pixels", choices=self._offered, tooltip=tooltip(PIXELS))
        self.trials = file_field("Trials", TRIALS)
        self.covariates = file_field("Covariates", COVARIATES)
        self.marked = wrapped_label()
        rows = Rows(self.frames, self.pixels, self.trials, self.covariates)
        self.fold = folded(rows.native, "Leave out, take out")
        in_column(self.marked, self.fold, inside=self)
        watch(painted.changed, self._say, self)
        self._say()
        for name in ("inserted", "removed", "renamed"):
            watch(getattr(viewer.layers.events, name), self.pixels.reset_choices, self)

    def applied(self, movie: Movie) -> Movie:
        """Return the movie without what is left out, and in trials.

        Raises
        ------
        UserError
            If it does not fit the movie.
        """
        from napari_sparsevar.comparison.windows import read_trials
        from napari_sparsevar.movie.left_out import leaving_out

        layer = None if self.pixels.value is None else self.pixels.value()
        mask = None if layer is None else np.array(layer.data)
        if mask is not None and mask.ndim > 2:  # painted in any frame
            mask = mask.reshape(-1, *mask.shape[-2:]).max(axis=0)
        listed = path_in(self.trials)
        trials = None if listed is None else read_trials(listed, movie.fps, movie.times)
        return leaving_out(movie, **self._frames(movie), ignore=mask, trials=trials)

    def _frames(self, movie: Movie) -> dict[str, Any]:
        """Return the frames that are left out, as ``leaving_out`` takes them."""
        from napari_sparsevar.movie.left_out import NONE, frames_of

        given = self.frames.value.strip()
        none = given.lower() == NONE
        painted, again = self._painted.bad, self._painted.good
        if len(painted) != movie.n_frames or not (painted.any() or again.any()):
            return {"bad_frames": given or None}
        bad = painted.copy() if none or not given else painted | frames_of(given, movie.n_frames)
        if not (none or again.any()):
            return {"bad_frames": bad}
        # What was found is known, and some of it is used again: nothing more is looked for.
        return {"good": ~bad if none else ~(bad | (self._painted.found & ~again))}

    def _say(self) -> None:
        marked, again = int(self._painted.bad.sum()), int(self._painted.good.sum())
        said = [f"{marked:,} frames are marked bad on the timeline"] if marked else []
        said += [f"{again:,} that were found are used again"] if again else []
        self.marked.setText(f"{', '.join(said)}." if said else "")
        self.marked.setVisible(bool(said))

    def _offered(self, *_: Any) -> list[tuple[str, weakref.ref[Labels] | None]]:
        viewer = self._viewer()
        layers = [] if viewer is None else viewer.layers
        labels = [layer for layer in layers if isinstance(layer, Labels)]
        return [("none", None), *((layer.name, weakref.ref(layer)) for layer in labels)]
