"""One covariate as it was sampled, and how it becomes a value a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.covariates.basis import kernels_at
from napari_sparsevar.analysis.covariates.covariates import CovariateKind, Covariates
from napari_sparsevar.analysis.covariates.resampling import FrameTimes, counts, means
from napari_sparsevar.errors import UserError

FloatArray = npt.NDArray[np.float64]


class Frames(NamedTuple):
    """The frames that covariates are brought to.

    Attributes
    ----------
    n : int
    fps : float or None
    times : ndarray, shape (T,), or None
        In seconds; counted from the first frame with ``fps`` where None.
    """

    n: int
    fps: float | None
    times: FloatArray | None = None

    def in_seconds(self, what: str) -> FrameTimes:
        """Return when they were taken.

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
        return FrameTimes(self.times, 1.0 / self.fps)


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
    """

    name: str
    unit: str
    values: FloatArray | None
    times: FloatArray | None = None
    numbers: npt.NDArray[np.intp] | None = None

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
        if self.times is not None:
            clock = frames.in_seconds(what)
            found = (
                counts(self.times, clock)
                if self.values is None
                else means(self.times, self.values, clock)
            )
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
        if not np.isfinite(found).any() or (self.values is None and not found.any()):
            raise UserError(
                f"{what}: {self.name} has nothing within the {frames.n} frames; bring that of this "
                "recording, its times in seconds from the first frame."
            )
        return found

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
    return Covariates(
        tuple(found.name for found in samples),
        tuple(found.unit for found in samples),
        tuple(found.kind for found in samples),
        values.astype(np.float32),
        kernels_at(frames.fps),
    )
