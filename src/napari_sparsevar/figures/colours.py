"""Colours that mean the same in the viewer and in print, told apart with any colour vision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CONTRIBUTION = "contribution"
"""Of the contribution map in units of what chance reaches: transparent at 0, pale below 1, from
crimson to yellow above, laid over the movie and not added to it, so that a bright cell hides
nothing."""

CHANCE = 1.0
"""As much of the contribution as chance reaches."""

LEAST_TOP = 2.0
"""The last colour is never of less: what barely exceeds chance is not drawn like much."""

_PALE, _PALE_OPACITY = (0.78, 0.82, 0.87), 0.5
_ABOVE_PLACES = (0.0, 0.5, 1.0)
_ABOVE = ((0.80, 0.10, 0.35, 0.65), (1.0, 0.50, 0.10, 0.80), (1.0, 0.95, 0.35, 0.92))
_N_COLOURS = 256


def contribution_top(image: npt.NDArray[np.floating], tested: bool) -> float:
    """Return the value of the last colour of a contribution map.

    Parameters
    ----------
    image : ndarray, shape (Y, X)
        In units of what chance reaches, where that is known.
    tested : bool
        Whether it is; if not, no value has the colours of what exceeds chance.

    Returns
    -------
    float
        A whole number where chance is known, so that few colour maps are told apart.
    """
    if not tested:
        return CHANCE
    return max(LEAST_TOP, float(np.ceil(np.nanmax(image, initial=0.0))))


def contribution_colours(top: float, bottom: float = 0.0) -> npt.NDArray[np.float64]:
    """Return colours with opacity of contributions from ``bottom`` to ``top``, (n, 4).

    Pale up to ``CHANCE``, wherever it lies between the two.
    """
    values = np.linspace(bottom, top, _N_COLOURS)
    share = (values - CHANCE) / max(top - CHANCE, 1e-9)
    above = [np.interp(share, _ABOVE_PLACES, channel) for channel in zip(*_ABOVE, strict=True)]
    opacity = _PALE_OPACITY * np.clip(values / CHANCE, 0, 1)
    pale = [*(np.full_like(values, channel) for channel in _PALE), opacity]
    return np.where(values > CHANCE, above, pale).T


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
