"""Colours of the inspected place's traces, told apart with any kind of colour vision."""

from __future__ import annotations

from napari_sparsevar.figures.colours import GREEN, PURPLE
from napari_sparsevar.widgets.parts.plot import FIRST, SECOND, is_light


def trace_colours(theme: str) -> dict[str, str]:
    """Return the colour of each trace that can be seen in a napari theme."""
    light = is_light(theme)
    return {
        "movie": FIRST[light],
        "reconstruction": GREEN,
        "prediction": SECOND[light],
        "residual": PURPLE,
    }
