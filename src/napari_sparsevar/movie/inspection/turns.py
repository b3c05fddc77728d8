"""Whether channels or planes take turns, frame by frame, in what was opened as one movie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading.compute import compute

_PERIODS = (2, 3, 4)
_STRETCH = 24  # frames: a multiple of each period
_MOST_STRETCHES = 12
_SIDE_PX = 64
_LEAST_AGREEMENT = 0.3  # between stretches, 0 where nothing takes turns
_LEAST_CONTRAST = 0.2  # of the difference, to what differs from place to place


@dataclass(frozen=True)
class Turns:
    """How many images take turns, 1 where all frames show the same.

    Parameters
    ----------
    period : int
        Frames after which the same comes again.
    """

    period: int = 1

    def sentences(self) -> tuple[str, ...]:
        """Say what was found.

        Returns
        -------
        tuple of str
            One sentence if images take turns, else none.
        """
        if self.period == 1:
            return ()
        what = (
            "Odd and even frames differ" if self.period == 2 else f"{self.period} images alternate"
        )
        return (
            f"{what} all through the movie: channels or planes seem to take turns, frame by frame; "
            f"choose one of them with --channels {self.period}, in Python channels={self.period}.",
        )


def find_turns(movie: Movie) -> Turns:
    """Compare frames in stretches that are spread over the movie.

    In each stretch the usual image of every second (third, fourth) frame is compared with that of
    all. Where images take turns these differences are the same in all stretches; noise and
    activity differ.

    Parameters
    ----------
    movie : Movie
        Any; of one whose channels were taken apart the frames that are left are looked at.
    """
    stretches = _stretches(movie)
    if len(stretches) < 2:
        return Turns()
    mean = stretches.mean((0, 1))
    spread = float(np.sqrt(np.mean((mean - np.percentile(mean, 5)) ** 2)))
    strengths = {period: _strength(stretches, period, spread) for period in _PERIODS}
    strongest = max(strengths.values())
    # Two that take turns are four as well: the shortest that explains about as much.
    fitting = [each for each, strength in strengths.items() if strength > 0.8 * strongest]
    return Turns(fitting[0]) if strongest > 0 else Turns()


def _stretches(movie: Movie) -> NDArray[np.float64]:
    """Return frames (stretches, frames, Y, X) of fewer pixels, 0 where one is not finite."""
    n = min(_MOST_STRETCHES, movie.n_frames // _STRETCH)
    rows, columns = (max(1, size // _SIDE_PX) for size in movie.shape)
    if n == 0:
        return np.empty((0, _STRETCH, 1, 1))
    # Each begins with the same of those that take turns.
    starts = np.linspace(0, movie.n_frames - _STRETCH, n).astype(int) // 12 * 12
    taken = [
        compute(movie.data[start : start + _STRETCH, ::rows, ::columns]).astype(np.float64)
        for start in np.unique(starts).tolist()
    ]
    frames = np.stack(taken)
    usable = np.isfinite(frames).all((0, 1))
    return np.where(usable, frames, 0.0)


def _strength(stretches: NDArray[np.float64], period: int, spread: float) -> float:
    """Return how much the images that take turns differ, 0 where the stretches do not agree."""
    n = len(stretches)
    # A median: light of a stimulus falls on one of them now and then.
    phases = np.median(stretches.reshape(n, -1, period, *stretches.shape[2:]), axis=1)
    differences = (phases - phases.mean(1, keepdims=True)).reshape(n, -1)
    products = differences @ differences.T
    own = float(np.trace(products)) / n
    shared = float(products.sum() - np.trace(products)) / (n * (n - 1))
    size = np.sqrt(max(0.0, shared) / differences.shape[1])
    agree = own > 0 and shared > _LEAST_AGREEMENT * own
    return shared / period if agree and size > 0.5 * _LEAST_CONTRAST * spread else 0.0
