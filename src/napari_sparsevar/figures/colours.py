"""Colours that mean the same in the viewer and in print, told apart with any colour vision."""

from __future__ import annotations

CONTRIBUTION = "inferno"
"""Perceptually uniform, black where a place drives nothing; known to napari and matplotlib."""

TISSUE = "gray"

SIGNED = "blue to orange"
"""Of what has a sign, symmetric about 0: blue lowers, orange raises, black does neither and adds
nothing to a movie it lies on."""

SIGNED_COLOURS = [
    [0.55, 0.85, 1.0],
    [0.0, 0.45, 0.9],
    [0.0, 0.0, 0.0],
    [0.9, 0.45, 0.0],
    [1.0, 0.85, 0.45],
]
SIGNED_PLACES = [0.0, 0.3, 0.5, 0.7, 1.0]

DIVERGING, SEQUENTIAL = "RdBu_r", "Blues"
"""On white paper: of what has a sign, and of what has none."""

INK, GREY, LIGHT_GREY = "#262626", "#7f7f7f", "#c8c8c8"

FAINT = 0.35
"""How much is left of the colour of what is not beyond chance."""

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
"""Of windows, curves and bars: Okabe and Ito (2008), which people with any colour vision can tell
apart; without black and yellow, which are faint on a dark and a light ground."""

BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY = PALETTE

OBSERVED = VERMILION
"""Of what was observed or chosen, among what might have been."""

INCREASE, DECREASE = "#ff9f1c", "#4cc9f0"


def signed_colour(value: float) -> str:
    """Return the colour of an increase or a decrease."""
    return INCREASE if value > 0 else DECREASE


def window_colour(index: int) -> str:
    """Return the colour of the window with this number; they come again after the last."""
    return PALETTE[index % len(PALETTE)]
