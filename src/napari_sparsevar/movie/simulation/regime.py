"""How hard a simulated movie is."""

from __future__ import annotations

from dataclasses import dataclass

from napari_sparsevar.errors import UserError


@dataclass(frozen=True)
class Regime:
    """The two numbers that make a simulated movie hard.

    Parameters
    ----------
    noise : float
        Standard deviation of one pixel's noise in one frame, in units of the standard
        deviation of a typical cell's calcium signal at its brightest pixel.
    coupling : float
        Probability that an event of a driver evokes an event of each of its followers
        one frame later.
    """

    noise: float
    coupling: float


REGIMES: dict[str, Regime] = {
    "easy": Regime(noise=1.0, coupling=0.5),
    "medium_noise": Regime(noise=5.0, coupling=0.5),
    "strong_noise": Regime(noise=8.0, coupling=0.5),
    "weak_coupling": Regime(noise=1.0, coupling=0.22),
}


def find_regime(regime: str | Regime) -> Regime:
    """Return the regime of this name; a regime is returned as it is.

    Raises
    ------
    UserError
        If there is no such name.
    """
    if isinstance(regime, Regime):
        return regime
    if regime not in REGIMES:
        raise UserError(f"There is no regime {regime!r}; choose one of {', '.join(REGIMES)}.")
    return REGIMES[regime]
