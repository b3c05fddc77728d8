"""Lazy frames read in the calling thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import dask.array as da


def compute(lazy: da.Array) -> NDArray[Any]:
    """Read a lazy array in the calling thread, past the cache that napari shares between threads.

    A pool of readers would compete with the training for the cores. And the cache, which dask
    calls for every array of the process, forgets what another thread has begun to read: either
    of the two then fails with a ``KeyError``.

    Parameters
    ----------
    lazy : dask.array.Array
        Frames, or what was made of them.

    Returns
    -------
    ndarray
        Its values.
    """
    return np.asarray(lazy.compute(scheduler="synchronous", callbacks=()))  # type: ignore[no-untyped-call]
