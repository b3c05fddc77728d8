"""Whatever has activity: what the statistics ask of latents, of cells and of traces alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.covariates.covariates import Covariates

Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


class Activity(Protocol):
    """Several series of one recording, and which of them are too near to drive each other.

    Everything statistical takes an ``Activity`` or what was fitted to one: no grid, no pixel, no
    network and no file. Attributes are only read.
    """

    @property
    def series(self) -> Float32Array:
        """Activity, (T, n): an array or a memory map."""
        ...

    @property
    def good(self) -> BoolArray:
        """Frames that may be used, (T,)."""
        ...

    @property
    def starts(self) -> Sequence[int]:
        """Frames at which time jumps, such as the first of a trial; ascending, without 0.

        No frame before one foretells a frame from there on.
        """
        ...

    @property
    def names(self) -> Sequence[int] | Sequence[str]:
        """What each of the n series is called: latents by number, cells by name."""
        ...

    @property
    def near(self) -> BoolArray:
        """Sources in rows that are so near a target in columns that they are its own dynamics.

        (n, n). A series is always near itself. What near ones contribute is fitted, without
        penalty, but never counts as one driving another.
        """
        ...

    @property
    def covariates(self) -> Covariates | None:
        """What was recorded beside it and is taken out before anything drives anything."""
        ...


def penalty_weights(near: BoolArray, lags: int) -> npt.NDArray[np.float64]:
    """Return penalty weights, (P, n) with lag-major rows: 0 for what is near, else 1."""
    return np.tile(np.where(near, 0.0, 1.0), (lags, 1))
