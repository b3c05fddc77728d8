"""A frame that is off as it would lie without that, linearly in between."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]


def moved(frame: Float32Array, shift: FloatArray, outside: float = 0.0) -> Float32Array:
    """Return a frame that is off by a shift as it would lie without it, linearly in between.

    As ``scipy.ndimage.shift`` of order 1, in a fifteenth of the time.
    """
    for axis in (0, 1):
        whole = int(np.floor(shift[axis]))
        part, length = np.float32(shift[axis] - whole), frame.shape[axis]
        first, last = max(0, -whole), max(0, -whole, min(length, length - whole - 1))
        if part == 0.0:
            last = max(first, min(length, length - whole))
        seen = np.moveaxis(frame, axis, 0)[first + whole : last + whole]
        back = np.full_like(frame, outside)
        within = np.moveaxis(back, axis, 0)[first:last]
        within[:] = seen
        if part > 0.0:
            next_to = np.moveaxis(frame, axis, 0)[first + whole + 1 : last + whole + 1]
            within += part * (next_to - seen)
        frame = back
    return frame


def moved_freely(frame: Float32Array, field: Float32Array, outside: float = 0.0) -> Float32Array:
    """Return a frame (Y, X), of which each pixel is off by a field (2, Y, X), as it would lie."""
    rows, columns = (np.arange(length, dtype=np.float32) for length in frame.shape)
    places = field + np.stack(np.broadcast_arrays(rows[:, None], columns[None, :]))
    back = ndimage.map_coordinates(frame, places, order=1, mode="constant", cval=outside)
    return np.asarray(back, np.float32)
