"""How evidence is written, in every table, figure, caption and sentence."""

from __future__ import annotations

import math

UNKNOWN = "–"
"""Stands where nothing was tested."""


def p_value_text(p_value: float, digits: int = 2) -> str:
    """Write a p-value: ``0.0062``, ``0.015``, ``0.30``; a dash where nothing was tested.

    Parameters
    ----------
    p_value : float
        NaN where nothing was tested.
    digits : int
        Significant ones; there are never fewer than two decimals.
    """
    if math.isnan(p_value):
        return UNKNOWN
    text = f"{p_value:.{digits}g}"
    return text if len(text) >= len("0.00") else f"{p_value:.2f}"


def percent_text(share: float) -> str:
    """Write a share, such as the stability, in percent; a dash where it is not known."""
    return UNKNOWN if math.isnan(share) else f"{100 * share:.0f} %"
