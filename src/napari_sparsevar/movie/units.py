"""Units as files and viewers write them, in seconds and micrometres.

A unit is text (``ms``, ``micron``) or a unit of pint.
"""

from __future__ import annotations

import math

_SECONDS = {
    1.0: ("s", "sec", "secs", "second", "seconds"),
    1e-3: ("ms", "msec", "millisecond", "milliseconds"),
    1e-6: ("us", "µs", "usec", "microsecond", "microseconds"),
    1e-9: ("ns", "nsec", "nanosecond", "nanoseconds"),
    60.0: ("min", "minute", "minutes"),
    3600.0: ("h", "hr", "hour", "hours"),
}
_MICROMETRES = {
    1.0: ("um", "µm", "micron", "microns", "micrometer", "micrometre", "micrometers"),
    1e-3: ("nm", "nanometer", "nanometre", "nanometers"),
    1e3: ("mm", "millimeter", "millimetre", "millimeters"),
    1e4: ("cm", "centimeter", "centimetre", "centimeters"),
    1e6: ("m", "meter", "metre", "meters"),
    25400.0: ("inch", "in", "inches"),
    1e-4: ("å", "angstrom", "angstroms"),
}
_TO_SECONDS = {name: factor for factor, names in _SECONDS.items() for name in names}
_TO_MICROMETRES = {name: factor for factor, names in _MICROMETRES.items() for name in names}


def seconds(value: float, unit: object) -> float | None:
    """Return a duration in seconds; None where `unit` is none of time or it is not positive."""
    return _convert(value, unit, _TO_SECONDS)


def micrometres(value: float, unit: object) -> float | None:
    """Return a length in micrometres; None where `unit` is none of length or it is not positive."""
    return _convert(value, unit, _TO_MICROMETRES)


def frames_per_second(interval: float, unit: object) -> float | None:
    """Return the frame rate from the time between frames; None where unknown."""
    duration = seconds(interval, unit)
    return None if duration is None else 1.0 / duration


def is_time(unit: object) -> bool:
    """Return whether this is a unit of time, such as ``ms``."""
    return _plain(unit) in _TO_SECONDS


def _convert(value: float, unit: object, table: dict[str, float]) -> float | None:
    factor = table.get(_plain(unit))
    if factor is None or not math.isfinite(value) or value <= 0:
        return None
    # Division by a whole number keeps 500 nm at exactly 0.5 um.
    converted = value / round(1 / factor) if factor < 1 else value * factor
    return converted if 0 < converted < math.inf else None


def _plain(unit: object) -> str:
    # ImageJ writes the micro sign as an escape; there are two such signs in Unicode.
    text = str(unit).strip().replace("\\u00B5", "µ").replace("μ", "µ")
    # A capital M is mega, not milli.
    return text if text.startswith("M") and len(text) == 2 else text.lower()
