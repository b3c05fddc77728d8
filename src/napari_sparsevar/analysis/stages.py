"""In which order an analysis finds what it finds."""

from typing import Literal

Stage = Literal["map", "drivers", "stability", "all"]

STAGES: tuple[Stage, ...] = ("map", "drivers", "stability", "all")
"""The contribution map; p-values, and with them drivers; what halves of the recording find again;
the criterion along the solution path."""


def is_known(stage: Stage, reached: Stage) -> bool:
    """Return whether an analysis that has reached a stage has what another stage finds."""
    return STAGES.index(stage) <= STAGES.index(reached)
