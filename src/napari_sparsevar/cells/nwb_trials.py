"""Trials of an NWB file, in frames of the movie that lies in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.hdf5_file import is_dataset, open_hdf5
from napari_sparsevar.movie.formats.nwb_series import is_movie

if TYPE_CHECKING:
    import pandas as pd

_TRIALS = "intervals/trials"

_SAME_RATE = 0.02
"""Share by which two frame rates may differ and be the same."""


def trials_of_nwb(path: Path, fps: float | None = None) -> pd.DataFrame:
    """Return the trials of an NWB file.

    Parameters
    ----------
    path : Path
    fps : float, optional
        Frames per second of the movie that is meant; by default the first of the file.

    Returns
    -------
    DataFrame
        ``start`` and ``stop`` (frames of the movie, stop exclusive), and what else is noted
        of each trial in a column. Trials before or after the movie are left out.

    Raises
    ------
    UserError
        If there are no trials, or no movie with times.
    """
    import pandas as pd

    with open_hdf5(path) as file:
        node = file.get(_TRIALS)
        columns = {} if node is None else {name: _column(node[name]) for name in node}
        times = _times_of_movie(file, fps)
    starts, stops = (columns.pop(name, None) for name in ("start_time", "stop_time"))
    if starts is None or stops is None or not len(starts) or len(starts) != len(stops):
        raise UserError(f"{path} holds no trials ({_TRIALS}); bring a table of them.")
    if times is None:
        raise UserError(
            f"{path} holds trials but no movie with times, so that nobody knows in which frames "
            "they are; bring a table in frames."
        )
    ends = np.stack([starts, stops]).astype(np.float64)
    known = np.asarray(np.isfinite(ends).all(axis=0))
    starts, stops = starts[known], stops[known]  # the last one may never have ended
    noted = {
        name.lower(): values[known] for name, values in columns.items() if len(values) == len(known)
    }
    frames = np.searchsorted(
        times, np.stack([starts, stops]).astype(np.float64) - _tolerance(times)
    )
    table = pd.DataFrame({"start": frames[0], "stop": frames[1], **noted})
    return table[table["start"] < table["stop"]].sort_values("start", ignore_index=True)


def _tolerance(times: npt.NDArray[np.float64]) -> float:
    """Return a hundredth of a frame: clocks are rounded."""
    return 0.01 * float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def _column(node: Any) -> npt.NDArray[Any]:
    """Return a column with a value a trial; nothing of one with lists or references."""
    if not is_dataset(node) or node.ndim != 1 or node.dtype.kind not in "uifbOS":
        return np.zeros(0)
    values = node[()]
    if node.dtype.kind not in "OS":
        return np.asarray(values)
    if not all(isinstance(value, (bytes, str)) for value in values):
        return np.zeros(0)
    words = [value.decode() if isinstance(value, bytes) else value for value in values]
    return np.array(words, object)


def _times_of_movie(file: Any, fps: float | None) -> npt.NDArray[np.float64] | None:
    """Return when the frames of a movie were taken, in seconds of the session.

    Of several it is the first of that frame rate; one that has been exported with another rate
    began with the first.
    """
    found: list[npt.NDArray[np.float64]] = []

    def look(name: str, node: Any) -> None:
        if is_dataset(node) or not is_movie(node):
            return
        stamps, start, data = (node.get(part) for part in ("timestamps", "starting_time", "data"))
        if is_dataset(stamps) and stamps.ndim == 1:
            found.append(np.asarray(stamps[()], np.float64))
        elif is_dataset(start) and is_dataset(data) and float(start.attrs.get("rate", 0.0)) > 0.0:
            frames = np.arange(data.shape[0]) / float(start.attrs["rate"])
            found.append(float(start[()]) + frames)

    file.visititems(look)
    found = [times for times in found if len(times) > 1]
    if not found or fps is None:
        return found[0] if found else None
    alike = (times for times in found if abs(fps * np.median(np.diff(times)) - 1.0) < _SAME_RATE)
    first = found[0]
    n_frames = int(np.ceil((first[-1] - first[0]) * fps)) + 1
    return next(alike, first[0] + np.arange(n_frames) / fps)
