"""Which lanes there are: what run, movie, person and opened files say of the frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_sparsevar.comparison.windows import Piece
from napari_sparsevar.figures.colours import BLUE, GREEN, GREY, PURPLE, SKY, VERMILION
from napari_sparsevar.widgets.layers.painted_frames import PaintedFrames
from napari_sparsevar.widgets.timeline.beside import Beside
from napari_sparsevar.widgets.timeline.lanes import Lane, pieces_of

if TYPE_CHECKING:
    from napari_sparsevar.analysis.covariates.covariates import Covariates
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.run.run import Run

BAD, FOUND = VERMILION, GREY
MOST_BESIDE = 5
"""Of stimuli and behaviour; what else there is stays in its file."""


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the frames of the movie on show.

    Attributes
    ----------
    found : ndarray of bool, shape (T,)
        Frames that are left out unasked: by the run of the movie, else by its file.
    jumps : tuple of int
        Frames before which time jumps.
    trials : tuple of pieces
    covariates : Covariates or None
        Those that were opened, else those of the run.
    """

    found: npt.NDArray[np.bool_]
    jumps: tuple[int, ...] = ()
    trials: tuple[Piece, ...] = ()
    covariates: Covariates | None = None

    @property
    def events(self) -> dict[str, npt.NDArray[np.intp]]:
        """Frames at which the events of each stimulus begin, by its name."""
        beside = self.covariates
        if beside is None:
            return {}
        values = {
            name: np.nan_to_num(beside.values[:, number]) > 0
            for number, (name, kind) in enumerate(zip(beside.labels, beside.kinds, strict=True))
            if kind == "event"
        }
        return {
            name: np.array([start for start, _ in pieces_of(on)]) for name, on in values.items()
        }


def known_of(run: Run | None, movie: Movie | None, beside: Beside) -> Known:
    """Return what is known of a movie; a run of another one says nothing of it."""
    if movie is None:
        return Known(np.zeros(0, bool))
    of_file = (
        movie.left_out.frames if movie.left_out is not None else np.zeros(movie.n_frames, bool)
    )
    opened = beside.opened
    if run is None or tuple(run.record.movie.shape) != (movie.n_frames, *movie.shape):
        return Known(of_file, movie.jumps, opened.trials, opened.covariates)
    from napari_sparsevar.run.left_out import trials_kept

    good = np.asarray(run.results.good)
    kept = trials_kept(Path(run.path), good) or []
    begins = {start for start, _ in kept}
    # Where a trial ends is where frames between trials begin, which are left out.
    trials = opened.trials or tuple((start, _last(good, start, stop) + 1) for start, stop in kept)
    jumps = tuple(jump for jump in run.results.activity.starts if jump not in begins)
    covariates = opened.covariates or run.results.activity.covariates
    return Known(~good, jumps, trials, covariates)


def lanes_of(known: Known, painted: PaintedFrames) -> list[Lane]:
    """Return the lanes that have anything in them."""
    lanes = [_bad(known, painted), _pauses(known), _trials(known), *_beside(known)]
    return [lane for lane in lanes if lane is not None]


def unasked(known: Known, painted: PaintedFrames) -> npt.NDArray[np.bool_]:
    """Return the frames that are left out without the person having said anything of them."""
    return known.found & ~painted.good & ~painted.bad


def _bad(known: Known, painted: PaintedFrames) -> Lane | None:
    found = unasked(known, painted)
    if not (found.any() or painted.bad.any() or painted.good.any()):
        return None
    spans = [
        (colour, pieces_of(flags))
        for colour, flags in ((FOUND, found), (BAD, painted.bad), (SKY, painted.good))
        if flags.any()
    ]
    meaning = (
        "frames that do not count. Grey: found, left out unasked; orange: marked by you; light "
        "blue: used again, as you say."
    )
    return Lane("bad frames", meaning, spans)


def _pauses(known: Known) -> Lane | None:
    if not known.jumps:
        return None
    meaning = (
        "the recording stops here and goes on later or in another file; nothing is foretold across."
    )
    return Lane("pauses", meaning, ticks=np.array(known.jumps), colour=BLUE)


def _trials(known: Known) -> Lane | None:
    if not known.trials:
        return None
    spans = [
        (colour, known.trials[first::2])
        for first, colour in enumerate((SKY, PURPLE))
        if known.trials[first::2]
    ]
    return Lane("trials", f"{len(known.trials)}, in two colours by turns; never joined.", spans)


def _beside(known: Known) -> list[Lane]:
    beside, lanes = known.covariates, []
    if beside is None:
        return []
    for number, name in enumerate(beside.labels[:MOST_BESIDE]):
        values = beside.values[:, number].astype(float)
        if beside.kinds[number] == "event":
            ticks = np.flatnonzero(np.nan_to_num(values) > 0)
            lanes.append(
                Lane(name, f"{len(ticks):,} frames with an event.", ticks=ticks, colour=GREEN)
            )
        else:
            ends = f"{np.nanmin(values):.3g} to {np.nanmax(values):.3g}"
            lanes.append(Lane(name, f"from {ends}.", curve=values, colour=GREEN))
    return lanes


def _last(good: npt.NDArray[np.bool_], start: int, stop: int) -> int:
    return start + int(np.flatnonzero(good[start:stop])[-1])
