"""What is wrong with the frames of a movie, found in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.inspection.artefacts import ArtefactFinder, Artefacts
from napari_sparsevar.movie.inspection.missing import Missing, missing_pixels
from napari_sparsevar.movie.inspection.saturation import Histogram, find_pile
from napari_sparsevar.movie.movie import LeftOut, Movie
from napari_sparsevar.movie.reading import lazy_frames

_NAMED_FRAMES = 5


@dataclass(frozen=True, eq=False)
class FrameReport:
    """What a person should know about the frames before training on them.

    Parameters
    ----------
    bad : ndarray of bool, shape (T,)
        Frames that do not count, for any reason.
    ignored : ndarray of bool, shape (Y, X)
        Pixels that do not count in any frame: NaN, or a rim filled with one number, in some.
    minimum, maximum : float
        Range of the grey values that there are.
    saturation_level : float or None
        Grey value above which pixels pile up; None where they do not.
    saturated : ndarray of bool, shape (Y, X)
        Pixels that reach that level at least once.
    saturated_fraction : float
        Share of all pixel values at or above it, from 0 to 1.
    n_checked : int
        Frames that were looked at; what is said of grey values holds for these.
    artefacts : Artefacts
        Frames that stand out; they do not count unless they are too many.
    given : ndarray of bool, shape (T,)
        Frames that a person left out.
    between : int
        How many of the pixels that do not count lie between planes.
    """

    bad: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    minimum: float
    maximum: float
    saturation_level: float | None
    saturated: NDArray[np.bool_]
    saturated_fraction: float
    n_checked: int
    artefacts: Artefacts
    given: NDArray[np.bool_]
    between: int = 0

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
        n_ignored = int(self.ignored.sum()) - self.between
        if n_ignored:
            found.append(
                f"{n_ignored:,} of {self.ignored.size - self.between:,} pixels hold no number or a "
                "filled rim in some frames, or are masked; they are left out of all."
            )
        found += self._left_out()
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

    def _left_out(self) -> list[str]:
        """Say which frames do not count, and why."""
        flashes, lost = self.artefacts.flashes, self.artefacts.lost
        if self.artefacts.too_many:
            return [
                f"{_counted(self.artefacts.either)} flash or do not show the tissue as the others "
                "do: that is too many to leave them out unasked (leave them out with "
                "--bad-frames, in Python bad_frames=)."
            ]
        missing = self.bad & ~self.given & ~self.artefacts.either
        said = {
            "hold NaN, infinite pixels or one value throughout": (missing, "skipped"),
            "are suddenly brighter or darker, as from a stimulus or a shutter": (
                flashes & ~self.given,
                "left out",
            ),
            "do not show the tissue where it is in the others": (
                lost & ~flashes & ~self.given,
                "left out",
            ),
            "are bad as given": (self.given, "left out"),
        }
        return [
            f"{_counted(frames)} {words} ({some_frames(frames)}); they are {done}."
            for words, (frames, done) in said.items()
            if frames.any()
        ]


class FrameChecker:
    """Collects the report block by block.

    Parameters
    ----------
    movie : Movie
        The movie whose blocks will be added.
    artefacts : Artefacts, optional
        Frames that stand out, if that is known: they are not looked for then.
    """

    def __init__(self, movie: Movie, artefacts: Artefacts | None = None) -> None:
        self._movie = movie
        nothing = LeftOut(np.zeros(movie.n_frames, bool), np.zeros(movie.shape, bool))
        self._left_out = movie.left_out or nothing
        artefacts = artefacts if self._left_out.find else Artefacts.none(movie.n_frames)
        self._given = self._left_out.frames
        self._known = artefacts
        self._out = self._given if artefacts is None else self._given | artefacts.left_out
        self._finder: ArtefactFinder | None = None
        self._missing = Missing(movie.n_frames, movie.shape)
        self._histogram = Histogram(movie.data.dtype)
        self._range: tuple[NDArray[Any], NDArray[Any]] | None = None
        self._n_checked = 0
        self._flat = False

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
            Which of its frames lack nothing.
        """
        self._n_checked += len(frames)
        absent = self._absent(frames)
        masked = self._left_out.pixels
        if masked.any():
            absent = np.zeros(frames.shape, bool) if absent is None else absent
            absent |= masked
        if self._known is None:
            self._finder = self._finder or ArtefactFinder(self._movie)
            self._finder.add(start, frames, absent)
        out = self._out[start : start + len(frames)]
        if out.any():
            absent = np.zeros(frames.shape, bool) if absent is None else absent
            absent[out] = True
        if absent is None:
            self._histogram.add(frames)
            self._widen(frames.min(axis=0), frames.max(axis=0))
            return np.ones(len(frames), bool)
        lacking = absent & ~masked
        self._missing.add(start, lacking)
        values = frames[~absent]
        if len(values):
            self._histogram.add(values)
        else:
            self._flat = self._flat or bool(np.isfinite(frames).any())
        self._widen(*_range_of_present(frames, absent))
        return np.asarray(~lacking.any(axis=(1, 2)))

    def _absent(self, frames: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Return which pixels (t, Y, X) hold nothing, each plane having a rim of its own."""
        stack = self._movie.stack
        if stack is None:
            return missing_pixels(frames)
        absent = np.zeros(frames.shape, bool)
        for index in range(len(stack.planes)):
            columns = stack.columns(index)
            found = missing_pixels(frames[:, :, columns])
            if found is not None:
                absent[:, :, columns] = found
        return absent

    def _rims(self, low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the pixels (Y, X) of rims that never change."""
        stack = self._movie.stack
        if stack is None:
            return _still_rim(low, high)
        return stack.folded(
            np.stack(
                [
                    _still_rim(low[:, columns], high[:, columns])
                    for columns in map(stack.columns, range(len(stack.planes)))
                ]
            )
        )

    def _widen(self, low: NDArray[Any], high: NDArray[Any]) -> None:
        """Take the darkest and brightest value (Y, X) of each pixel in."""
        if self._range is not None:
            low, high = np.minimum(self._range[0], low), np.maximum(self._range[1], high)
        self._range = low, high

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
        values, counts = self._histogram.levels()
        if self._range is None or not (len(values) or self._flat):
            raise UserError(
                f"Every frame of {name} holds NaN or infinite pixels; export the movie again."
            )
        low, high = self._range
        if not (high > low).any():
            what = "every pixel has the same value" if len(values) <= 1 else "all frames are equal"
            raise UserError(
                f"{name} is constant ({what}), so there is no activity; choose another movie."
            )
        uncounted, artefacts = self._missing.uncounted(), self._artefacts()
        level, n_values = find_pile(values, counts)
        return FrameReport(
            bad=uncounted.frames | self._given | artefacts.left_out,
            ignored=uncounted.pixels | self._left_out.pixels | self._rims(low, high),
            minimum=float(values[0]),
            maximum=float(high.max()),
            saturation_level=level,
            saturated=np.zeros(self._movie.shape, bool) if level is None else high >= level,
            saturated_fraction=n_values / int(counts.sum()),
            n_checked=self._n_checked,
            artefacts=artefacts,
            given=self._given,
            between=0 if self._movie.stack is None else int(self._movie.stack.blank().sum()),
        )

    def _artefacts(self) -> Artefacts:
        if self._known is not None:
            return self._known
        return Artefacts.none(len(self._out)) if self._finder is None else self._finder.found()


def check_frames(movie: Movie) -> FrameReport:
    """Look for bad frames and saturated pixels in every frame, block by block.

    Where frames stand out, the movie is read once more without them.

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
    artefacts: Artefacts | None = None
    while True:
        checker = FrameChecker(movie, artefacts)
        for start, frames in lazy_frames.read_blocks(movie.data):
            checker.add(start, frames)
        report = checker.report()
        if artefacts is not None or not report.artefacts.left_out.any():
            return report
        artefacts = report.artefacts


def _range_of_present(
    frames: NDArray[Any], absent: NDArray[np.bool_]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the darkest and the brightest value (Y, X) of each pixel where it is not missing."""
    kind = frames.dtype
    limits = np.iinfo(kind) if kind.kind in "ui" else np.finfo(kind)
    dark = np.where(absent, kind.type(limits.max), frames)
    bright = np.where(absent, kind.type(limits.min), frames)
    return dark.min(axis=0), bright.max(axis=0)


def _still_rim(low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.bool_]:
    """Return pixels (Y, X) that never change and reach to the edge: cut off, or never scanned.

    Where that is half of the field, it is the black around cells that another program cut out.
    """
    labels, _ = ndimage.label(low == high)
    at_edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    rim = np.isin(labels, at_edge[at_edge > 0])
    return rim if 2 * rim.sum() < rim.size else np.zeros_like(rim)


def usable(frames: NDArray[Any], ignored: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Return which frames hold only numbers that fit into 32 bits.

    Parameters
    ----------
    frames : ndarray, shape (t, Y, X)
        Pixels of any real type.
    ignored : ndarray of bool, shape (Y, X), optional
        Pixels that do not count.

    Returns
    -------
    ndarray of bool, shape (t,)
        False where a pixel is NaN or infinite, also once it is a float32.
    """
    if frames.dtype.kind != "f":
        return np.ones(len(frames), dtype=bool)
    with np.errstate(over="ignore"):
        single = frames.astype(np.float32, copy=False)
    finite = np.isfinite(single)
    return np.asarray((finite if ignored is None else finite | ignored).all(axis=(1, 2)))


def _plain(level: float) -> str:
    return f"{level:,.0f}" if abs(level) >= 100 else f"{level:.3g}"


def _counted(frames: NDArray[np.bool_]) -> str:
    return f"{int(frames.sum())} of {len(frames)} frames"


def some_frames(frames: NDArray[np.bool_]) -> str:
    """Name the first of some frames."""
    numbers = np.flatnonzero(frames)
    more = ", ..." if len(numbers) > _NAMED_FRAMES else ""
    return f"frame {', '.join(str(number) for number in numbers[:_NAMED_FRAMES])}{more}"
