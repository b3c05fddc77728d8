"""How hard a simulated movie is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.simulation.nuisances.activity import (
    Bursts,
    Hidden,
    Kinetics,
    Spread,
    State,
    Stimuli,
)
from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances
from napari_sparsevar.movie.simulation.nuisances.light import (
    Anatomy,
    Bleaching,
    Detector,
    Motion,
    Neuropil,
)

_NONE = Nuisances()


@dataclass(frozen=True)
class Regime:
    """What makes a simulated movie hard, and the field and cells it has if nothing else is said.

    Parameters
    ----------
    noise : float
        Standard deviation of one pixel's noise in one frame, in units of the standard
        deviation of a typical cell's calcium signal at its brightest pixel. A `Detector` among
        the nuisances takes its place.
    coupling : float
        Probability that an event of a driver evokes an event of each of its followers
        one frame later.
    signal : float
        Standard deviation of a typical cell's calcium signal, in units of the tissue's light.
    nuisances : Nuisances
        What else there is.
    shape : tuple of int
        Height and width of the field of view in pixels.
    fps, pixel_size_um : float
        Frames per second, and edge of a pixel in micrometres.
    n_cells, n_drivers, n_followers : int
        Cells in all, how many of them drive others, and how many followers each driver has.
    event_rate_hz : float
        Events per second and cell; the median where cells differ.
    """

    noise: float
    coupling: float
    signal: float = 0.2
    nuisances: Nuisances = _NONE
    shape: tuple[int, int] = (64, 64)
    fps: float = 15.0
    pixel_size_um: float = 2.0
    n_cells: int = 36
    n_drivers: int = 6
    n_followers: int = 4
    event_rate_hz: float = 1.0


_OPTICS = Regime(
    noise=0.0,
    coupling=0.5,
    signal=0.4,
    nuisances=Nuisances(
        spread=Spread(),
        kinetics=Kinetics(hill=2.3),
        anatomy=Anatomy(),
        neuropil=Neuropil(),
        detector=Detector(),
        bleaching=Bleaching(),
        motion=Motion(),
    ),
    shape=(96, 96),
    fps=30.0,
    pixel_size_um=1.0,
    n_cells=24,
    n_drivers=4,
    n_followers=3,
    event_rate_hz=0.7,
)
_SHARED = {"state": State(), "bursts": Bursts(), "stimuli": Stimuli(), "hidden": Hidden()}

REGIMES: dict[str, Regime] = {
    "easy": Regime(noise=1.0, coupling=0.5),
    "medium_noise": Regime(noise=5.0, coupling=0.5),
    "strong_noise": Regime(noise=8.0, coupling=0.5),
    "weak_coupling": Regime(noise=1.0, coupling=0.22),
    "optics": _OPTICS,
    "all": replace(_OPTICS, nuisances=_OPTICS.nuisances.model_copy(update=_SHARED)),
}
"""*optics* is a realistic recording, *all* has common input besides."""


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
