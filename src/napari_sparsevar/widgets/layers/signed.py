"""Values with a sign over the movie: their colours, and influences as arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from napari.utils import Colormap

from napari_sparsevar.figures.colours import SIGNED, SIGNED_COLOURS, SIGNED_PLACES

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.readers.placement import Placement

DIVERGING = Colormap(SIGNED_COLOURS, controls=SIGNED_PLACES, name=SIGNED)

MANY = 12
"""So many arrows of full width would hide the movie."""

_WIDTH, _THIN = 0.6, 0.3


def arrows(edges: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return starts and directions of arrows in pixels (y, x), shape (n, 2, 2).

    Parameters
    ----------
    edges : DataFrame
        With ``source_y``, ``source_x``, ``target_y`` and ``target_x``.
    """
    start = edges[["source_y", "source_x"]].to_numpy(float).reshape(-1, 2)
    stop = edges[["target_y", "target_x"]].to_numpy(float).reshape(-1, 2)
    return np.stack([start, stop - start], axis=1)


def placed_arrows(edges: pd.DataFrame, where: Placement) -> npt.NDArray[np.float64]:
    """Return arrows as ``arrows`` does, as layers have them: of several planes (n, 2, 3)."""
    starts, directions = np.moveaxis(arrows(edges), 1, 0)
    first, last = where.points(starts), where.points(starts + directions)
    return np.stack([first, last - first], axis=1)


def arrow_width(n_arrows: int) -> float:
    """Return the width of each of so many arrows in pixels."""
    return _WIDTH if n_arrows <= MANY else _THIN
