"""One covariate as it was sampled, and how it becomes a value a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.covariates.basis import kernels_at
from napari_sparsevar.analysis.covariates.covariates import CovariateKind, Covariates
from napari_sparsevar.analysis.covariates.resampling import FrameTimes, counts, means
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from napari_sparsevar.movie.movie import Movie

FloatArray = npt.NDArray[np.float64]


_LEAST_INSIDE = 0.05
"""Share of values that lie within a recording; those of another unit hardly do."""


class Frames(NamedTuple):
    """The frames that covariates are brought to.

    Attributes
    ----------
    n : int
    fps : float or None
    times : ndarray, shape (T,), or None
        In seconds; counted from the first frame with ``fps`` where None.
    from_first : bool
        Whether times in tables count from the first frame; else they are on the clock of ``times``.
    """

    n: int
    fps: float | None
    times: FloatArray | None = None
    from_first: bool = False

    @classmethod
    def of_movie(cls, movie: Movie) -> Frames:
        """Return those of a movie."""
        return cls(movie.n_frames, movie.fps, movie.times, from_first=True)

    def in_seconds(self, what: str, of_session: bool = False) -> FrameTimes:
        """Return when they were taken, as tables count, or on the clock of a session.

        Raises
        ------
        UserError
            If that is not known, or time begins anew.
        """
        if self.fps is None:
            raise UserError(
                f"{what} has times, and the frame rate is not known: give it (fps, --fps), or "
                "bring a row a frame."
            )
        if self.times is None:
            return FrameTimes.of_rate(self.n, self.fps)
        if (np.diff(self.times) <= 0.0).any():
            raise UserError(
                f"{what} has times, and those of the frames begin anew within the recording: "
                "bring a row a frame, or number them in a column frame."
            )
        begin = self.times[0] if self.from_first and not of_session else 0.0
        return FrameTimes(self.times - begin, 1.0 / self.fps)


@dataclass(frozen=True, eq=False)
class Samples:
    """One covariate.

    Attributes
    ----------
    name, unit : str
    values : ndarray, shape (samples,), or None
        None of a list of events, which is only when they happened.
    times : ndarray, shape (samples,), or None
        In seconds.
    numbers : ndarray of int, shape (samples,), or None
        Frames that they are of. Without times and numbers there is a value a frame.
    of_session : bool
        Whether times are on the clock of a session.
    until : ndarray, shape (samples,), or None
        When each of them ends, in seconds or frames, of stimuli that last; NaN: at once.
    """

    name: str
    unit: str
    values: FloatArray | None
    times: FloatArray | None = None
    numbers: npt.NDArray[np.intp] | None = None
    of_session: bool = False
    until: FloatArray | None = None

    @property
    def kind(self) -> CovariateKind:
        """An event is a list of times or frames, or is 0 or 1 throughout."""
        if self.values is None:
            return "event"
        marks = np.isin(self.values[np.isfinite(self.values)], (0.0, 1.0)).all()
        return "event" if marks else "continuous"

    def by_frame(self, frames: Frames, what: str) -> FloatArray:
        """Return a value a frame, (T,): the mean over it, or how many events lie in it.

        Raises
        ------
        UserError
            If they do not belong to these frames.
        """
        if self.until is not None:
            found = self._while(self.until, frames, what)
        elif self.times is not None:
            clock = frames.in_seconds(what, self.of_session)
            if self.values is None:
                found = counts(self.times, clock)
            else:
                self._check_inside(clock, frames, what)
                changes = self.kind == "event" and self._is_sparse(clock)
                found = self._held(clock) if changes else means(self.times, self.values, clock)
        elif self.numbers is not None:
            found = self._by_number(frames.n, what)
        else:
            assert self.values is not None
            found = self.values
            if len(found) != frames.n:
                raise UserError(
                    f"{what} has {len(found)} rows and the recording {frames.n} frames: bring a "
                    "row a frame, or a column time (seconds) or frame (counted from 0)."
                )
        listed = self.values is None or self.until is not None
        if not np.isfinite(found).any() or (listed and not found.any()):
            raise UserError(
                f"{what}: {self.name} has nothing within the {frames.n} frames; bring that of this "
                "recording, its times in seconds from the first frame."
            )
        return found

    def _is_sparse(self, clock: FrameTimes) -> bool:
        """Return whether known values come more seldom than frames."""
        assert self.times is not None
        assert self.values is not None
        steps = np.diff(self.times[np.isfinite(self.values)])
        return bool(len(steps) and np.median(steps) > clock.step)

    def _held(self, clock: FrameTimes) -> FloatArray:
        """Return a switch that is noted when it changes, (T,): it stays until the next change."""
        assert self.times is not None
        assert self.values is not None
        known = np.isfinite(self.values)
        states = np.concatenate([[1.0 - self.values[known][0]], self.values[known]])
        middle = clock.begins + clock.step / 2.0
        return np.asarray(states[np.searchsorted(self.times[known], middle, side="right")])

    def _while(self, until: FloatArray, frames: Frames, what: str) -> FloatArray:
        """Return the value while something lasts, 1 where none is given, and 0 else, (T,)."""
        found = np.zeros(frames.n)
        if self.times is None:
            assert self.numbers is not None
            first, middle = self.numbers, np.arange(frames.n, dtype=np.float64)
            begins = self.numbers.astype(np.float64)
        else:
            clock = frames.in_seconds(what, self.of_session)
            first, middle = clock.number(self.times), clock.begins + clock.step / 2.0
            begins = self.times
        values = np.ones(len(begins)) if self.values is None else self.values
        for begin, end, frame, value in zip(begins, until, first, values, strict=True):
            found[(middle >= begin) & (middle < end)] = value
            if 0 <= frame < frames.n:  # shorter than a frame
                found[frame] = value
        return found

    def _check_inside(self, clock: FrameTimes, frames: Frames, what: str) -> None:
        """Refuse values of another clock or unit: nearly all of them lie in no frame."""
        assert self.times is not None
        known = self.times[np.isfinite(self.times)]
        inside = int((clock.number(known) >= 0).sum())
        # Few of a long session lie in a short movie, but then in a tenth of its frames or more.
        if inside < min(_LEAST_INSIDE * len(known), _LEAST_INSIDE * 2 * frames.n):
            raise UserError(
                f"{what}: {inside:,} of {len(known):,} values of {self.name} lie within the "
                f"recording, which lasts {frames.n * clock.step:.6g} s, and their times go from "
                f"{known.min():.6g} to {known.max():.6g}: say their unit, such as time (ms), or "
                "bring those of this recording."
            )

    def about_outside(self, frames: Frames, what: str) -> str:
        """Return a sentence on events that lie in no frame; empty where all lie in one."""
        if self.times is None or (self.values is not None and self.until is None):
            return ""
        happened = self.times[np.isfinite(self.times)]
        outside = int((frames.in_seconds(what, self.of_session).number(happened) < 0).sum())
        if not outside:
            return ""
        return (
            f"{what}: {outside:,} of {len(happened):,} events of {self.name} lie in no frame and "
            "do not count; they were before, between or after, or are of another clock or unit."
        )

    def _by_number(self, n_frames: int, what: str) -> FloatArray:
        assert self.numbers is not None
        outside = self.numbers[(self.numbers < 0) | (self.numbers >= n_frames)]
        if len(outside):
            raise UserError(
                f"{what} tells of frame {outside[0]}, and there are {n_frames}, counted from 0: "
                "bring that of this recording."
            )
        if self.values is None:
            return np.bincount(self.numbers, minlength=n_frames).astype(np.float64)
        known = np.isfinite(self.values)
        count = np.bincount(self.numbers[known], minlength=n_frames)
        total = np.bincount(self.numbers[known], self.values[known], minlength=n_frames)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def at_frames(samples: Sequence[Samples], frames: Frames, what: str) -> Covariates:
    """Return covariates at every frame of a recording.

    Raises
    ------
    UserError
        If they do not belong to these frames.
    """
    values = np.stack([found.by_frame(frames, what) for found in samples], axis=1)
    notes = [found.about_outside(frames, what) for found in samples]
    return Covariates(
        tuple(found.name for found in samples),
        tuple(found.unit for found in samples),
        tuple(found.kind for found in samples),
        values.astype(np.float32),
        kernels_at(frames.fps),
        tuple(filter(None, notes)),
    )
