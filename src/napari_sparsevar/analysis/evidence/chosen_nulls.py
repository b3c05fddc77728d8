"""Which nulls tell what chance is, and what is said of it.

Where a field bursts as a whole, shifts promise too little chance. Local permutation keeps bursts,
and breaks up what resembles itself from row to row, such as slow light that all share: there it
promises too little. Of both, the larger p-value counts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import reduce
from typing import NamedTuple

import torch

from napari_sparsevar.analysis.evidence.adjusted_p_values import AdjustedPValues
from napari_sparsevar.analysis.evidence.inference import PlaceEffects
from napari_sparsevar.analysis.evidence.nulls.local import TOGETHER, among_alike, busyness_of
from napari_sparsevar.analysis.evidence.nulls.pairing import Pairing
from napari_sparsevar.analysis.evidence.nulls.shifted import ShiftedTimes
from napari_sparsevar.progress import part

BURSTING = (
    "Everything is active together at times. So chance is also told by other moments that were as "
    "busy, and the larger p-value counts: it is of influence beyond that."
)


class ChosenNull(NamedTuple):
    """A null, and effects that can be held against it."""

    effects: PlaceEffects
    pairing: Pairing


class ChosenNulls(NamedTuple):
    """Nulls whose largest p-value counts.

    Attributes
    ----------
    each : list of ChosenNull
    said : str
        A sentence; empty for the usual one.
    """

    each: list[ChosenNull]
    said: str = ""


def chosen_nulls(effects: PlaceEffects, trials: Pairing | None = None) -> ChosenNulls:
    """Choose what chance is: whole trials if there are some, else any other time.

    Where everything bursts together, moments that are as busy besides.

    Parameters
    ----------
    effects : PlaceEffects
        Where there are trials, ``centred_effects``.
    trials : Pairing, optional
    """
    if trials is not None:
        return ChosenNulls([ChosenNull(effects, trials)])
    shifted = ChosenNull(effects, ShiftedTimes.of(effects))
    busy = busyness_of(effects)
    if busy.shared < TOGETHER:
        return ChosenNulls([shifted])
    return ChosenNulls([shifted, ChosenNull(*among_alike(effects, busy.rows))], BURSTING)


def against_each(
    nulls: list[ChosenNull],
    test: Callable[[ChosenNull], Generator[float, None, AdjustedPValues]],
) -> Generator[float, None, AdjustedPValues]:
    """Test against one null after the other; yield the fraction done.

    Nulls are taken off the list: what they hold can be large.
    """
    found: list[AdjustedPValues] = []
    total = len(nulls)
    while nulls:
        each = test(nulls.pop(0))
        found.append((yield from part(each, len(found) / total, (len(found) + 1) / total)))
    return reduce(_stricter, found)


def _stricter(one: AdjustedPValues, other: AdjustedPValues) -> AdjustedPValues:
    """Return what holds under both nulls: the larger p-values, and the lesser evidence."""
    return replace(
        one,
        edge=torch.maximum(one.edge, other.edge),
        edge_fdr=torch.maximum(one.edge_fdr, other.edge_fdr),
        place=torch.maximum(one.place, other.place),
        place_evidence=torch.minimum(one.place_evidence, other.place_evidence),
        reach=torch.maximum(one.reach, other.reach),
    )
