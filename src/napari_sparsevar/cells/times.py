"""When frames were taken: how many a second, and where time jumps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError

FloatArray = npt.NDArray[np.float64]

_LONGEST, _SHORTEST = 1.5, 0.5
"""In typical steps: a longer one lacks a frame; shorter ones are no steady rate."""

_MOST_JUMPS = 0.1
"""Share of the steps that may be others; above it there is no frame rate."""

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
        first = ", ".join(map(str, self.jumps[:5])) + (" ..." if len(self.jumps) > 5 else "")
        return (
            f"{what}: time jumps at {len(self.jumps)} of the frames ({first}, counted from 0); "
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
    if (jumps | (steps < _SHORTEST * typical)).mean() > _MOST_JUMPS:
        raise UserError(
            f"{what} was not taken evenly: time goes on by {steps.min():.4g} to {steps.max():.4g}; "
            "resample its traces, or leave times out."
        )
    step = float(f"{steps[~jumps].mean():.{_DIGITS}g}")
    return Timing(step, tuple((np.flatnonzero(jumps) + 1).tolist()))
