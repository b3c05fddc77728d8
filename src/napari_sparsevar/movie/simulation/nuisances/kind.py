"""What every nuisance is: a switch with its parameters, off by default.

The defaults are within what the literature reports for layer 2/3 of mouse cortex under a two-photon
microscope; the docstring of each says where they are from. A pair of numbers is a range from which
each cell, connection or event draws its own.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from napari_sparsevar.arguments import Settings


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if not 0 <= pair[0] <= pair[1] < float("inf"):
        raise ValueError("a range goes up from 0 or more")
    return pair


def _positive(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] <= 0:
        raise ValueError("a range begins above 0")
    return pair


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
PositiveRange = Annotated[Range, AfterValidator(_positive)]
Count = Annotated[int, Field(ge=0)]
Frames = Annotated[tuple[Count, Count], AfterValidator(_ordered), AfterValidator(_positive)]
Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Nuisance(Settings):
    """One switch and its parameters."""
