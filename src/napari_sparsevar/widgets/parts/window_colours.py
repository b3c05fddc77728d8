"""Colours of windows, told apart with any kind of colour vision."""

from __future__ import annotations

# Okabe and Ito's colours; yellow last, it is faint on white.
WINDOW_COLOURS = (
    "#56B4E9",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#D55E00",
    "#0072B2",
    "#F0E442",
)


def window_colour(index: int) -> str:
    """Return the colour of the window with this number; they come again after the last."""
    return WINDOW_COLOURS[index % len(WINDOW_COLOURS)]
