"""What a target does around the events of a source, against the same from shuffled events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import signal

FloatArray = npt.NDArray[np.float64]
Frames = npt.NDArray[np.int64]

EVENT_HEIGHT = 2.5
"""An event of a source rises so many robust standard deviations above its median innovation. With
3, half of the followers in a noisy movie are missed that 2.5 finds."""

APART_S, BEFORE_S, AFTER_S = 0.5, 1.0, 3.0
"""Seconds from an event to the next at the least, and of the window around it."""

UNKNOWN_FPS = 10.0
"""Frames a second that turn these into frames where nobody knows."""

SHUFFLES, OUTSIDE = 199, 5
"""Shuffled averages, and how many of them lie above the band and below it: with what was observed
there are 200, of which the band leaves out 2 x 5, so it holds 95 % of them."""

STANDS_OUT = SHUFFLES + 1 - 2 * OUTSIDE
"""An average stands out if so many of the shuffled ones go less far from their mean anywhere: a
band for single frames is left somewhere in most windows."""

FEWEST = 5
"""Fewer events than these make no average."""


class EventWindow(NamedTuple):
    """Frames before and after an event, and from an event to the next at the least."""

    before: int
    after: int
    apart: int

    @classmethod
    def of(cls, fps: float | None) -> EventWindow:
        """Return the window at a frame rate: seconds, but never fewer than a few frames."""
        rate = fps or UNKNOWN_FPS
        lengths = (max(round(seconds * rate), 3) for seconds in (BEFORE_S, AFTER_S, APART_S))
        return cls(*lengths)


class EventAverage(NamedTuple):
    """A target around the events of a source.

    Attributes
    ----------
    lags : ndarray of int, shape (n,)
        Frames from the event; negative before it.
    average : ndarray, shape (n,)
        Mean over the events.
    low, high : ndarray, shape (n,)
        Between them lie 95 % of the averages around shuffled events, lag by lag.
    n_events : int
        Of which the whole window lies in the movie.
    away : ndarray, shape (n,)
        How far the average is from the mean of all, in their standard deviations lag by lag.
    rank_before, rank_after : int
        How many of the ``SHUFFLES`` averages go less far, up to their events and as long after.
    """

    lags: Frames
    average: FloatArray
    low: FloatArray
    high: FloatArray
    n_events: int
    away: FloatArray
    rank_before: int
    rank_after: int

    @property
    def outside(self) -> npt.NDArray[np.bool_]:
        """Where the average lies outside of the band, (n,)."""
        return np.asarray((self.average < self.low) | (self.average > self.high))

    @property
    def later(self) -> npt.NDArray[np.bool_]:
        """Which lags are judged: those after the event, as many as there are before, (n,)."""
        return np.asarray((self.lags > 0) & (self.lags <= -self.lags[0]))

    @property
    def peak(self) -> int:
        """Lag at which the average is farthest away, of those before the event and as many after.

        To neither side there is more to choose from.
        """
        return int(self.lags[self.away[self.lags <= -self.lags[0]].argmax()])

    @property
    def follows(self) -> bool:
        """Whether the average stands out after the event, and most there."""
        return self.peak > 0 and self.rank_after >= STANDS_OUT

    @property
    def precedes(self) -> bool:
        """Whether it stands out before the event or in the same frame, and most there."""
        return self.peak <= 0 and self.rank_before >= STANDS_OUT


def source_events(innovations: FloatArray, apart: int) -> Frames:
    """Return the events of a source: peaks of its innovations, the first of those that are near.

    Parameters
    ----------
    innovations : ndarray, shape (T,)
        What its own past did not foretell; NaN in frames that were not used.
    apart : int
        Frames from an event to the next at the least.
    """
    known = innovations[np.isfinite(innovations)]
    if not known.size:
        return np.empty(0, np.int64)
    middle = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - middle)))
    whole = np.where(np.isfinite(innovations), innovations, middle)
    peaks, _ = signal.find_peaks(whole, height=middle + max(EVENT_HEIGHT * spread, 1e-9))
    kept: list[int] = []
    for peak in peaks.tolist():
        if not kept or peak - kept[-1] >= apart:
            kept.append(peak)
    return np.asarray(kept, np.int64)


def event_average(target: FloatArray, events: Frames, window: EventWindow) -> EventAverage | None:
    """Return the target averaged around events, and around the same events shifted in time.

    All events are shifted together, round and round: how the events follow each other and how the
    target resembles its own past stay what they are, only which came when is lost.

    Parameters
    ----------
    target : ndarray, shape (T,)
        NaN in frames that were not used.
    events : ndarray of int
        Frames in ascending order.
    window : EventWindow

    Returns
    -------
    EventAverage or None
        None where there are fewer than ``FEWEST`` events, or the movie is too short for shifts.
    """
    n_frames, width = len(target), window.before + window.after + 1
    inside = events[(events >= window.before) & (events < n_frames - window.after)]
    # A shift of less than the window would look at the same frames again.
    shifts = np.arange(width, n_frames - width)
    if len(inside) < FEWEST or len(shifts) < SHUFFLES:
        return None
    rng = np.random.default_rng(0)
    shifts = np.concatenate([[0], rng.choice(shifts, SHUFFLES, replace=False)])
    lags = np.arange(-window.before, window.after + 1)
    averages = _circular_average(target, inside)[(shifts[:, None] + lags) % n_frames]
    ordered = np.sort(averages[1:], axis=0)
    low, high = ordered[OUTSIDE - 1], ordered[-OUTSIDE]
    # Measured by all of them alike, the observed one too: by chance alone it is one of many.
    spread = np.maximum(averages.std(axis=0), 1e-12)
    away = np.abs(averages - averages.mean(axis=0)) / spread
    ranks = []
    for part in (lags <= 0, (lags > 0) & (lags <= window.before)):
        farthest = away[:, part].max(axis=1)
        ranks.append(int((farthest[1:] < farthest[0]).sum()))
    return EventAverage(lags, averages[0], low, high, len(inside), away[0], *ranks)


def _circular_average(target: FloatArray, events: Frames) -> FloatArray:
    """Return the mean of ``target[(events + k) % T]`` for every k, (T,), NaN left out."""
    n_frames, known = len(target), np.isfinite(target)
    train = np.bincount(events, minlength=n_frames).astype(np.float64)
    spectrum = np.fft.rfft(train).conj()
    values = np.where(known, target, 0.0)
    sums = np.fft.irfft(spectrum * np.fft.rfft(values), n_frames)
    counts = np.round(np.fft.irfft(spectrum * np.fft.rfft(known.astype(np.float64)), n_frames))
    empty = np.full(n_frames, np.nan)
    averages: FloatArray = np.divide(sums, counts, out=empty, where=counts > 0)
    return averages
