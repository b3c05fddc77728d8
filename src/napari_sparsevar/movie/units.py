"""Units as files and viewers write them, in seconds and micrometres.

A unit is text (``ms``, ``micron``) or a unit of pint.
"""

from __future__ import annotations

import math
import re
import unicodedata

_SECONDS = {
    1.0: ("s", "sec", "secs", "second", "seconds"),
    1e-3: ("ms", "msec", "millisecond", "milliseconds"),
    1e-6: ("us", "usec", "microsecond", "microseconds"),
    1e-9: ("ns", "nsec", "nanosecond", "nanoseconds"),
    60.0: ("min", "minute", "minutes"),
    3600.0: ("h", "hr", "hour", "hours"),
}
_MICROMETRES = {
    1.0: ("um", "u", "micro", "micron", "microm", "micrometer", "micrometre"),
    1e-3: ("nm", "nanometer", "nanometre"),
    1e3: ("mm", "millimeter", "millimetre"),
    1e4: ("cm", "centimeter", "centimetre"),
    1e6: ("m", "meter", "metre"),
    25400.0: ("inch", "in", "inches", '"'),
    1e-4: ("å", "angstrom"),
}
_TO_SECONDS = {name: factor for factor, names in _SECONDS.items() for name in names}
_TO_MICROMETRES = {
    spelt: factor
    for factor, names in _MICROMETRES.items()
    for name in names
    for spelt in (name, f"{name}s" if len(name) > 2 else name)
}
_PER_PIXEL = re.compile(r"\s*(/|per)\s*(px|pix|pixels?)$", re.IGNORECASE)
_SQUARE = 0.01  # pixels whose sides differ by less are taken as square


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


def about_square(height: float | None, width: float | None, what: str) -> tuple[str, ...]:
    """Return a note where pixels are not square; the width is what is kept.

    Parameters
    ----------
    height, width : float or None
        Of a pixel in micrometres; None where not known.
    what : str
        What to call the movie in a sentence.
    """
    if not height or not width or abs(height / width - 1) <= _SQUARE:
        return ()
    return (f"{what} has pixels of {width:.3g} x {height:.3g} um; the width is used for both.",)


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
    # There are two micro signs, one of them also as an escape (ImageJ) or as two letters (UTF-8
    # taken for Latin-1), and one character that is the whole unit.
    text = str(unit).strip(" \0[]()").replace("\\u00B5", "µ").replace("\\u00b5", "µ")
    text = unicodedata.normalize("NFKC", text.replace("Âµ", "µ").replace("Î¼", "µ"))
    text = _PER_PIXEL.sub("", text).replace("μ", "u")
    # A capital M is mega, not milli.
    return text if text.startswith("M") and len(text) == 2 else text.lower()
