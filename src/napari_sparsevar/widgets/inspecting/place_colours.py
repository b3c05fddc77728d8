"""Colours of drivers that stay with their place while the penalty changes their ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_sparsevar.readers.runs import DRIVER_COLOURS

if TYPE_CHECKING:
    import pandas as pd


class PlaceColours:
    """Remembers which colour a place has had.

    A place is the one seen before that is nearest, and near enough; a new one gets the colour that
    the others there have least.
    """

    def __init__(self) -> None:
        self._places = np.empty((0, 2))
        self._colours: list[str] = []

    def of(self, table: pd.DataFrame, reach: float) -> dict[int | None, str]:
        """Return a colour for each label of a table of drivers, for a layer of labels.

        Parameters
        ----------
        table : DataFrame
            With ``index`` (the label), ``y`` and ``x``.
        reach : float
            How far apart, in pixels, the same place may be found.
        """
        places = table[["y", "x"]].to_numpy(float).reshape(-1, 2)
        known = _matched(places, self._places, reach)
        given = {row: self._colours[known[row]] for row in known}
        for row in range(len(places)):
            if row not in known:
                given[row] = _rarest(given.values())
                self._places = np.concatenate([self._places, places[row : row + 1]])
                self._colours.append(given[row])
        labels = table["index"].astype(int)
        return {None: "transparent", **{label: given[row] for row, label in enumerate(labels)}}


def _matched(
    places: npt.NDArray[np.float64], known: npt.NDArray[np.float64], reach: float
) -> dict[int, int]:
    """Return which known place each is, the nearest pairs first and none twice."""
    away = np.hypot(*(places[:, None] - known[None]).transpose(2, 0, 1))
    pairs = np.argwhere(away <= reach)
    nearest_first = pairs[np.argsort(away[tuple(pairs.T)], kind="stable")]
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for row, other in nearest_first.tolist():
        if row not in matched and other not in taken:
            matched[row] = other
            taken.add(other)
    return matched


def _rarest(taken: Iterable[str]) -> str:
    count = Counter(taken)
    return min(DRIVER_COLOURS, key=lambda colour: count[colour])
