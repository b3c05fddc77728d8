"""When ScanImage took each frame, as it writes beside it."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.movie.formats.failures import DAMAGED
from napari_sparsevar.movie.formats.tiff_family.scanimage_header import acquisition_start, numbered

_SEEN = 5
"""Frames at either end that say how long a usual step is."""

_UNEVEN = 0.5
"""In usual steps: a stretch that is longer or shorter by more holds a pause."""

_ZERO = datetime(1970, 1, 1)


def frame_times(
    file: tifffile.TiffFile, pages: NDArray[np.int64], rate: float | None = None
) -> NDArray[np.float64] | None:
    """Return when frames were taken, in seconds: ``epoch`` and ``frameTimestamps_sec``.

    Without these, the running numbers of frames say where some are missing or counting begins anew.
    Of a stretch whose ends are as far apart as its frames take, none in between is looked at: a
    file has a text for each of its tens of thousands of pages.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    pages : ndarray of int64, shape (T,)
        The page of each frame.
    rate : float, optional
        Of the numbers of frames, in Hz.

    Returns
    -------
    ndarray, shape (T,), or None
        None where frames do not say it.
    """
    known: dict[int, float] = {}

    def time(frame: int) -> float:
        if frame not in known:
            page: Any = file.pages[int(pages[frame])]
            # tifffile may know no more of a page than where its pixels lie.
            known[frame] = _time_of(page.aspage().description, rate)
        return known[frame]

    n_frames = len(pages)
    with contextlib.suppress(*DAMAGED):
        # Of pages at even distances tifffile may not count the last one.
        if not _has_page(file, int(pages[-1])):
            n_frames -= 1
        ends = {*range(min(_SEEN, n_frames)), *range(max(n_frames - _SEEN, 0), n_frames)}
        near = [frame for frame in ends if frame + 1 in ends]
        steps = [time(frame + 1) - time(frame) for frame in near]
        step = float(np.median(steps)) if steps else 0.0
        unsure = [(0, n_frames - 1)] if np.isfinite([time(0), step]).all() else []
        if not unsure or (n_frames > 1 and step <= 0.0):
            return None
        while unsure:
            first, last = unsure.pop()
            over = abs(time(last) - time(first) - (last - first) * step)
            if last - first > 1 and not over <= _UNEVEN * step:
                middle = (first + last) // 2
                unsure += [(first, middle), (middle, last)]
        frames = np.array(sorted(known))
        times = [known[frame] for frame in frames.tolist()]
        beyond = step * np.maximum(np.arange(len(pages)) - (n_frames - 1), 0)
        return np.interp(np.arange(len(pages)), frames, times) + beyond
    return None


def _has_page(file: tifffile.TiffFile, number: int) -> bool:
    try:
        file.pages[number]
    except IndexError:
        return False
    return True


def _time_of(description: str, rate: float | None) -> float:
    """Return when a frame was taken, in seconds since 1970 by the microscope's clock.

    Since its acquisition began where that is not known; NaN where nothing is.
    """
    found = re.search(r"frame ?timestamps?(?:_sec|\(s\))?\s*=\s*([-+.\deE]+)", description, re.I)
    try:
        seconds = float(found[1]) if found else np.nan
    except ValueError:
        return np.nan
    if np.isnan(seconds) and rate is not None:
        return (numbered(description) or np.nan) / rate
    began = acquisition_start(description)
    return seconds if began is None else (began - _ZERO).total_seconds() + seconds
