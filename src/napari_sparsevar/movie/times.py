"""When frames were taken: how many a second, and where time jumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie

FloatArray = npt.NDArray[np.float64]

_LONGEST, _SHORTEST = 1.5, 0.5
"""In typical steps: a longer one lacks a frame; shorter ones are no steady rate."""

_MOST_JUMPS, _MOST_SHORT = 0.34, 0.1
"""Share of the steps that may be longer, as between bursts of three frames, and shorter; above it
there is no frame rate."""

_FEWEST = 5
"""Frames of a file, below which it is taken for a piece of a recording that goes on."""

_DIGITS = 6  # what is left of times that were written with few


class Timing(NamedTuple):
    """What times of frames say.

    Attributes
    ----------
    step : float
        From frame to frame, in the unit of the times.
    jumps : tuple of int
        Frames before which time jumps: it misses some, or begins anew.
    """

    step: float
    jumps: tuple[int, ...]

    def note(self, what: str) -> tuple[str, ...]:
        """Return a sentence on the jumps; none where time runs evenly."""
        if not self.jumps:
            return ()
        return (
            f"{what}: time jumps at {len(self.jumps)} of the frames ({_few(self.jumps)}, "
            "counted from 0); "
            "nothing is foretold across.",
        )


def timing_of(times: FloatArray, what: str) -> Timing:
    """Return the step from frame to frame and where it is another.

    Parameters
    ----------
    times : ndarray, shape (T,)
    what : str
        What to call their file in a sentence.

    Raises
    ------
    UserError
        If some are not known, or frames were not taken evenly.
    """
    if not np.isfinite(times).all():
        frame = int(np.flatnonzero(~np.isfinite(times))[0])
        raise UserError(
            f"{what} does not say when frame {frame} was taken; give all times or none."
        )
    steps = np.diff(times)
    typical = float(np.median(steps)) if len(steps) else 0.0
    if typical <= 0.0:
        raise UserError(f"{what} has times that do not go up; sort its frames, or leave times out.")
    jumps = (steps > _LONGEST * typical) | (steps < 0.0)
    short = ~jumps & (steps < _SHORTEST * typical)
    if jumps.mean() > _MOST_JUMPS or short.mean() > _MOST_SHORT:
        raise UserError(
            f"{what} was not taken evenly: time goes on by {steps.min():.4g} to {steps.max():.4g}; "
            "resample it, or leave times out."
        )
    step = float(f"{steps[~jumps].mean():.{_DIGITS}g}")
    return Timing(step, tuple((np.flatnonzero(jumps) + 1).tolist()))


def rate_of(times: FloatArray | None) -> float | None:
    """Return frames per second between pauses; None where times are not known or uneven."""
    if times is None or len(times) < 2:
        return None
    try:
        return float(f"{1.0 / timing_of(_filled(times), '').step:.{_DIGITS}g}")
    except UserError:
        return None


def timed(movie: Movie, times: FloatArray | None, what: str) -> Movie:
    """Return a movie with what times of its frames say: its rate, and where it pauses.

    Parameters
    ----------
    movie : Movie
        Its own frame rate is kept where it has one.
    times : ndarray, shape (T,), or None
        In seconds; unknown ones are NaN.
    what : str
        What to call their file in a sentence.

    Returns
    -------
    Movie
        With ``times`` where it pauses; with a note where it does, or was not taken evenly.
    """
    if times is None or len(times) != movie.n_frames or movie.n_frames < 2:
        return movie
    try:
        timing = timing_of(_filled(times), what)
    except UserError as error:
        said = f"{error} The frame rate is {'left open' if movie.fps is None else 'not from them'}."
        return replace(movie, notes=(*movie.notes, said))
    fps = movie.fps or float(f"{1.0 / timing.step:.{_DIGITS}g}")
    movie = replace(movie, fps=fps)
    if not timing.jumps:
        return movie
    steps = np.diff(_filled(times))
    anew = timing.jumps and steps[np.array(timing.jumps) - 1].min() < 0.0
    how = "begins to count time anew, or pauses," if anew else "pauses"
    longest = "" if anew else f", for up to {float(steps.max()):.4g} s"
    said = (
        f"{what} {how} before frame {_few(timing.jumps)} (counted from 0){longest}: "
        f"{fps:.4g} Hz is the rate between pauses, and nothing is foretold across them."
    )
    return replace(movie, times=_filled(times), jumps=timing.jumps, notes=(*movie.notes, said))


def ends_of_files(lengths: Sequence[int], what: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return before which frames a file of a series begins, and a sentence on it.

    Where no clock says that one file goes on where the other ends, they may be trials. A pair of
    frames less for each file costs nothing; a pair that was never there may be an edge.

    Parameters
    ----------
    lengths : sequence of int
        Frames of each file.
    what : str
        What to call them in a sentence.

    Returns
    -------
    (tuple of int, tuple of str)
        Nothing where files hold a few frames each: they are pieces of a recording.
    """
    ends = tuple(np.cumsum(lengths)[:-1].tolist())
    if not ends or np.median(lengths) < _FEWEST:
        return (), ()
    said = (
        f"{what} holds {len(lengths)} files that do not say whether one goes on where the other "
        "ends: nothing is foretold from one to the next, as between trials."
    )
    return ends, (said,)


def _few(frames: Sequence[int]) -> str:
    return ", ".join(map(str, frames[:5])) + (" ..." if len(frames) > 5 else "")


def _filled(times: FloatArray) -> FloatArray:
    """Return times with a few unknown ones put between their neighbours."""
    known = np.isfinite(times)
    if known.all() or known.mean() < 1.0 - _MOST_SHORT:
        return times
    frames = np.arange(len(times))
    filled = np.interp(frames, frames[known], times[known])
    first, last = frames[known][[0, -1]]
    step = float(np.median(np.diff(times[known])))
    filled[:first] -= step * np.arange(first, 0, -1)
    filled[last + 1 :] += step * np.arange(1, len(times) - last)
    return filled
