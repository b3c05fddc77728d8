"""Which null tells what chance is, and what is said of it."""

from __future__ import annotations

from typing import NamedTuple

from napari_sparsevar.analysis.evidence.inference import PlaceEffects
from napari_sparsevar.analysis.evidence.nulls.local import TOGETHER, among_alike, busyness_of
from napari_sparsevar.analysis.evidence.nulls.pairing import Pairing, centred_effects
from napari_sparsevar.analysis.evidence.nulls.shifted import Shifts, smallest_offset
from napari_sparsevar.analysis.evidence.nulls.trials import WholeTrials

BURSTING = (
    "Everything is active together at times. So chance is told by other moments that were as busy, "
    "and p-values are of influence beyond that."
)


class ChosenNull(NamedTuple):
    """A null, and effects that can be held against it.

    Attributes
    ----------
    effects : PlaceEffects
    pairing : Pairing
    said : str
        A sentence; empty for the usual one.
    """

    effects: PlaceEffects
    pairing: Pairing
    said: str = ""


def with_null(effects: PlaceEffects, trials: WholeTrials | None = None) -> ChosenNull:
    """Choose the null: whole trials if there are some, moments as busy where everything bursts.

    Else sources meet targets of any other time.
    """
    if trials is not None:
        return ChosenNull(centred_effects(effects, trials), trials)
    busy = busyness_of(effects)
    if busy.shared >= TOGETHER:
        return ChosenNull(*among_alike(effects, busy.rows), BURSTING)
    return ChosenNull(effects, Shifts(len(effects.source_residual), smallest_offset(effects)))
