"""How long the parts of an analysis take on this machine, learned from those done here before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import platformdirs

from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.disk.files import replacing

Part = Literal["encoding"] | Stage

FILE = "pace.json"

_FIRST_GUESS: dict[Part, float] = {
    "encoding": 1.5e-7,
    "map": 6e-10,
    "drivers": 7e-9,
    "stability": 5e-9,
    "all": 5e-9,
}
"""Seconds for one of ``Work.units`` on two cores of 2024, until something was done here."""

_SMOOTHING = 0.5
"""Weight of what has just been seen."""

_LEAST_UNITS = 1e8
"""Less work says more of what is loaded and compiled than of the machine."""


@dataclass(frozen=True)
class Work:
    """How much there is to analyse."""

    n_frames: int
    n_pixels: int
    n_latents: int
    lags: int

    def units(self, part: Part) -> float:
        """Return a number the time of a part grows with: pixels, or products of two latents."""
        if part == "encoding":
            return float(self.n_frames) * self.n_pixels
        return float(self.n_frames) * self.lags * self.n_latents**2


@dataclass
class Pace:
    """Seconds a unit of each part takes.

    Attributes
    ----------
    path : Path
        The file that remembers it: of this user, on this machine.
    rates : dict
        What was seen; a first guess counts where a part is missing.
    """

    path: Path
    rates: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Pace:
        """Return what this machine has shown so far."""
        path = Path(platformdirs.user_cache_dir("napari-sparsevar")) / FILE
        rates: dict[str, float] = {}
        with suppress(OSError, ValueError, AttributeError):  # a guess is as good
            found = json.loads(path.read_text(encoding="utf-8"))
            rates = {name: float(rate) for name, rate in found.items() if float(rate) > 0}
        return cls(path, rates)

    def seconds(self, parts: Sequence[Part], work: Work) -> float:
        """Return how long parts are expected to take together."""
        return sum(self._rate(part) * work.units(part) for part in parts)

    def left(self, parts: Sequence[Part], work: Work, fraction: float, elapsed: float) -> float:
        """Return how long parts still take when a fraction of the first is done.

        What it took so far counts the more the more of it is done.
        """
        expected = self.seconds(parts[:1], work)
        seen = elapsed / fraction if fraction > 0.0 else max(expected, elapsed)
        first = (1.0 - fraction) * expected + fraction * seen
        return (1.0 - fraction) * first + self.seconds(parts[1:], work)

    def took(self, part: Part, work: Work, seconds: float) -> None:
        """Learn from what a part took, and remember it."""
        units = work.units(part)
        if units < _LEAST_UNITS:
            return
        rate = seconds / units
        before = self.rates.get(part, rate)
        self.rates[part] = before ** (1.0 - _SMOOTHING) * rate**_SMOOTHING
        with suppress(OSError):  # a full disk must not end an analysis
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self.path, overwrite=True) as path:
                path.write_text(json.dumps(self.rates), encoding="utf-8")

    def _rate(self, part: Part) -> float:
        return self.rates.get(part, _FIRST_GUESS[part])
