"""Colours of what has a sign, told apart with any kind of colour vision."""

from __future__ import annotations

from napari.utils import Colormap

# Blue and orange; black adds nothing to the movie.
DIVERGING = Colormap(
    [[0.55, 0.85, 1.0], [0.0, 0.45, 0.9], [0.0, 0.0, 0.0], [0.9, 0.45, 0.0], [1.0, 0.85, 0.45]],
    controls=[0.0, 0.3, 0.5, 0.7, 1.0],
    name="blue to orange",
)
INCREASE, DECREASE = "#ff9f1c", "#4cc9f0"


def signed_colour(value: float) -> str:
    """Return the colour of an increase or a decrease."""
    return INCREASE if value > 0 else DECREASE
