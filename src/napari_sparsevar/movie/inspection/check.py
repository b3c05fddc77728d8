"""What is wrong with the frames of a movie, found in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.inspection.saturation import Histogram, find_pile
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames

_NAMED_FRAMES = 5


@dataclass(frozen=True, eq=False)
class FrameReport:
    """What a person should know about the frames before training on them.

    Parameters
    ----------
    bad : ndarray of bool, shape (T,)
        Frames with a NaN or infinite pixel.
    minimum, maximum : float
        Range of the grey values in all other frames.
    saturation_level : float or None
        Grey value above which pixels pile up; None where they do not.
    saturated : ndarray of bool, shape (Y, X)
        Pixels that reach that level at least once.
    saturated_fraction : float
        Share of all pixel values at or above it, from 0 to 1.
    n_checked : int
        Frames that were looked at; what is said of grey values holds for these.
    """

    bad: NDArray[np.bool_]
    minimum: float
    maximum: float
    saturation_level: float | None
    saturated: NDArray[np.bool_]
    saturated_fraction: float
    n_checked: int

    @property
    def n_bad(self) -> int:
        """Number of frames that cannot be used."""
        return int(self.bad.sum())

    def sentences(self) -> tuple[str, ...]:
        """Say what was found.

        Returns
        -------
        tuple of str
            One sentence for each finding; empty where all is well.
        """
        found = []
        if self.n_bad:
            numbers = np.flatnonzero(self.bad)
            some = ", ".join(str(number) for number in numbers[:_NAMED_FRAMES])
            more = ", ..." if len(numbers) > _NAMED_FRAMES else ""
            found.append(
                f"{self.n_bad} of {len(self.bad)} frames hold NaN or infinite pixels "
                f"(frame {some}{more}); they are skipped."
            )
        if self.saturation_level is not None:
            found.append(
                f"{self.saturated_fraction:.2%} of all pixel values pile up from "
                f"{_plain(self.saturation_level)} on, in {int(self.saturated.sum()):,} of "
                f"{self.saturated.size:,} pixels: the detector was saturated there and the "
                "brightest moments are cut off."
            )
        if self.n_checked < len(self.bad):
            found.append(
                f"The movie is large: grey values were looked at in {self.n_checked:,} of its "
                f"{len(self.bad):,} frames, spread over all of it."
            )
        return tuple(found)


class FrameChecker:
    """Collects the report block by block.

    Parameters
    ----------
    movie : Movie
        The movie whose blocks will be added.
    """

    def __init__(self, movie: Movie) -> None:
        self._movie = movie
        self._bad = np.zeros(movie.n_frames, dtype=bool)
        self._histogram = Histogram(movie.data.dtype)
        self._brightest: NDArray[Any] | None = None
        self._first: NDArray[Any] | None = None
        self._moves = False
        self._n_checked = 0

    def add(self, start: int, frames: NDArray[Any]) -> NDArray[np.bool_]:
        """Look at one block.

        Parameters
        ----------
        start : int
            Number of its first frame.
        frames : ndarray, shape (t, Y, X)
            Its pixels.

        Returns
        -------
        ndarray of bool, shape (t,)
            Which of its frames can be used.
        """
        good = usable(frames)
        self._bad[start : start + len(frames)] = ~good
        self._n_checked += len(frames)
        # Copying a block only where something has to be left out.
        kept = frames if good.all() else frames[good]
        if not len(kept):
            return good
        self._histogram.add(kept)
        brightest = kept.max(axis=0)
        if self._brightest is None or self._first is None:
            self._first, self._brightest = kept[0].copy(), brightest
        np.maximum(self._brightest, brightest, out=self._brightest)
        self._moves = self._moves or bool((kept != self._first).any())
        return good

    def report(self) -> FrameReport:
        """Return what was found.

        Returns
        -------
        FrameReport
            Of all blocks together.

        Raises
        ------
        UserError
            If no frame can be used or nothing ever changes.
        """
        name = self._movie.source or self._movie.name
        if self._brightest is None:
            raise UserError(
                f"Every frame of {name} holds NaN or infinite pixels; export the movie again."
            )
        values, counts = self._histogram.levels()
        if not self._moves:
            what = "every pixel has the same value" if len(values) == 1 else "all frames are equal"
            raise UserError(
                f"{name} is constant ({what}), so there is no activity; choose another movie."
            )
        level, n_values = find_pile(values, counts)
        saturated = np.zeros(self._movie.shape, bool) if level is None else self._brightest >= level
        return FrameReport(
            bad=self._bad,
            minimum=float(values[0]),
            maximum=float(self._brightest.max()),
            saturation_level=level,
            saturated=saturated,
            saturated_fraction=n_values / int(counts.sum()),
            n_checked=self._n_checked,
        )


def check_frames(movie: Movie) -> FrameReport:
    """Look for bad frames and saturated pixels in every frame, block by block.

    Parameters
    ----------
    movie : Movie
        The movie; one block of it is in memory at a time.

    Returns
    -------
    FrameReport
        What was found.

    Raises
    ------
    UserError
        If no frame can be used or nothing ever changes.
    """
    checker = FrameChecker(movie)
    for start, frames in lazy_frames.read_blocks(movie.data):
        checker.add(start, frames)
    return checker.report()


def usable(frames: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which frames hold only numbers that fit into 32 bits.

    Parameters
    ----------
    frames : ndarray, shape (t, Y, X)
        Pixels of any real type.

    Returns
    -------
    ndarray of bool, shape (t,)
        False where a pixel is NaN or infinite, also once it is a float32.
    """
    if frames.dtype.kind != "f":
        return np.ones(len(frames), dtype=bool)
    with np.errstate(over="ignore"):
        single = frames.astype(np.float32, copy=False)
    return np.asarray(np.isfinite(single).all(axis=(1, 2)))


def _plain(level: float) -> str:
    return f"{level:,.0f}" if abs(level) >= 100 else f"{level:.3g}"
