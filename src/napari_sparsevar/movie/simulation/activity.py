"""When cells fire: by themselves, because of each other, and because of what reaches them all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.simulation.nuisances.activity import Spread
from napari_sparsevar.movie.simulation.wiring import Connections

_LEAST_OWN = 0.1  # of its events a cell fires by itself, however much it is driven


def rates_of(
    n_cells: int, event_rate_hz: float, spread: Spread | None, fps: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return events a frame of each cell, whatever its role.

    Raises
    ------
    UserError
        If the rate asks for an event in more than half of the frames.
    """
    if not 0.0 < event_rate_hz / fps <= 0.5:
        raise UserError(
            f"{event_rate_hz:g} events per second at {fps:g} frames per second is not possible; "
            "choose a positive event_rate_hz of at most half the frame rate."
        )
    if spread is None:
        return np.full(n_cells, event_rate_hz / fps)
    drawn = event_rate_hz * np.exp(spread.rate_sigma * rng.standard_normal(n_cells))
    return np.minimum(np.clip(drawn, *spread.rates_hz) / fps, 0.5)


def own_rates(rates: NDArray[np.float64], wiring: Connections) -> NDArray[np.float64]:
    """Return what cells fire by themselves so that, with what they are driven to, rates are these.

    A follower repeats its driver with the probability of their coupling, and else fires by
    itself. Where it is driven to more than its rate, it fires a tenth of that by itself.
    """
    evoking, silencing = np.maximum(wiring.coupling, 0.0), np.maximum(-wiring.coupling, 0.0)
    left = 1.0 - evoking.sum(axis=0, dtype=np.float64)
    own = np.maximum(rates - rates @ evoking, _LEAST_OWN * rates) / np.maximum(left, _LEAST_OWN)
    # Another event in the window silences no more than the first.
    active = 1.0 - (1.0 - rates) ** wiring.window
    kept = np.prod(1.0 - silencing * active[:, None], axis=0)
    return np.asarray(np.minimum(own / kept, 0.5))


def fire(
    n_frames: int,
    wiring: Connections,
    rates: float | NDArray[np.float64],
    rng: np.random.Generator,
    *,
    share: NDArray[np.float32] | float = 1.0,
    evoked: NDArray[np.bool_] | None = None,
    silence: np.random.Generator | None = None,
) -> NDArray[np.bool_]:
    """Draw events of all cells; a follower repeats its driver's earlier frame now and then.

    In every frame a follower copies what its driver did some frames before with the probability
    of their coupling, and otherwise fires by itself. With one rate for all and no more than that,
    every cell seen alone is therefore the same coin tossed independently in every frame: no
    statistic of a single trace can tell a driver, a follower and a bystander apart.

    Parameters
    ----------
    n_frames : int
        Number of frames T.
    wiring : Connections
        Who evokes events of whom, and who silences whom.
    rates : float or ndarray, shape (n_cells,) or (T, n_cells)
        Probability that a cell fires by itself in a frame.
    rng : numpy.random.Generator
        Source of all events.
    share : float or ndarray of float32, shape (T,)
        How much of the coupling there is in each frame, from 0 to 1.
    evoked : ndarray of bool, shape (T, n_cells), optional
        Events that something from outside evokes; followers follow them too.
    silence : numpy.random.Generator, optional
        Source of what is silenced, where something is.

    Returns
    -------
    ndarray of bool, shape (T, n_cells)
        Whether a cell fires in a frame.
    """
    n_cells = len(wiring.coupling)
    before = int(wiring.lags.max(initial=1)) + wiring.window - 1
    if np.ndim(rates) == 2:
        rates = np.concatenate([np.repeat(rates[:1], before, axis=0), rates])  # type: ignore[index]
    events = rng.random((before + n_frames, n_cells), dtype=np.float32) < rates
    sources, targets, copied = _copies(n_frames, wiring.coupling, share, rng)
    lags = wiring.lags[sources, targets]
    silenced = _Silenced(events, before, wiring, share, silence)
    for t in range(n_frames):
        now, used = before + t, copied[t]
        events[now, targets[used]] = events[now - lags[used], sources[used]]
        if evoked is not None:
            events[now] |= evoked[t]
        silenced.apply(now)
    return events[before:]


def _copies(
    n_frames: int,
    coupling: NDArray[np.float32],
    share: NDArray[np.float32] | float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return sources and targets of all that evokes, and in which frames each is copied, (T, e)."""
    chance = rng.random((n_frames, len(coupling)), dtype=np.float32)
    targets, sources = np.nonzero(coupling.T > 0)
    copied = np.zeros((n_frames, len(targets)), dtype=bool)
    lower, before = np.zeros(n_frames, dtype=np.float32), -1
    pairs = zip(sources.tolist(), targets.tolist(), strict=True)
    for number, (source, target) in enumerate(pairs):
        if target != before:
            lower, before = np.zeros(n_frames, dtype=np.float32), target
        upper = lower + share * coupling[source, target]
        copied[:, number] = (chance[:, target] >= lower) & (chance[:, target] < upper)
        lower = upper
    return sources, targets, copied


class _Silenced:
    """Takes away what is silenced, frame by frame."""

    def __init__(
        self,
        events: NDArray[np.bool_],
        before: int,
        wiring: Connections,
        share: NDArray[np.float32] | float,
        rng: np.random.Generator | None,
    ) -> None:
        self.sources, self.targets = np.nonzero(wiring.coupling < 0)
        self.events, self.before, self.window = events, before, wiring.window
        if not len(self.sources):
            return
        if rng is None:
            raise ValueError("what is silenced needs a source of chance")
        self.lags = wiring.lags[self.sources, self.targets]
        strength = -np.outer(
            np.broadcast_to(share, len(events) - before),
            wiring.coupling[self.sources, self.targets],
        )
        self.hits = rng.random(strength.shape) < strength
        self.total = np.zeros((len(events) + 1, events.shape[1]), dtype=np.int64)
        self.total[1 : before + 1] = np.cumsum(events[:before], axis=0)

    def apply(self, now: int) -> None:
        """Silence targets of sources that fired within the window."""
        if not len(self.sources):
            return
        last, first = now - self.lags + 1, now - self.lags - self.window + 1
        fired = self.total[last, self.sources] > self.total[first, self.sources]
        self.events[now, self.targets[fired & self.hits[now - self.before]]] = False
        self.total[now + 1] = self.total[now] + self.events[now]
