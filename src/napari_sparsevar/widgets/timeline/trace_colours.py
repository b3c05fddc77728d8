"""Colours of the inspected place's traces, told apart with any kind of colour vision."""

from __future__ import annotations

# Okabe and Ito's; on white the darker of their two blues and their two oranges.
_DARK = {
    "movie": "#56B4E9",
    "reconstruction": "#009E73",
    "prediction": "#E69F00",
    "residual": "#CC79A7",
}
_LIGHT = {**_DARK, "movie": "#0072B2", "prediction": "#D55E00"}


def trace_colours(theme_type: str) -> dict[str, str]:
    """Return the colour of each trace.

    Parameters
    ----------
    theme_type : {"dark", "light"}
    """
    return dict(_LIGHT if theme_type == "light" else _DARK)
