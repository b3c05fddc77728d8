"""Stretches of time to compare: each a label and one or several pieces of consecutive frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
from pydantic import PositiveFloat

from napari_sparsevar.arguments import checked, pieces_of
from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]

_OTHER_NAMES = {
    "start": ("start_frame",),
    "stop": ("stop_frame",),
    "start_s": ("start_time", "onset", "start (s)"),
    "stop_s": ("stop_time", "end_time", "stop (s)", "end (s)"),
    "label": ("trial_type", "condition"),
}
"""As NWB and BIDS call them; the latter has onset and duration."""

Piece = tuple[int, int]
"""First frame and the frame after the last."""


@dataclass(frozen=True)
class Window:
    """A stretch of time, in one piece or several (trials).

    Parameters
    ----------
    label : str
        What a person calls it.
    pieces : tuple of (start, stop)
        Frames, stop exclusive; put in order of time.

    Raises
    ------
    UserError
        If there is no piece, or one is empty, negative or overlaps another.
    """

    label: str
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(pieces_of(self.pieces, f"pieces of the window {self.label}")))
        if not ordered:
            raise UserError(f"Window {self.label} holds no frames: mark a stretch of time.")
        for start, stop in ordered:
            if start < 0 or stop <= start:
                raise UserError(
                    f"Window {self.label} has the piece {start}:{stop}: "
                    "the start must be 0 or more and below the stop."
                )
        for (start, stop), (later, end) in pairwise(ordered):
            if later < stop:
                raise UserError(
                    f"Window {self.label} holds frames twice: "
                    f"its pieces {start}:{stop} and {later}:{end} overlap."
                )
        object.__setattr__(self, "pieces", ordered)

    @classmethod
    def of(cls, label: str, frames: Window | Piece | Sequence[Piece]) -> Window:
        """Return a window from one ``(start, stop)``, several of them, or a window."""
        if isinstance(frames, Window):
            return frames
        one = np.iterable(frames) and not any(map(np.iterable, frames))
        return cls(label, cast(tuple[Piece, ...], (frames,) if one else frames))

    @property
    def n_frames(self) -> int:
        """Number of frames in all pieces."""
        return sum(stop - start for start, stop in self.pieces)

    def frames(self) -> npt.NDArray[np.int64]:
        """Return the indices of all frames, in order of time."""
        return np.concatenate([np.arange(start, stop) for start, stop in self.pieces])

    def __str__(self) -> str:
        pieces = ",".join(f"{start}:{stop}" for start, stop in self.pieces)
        return f"{self.label} ({pieces})"


def check_windows(windows: Sequence[Window], n_frames: int) -> None:
    """Raise UserError if windows share frames, share a label or reach past the end."""
    if len(windows) < 2:
        raise UserError("A comparison needs two windows: mark another stretch of time.")
    for window in windows:
        if window.pieces[-1][1] > n_frames:
            raise UserError(
                f"Window {window} reaches past the end: the recording has {n_frames} frames."
            )
    for first, second in combinations(windows, 2):
        if first.label == second.label:
            raise UserError(f"Two windows are called {first.label}: rename one.")
        shared = np.intersect1d(first.frames(), second.frames())
        if shared.size:
            raise UserError(
                f"Windows {first.label} and {second.label} share {shared.size} frames "
                f"(the first is {shared[0]}): a comparison needs windows that do not overlap."
            )


def parse_pieces(text: str) -> tuple[Piece, ...]:
    """Return the pieces of ``START:STOP`` or ``START:STOP,START:STOP,...`` in frames.

    Raises
    ------
    UserError
        If the text is anything else.
    """
    pieces = []
    for part in text.split(","):
        start, colon, stop = part.partition(":")
        if not colon or not start.strip().isdecimal() or not stop.strip().isdecimal():
            raise UserError(
                f"'{text}' is no stretch of frames: write START:STOP, "
                "several pieces with commas, for example 0:500 or 0:100,300:400."
            )
        pieces.append((int(start), int(stop)))
    return tuple(pieces)


@checked
def read_windows(path: Path | str, fps: PositiveFloat | None = None) -> list[Window]:
    """Read a list of trials: CSV with the columns start, stop and label.

    Trials of the same label become one window of several pieces. Columns ``start`` and ``stop`` are
    frames, stop exclusive; ``start_s`` and ``stop_s`` are seconds.

    Parameters
    ----------
    path : Path or str
    fps : float, optional
        Frames per second, needed for seconds.

    Raises
    ------
    UserError
        If the file cannot be read or has other columns, or seconds are given without frame rate.
    """
    table = _frames_of(Path(path), fps, ["label"])
    windows = []
    for label, rows in table.groupby(table["label"].astype(str).str.strip(), sort=False):
        windows.append(Window(str(label), _pieces(rows)))
    return windows


def read_trials(
    path: Path | str,
    fps: float | None = None,
    times: FloatArray | None = None,
    *,
    from_first: bool = True,
) -> list[Piece]:
    """Read trials, in order of time: as ``read_windows``, but there need not be any labels.

    Parameters
    ----------
    path : Path or str
    fps : float, optional
        Frames per second, needed for seconds.
    times : ndarray, shape (T,), optional
        When each frame was taken, where the recording pauses.
    from_first : bool
        Whether seconds count from the first frame; else they are on the clock of ``times``.

    Raises
    ------
    UserError
        If the file cannot be read or has other columns, seconds are given without frame rate, or
        trials overlap.
    """
    trials = _pieces(_frames_of(Path(path), fps, [], times, from_first=from_first))
    return list(Window(f"of {path}", trials).pieces)


def is_list_of_trials(path: Path | str) -> bool:
    """Return whether a file has the columns of a list of trials; with durations, of stimuli."""
    try:
        columns = set(_read_table(Path(path)).columns)
    except UserError:
        return False
    if "duration" in columns:
        return False
    return {"start", "stop"} <= columns or {"start_s", "stop_s"} <= columns


def _frames_of(
    path: Path,
    fps: float | None,
    others: list[str],
    times: FloatArray | None = None,
    *,
    from_first: bool = True,
) -> pd.DataFrame:
    """Return start and stop in frames, and other columns that must be there."""
    import pandas as pd

    table = _read_table(path, fps)
    seconds = not {"start", "stop"} <= set(table.columns)
    names = ["start_s", "stop_s"] if seconds else ["start", "stop"]
    if not {*names, *others} <= set(table.columns):
        needed = ", and label" if others else ""
        raise UserError(
            f"{path} has the columns {', '.join(map(str, table.columns))}: a list of trials needs "
            f"start, stop (frames) or start_s, stop_s (seconds){needed}."
        )
    if seconds and not fps:
        raise UserError(f"{path} is in seconds but the frame rate is unknown: give it first.")
    table[names] = table[names].apply(pd.to_numeric, errors="coerce")
    bad = table[[*names, *others]].isna().any(axis=1)
    if bad.any():
        what = "start, stop or label" if others else "start or stop"
        raise UserError(f"{path}, line {int(bad.idxmax()) + 2}: {what} is missing.")
    ends = table[names].to_numpy(np.float64)
    if not seconds and (ends % 1.0).any():
        raise UserError(
            f"{path}, line {int((ends % 1.0).any(axis=1).argmax()) + 2}: start and stop are frames "
            "and hold fractions; seconds are called start_s and stop_s."
        )
    if seconds and fps:
        begin = 0.0 if from_first or times is None else float(times[0])
        ends = _in_frames(ends - begin, float(fps), times, path)
    return table.assign(start=ends[:, 0], stop=ends[:, 1])


def _in_frames(seconds: FloatArray, fps: float, times: FloatArray | None, path: Path) -> FloatArray:
    """Return the frames at which seconds from the first one lie, also beyond the last."""
    if times is None:
        return seconds * fps
    if (np.diff(times) <= 0.0).any():
        raise UserError(
            f"{path} is in seconds, and the times of the frames begin anew within the recording: "
            "give start and stop in frames."
        )
    clock = times - times[0]
    nearest = np.searchsorted(clock, seconds - 0.5 / fps).astype(np.float64)
    beyond = np.maximum(seconds - (clock[-1] + 1.0 / fps), 0.0)
    return np.asarray(nearest + beyond * fps)


def _pieces(rows: pd.DataFrame) -> tuple[Piece, ...]:
    ends = rows[["start", "stop"]].to_numpy(float)
    return tuple((snap(start), snap(stop)) for start, stop in ends)


def snap(frame: float) -> int:
    """Return the nearest whole frame."""
    return math.floor(frame + 0.5)


def _read_table(path: Path, fps: float | None = None) -> pd.DataFrame:
    if path.suffix.lower() == ".nwb":
        from napari_sparsevar.cells.nwb_trials import trials_of_nwb

        return trials_of_nwb(path, fps)
    from napari_sparsevar.cells.formats.table import read_table

    try:
        found = read_table(path)
    except OSError as error:
        raise UserError(f"Cannot read {path}: {explain(error)}.") from error
    if found.header is None:
        raise UserError(
            f"{path} has no names of columns: a list of trials needs start, stop (frames) or "
            "start_s, stop_s (seconds)."
        )
    table = found.body.set_axis([name.strip("\ufeff ").lower() for name in found.header], axis=1)
    for name, others in _OTHER_NAMES.items():
        given = next((other for other in others if other in table.columns), None)
        if given is not None and name not in table.columns:
            table = table.rename(columns={given: name})
    if "duration" in table.columns and "start_s" in table.columns and "stop_s" not in table.columns:
        table["stop_s"] = table["start_s"] + table["duration"]
    return table
