"""What reaches cells from outside: running bouts, bursts, stimuli, hidden cells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie.simulation.nuisances.activity import Bursts, Hidden, State, Stimuli
from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances

_RISE_S = 0.5  # in which a bout begins and ends


@dataclass
class Inputs:
    """Of all frames, those before the first included.

    Attributes
    ----------
    factor : ndarray, shape (T, n_cells), or None
        What rates are multiplied by.
    evoked : ndarray of bool, shape (T, n_cells), or None
        Events that something evokes.
    shared : dict of ndarray, shape (T,)
        What reached the cells, by name.
    cells : dict of ndarray, shape (n_cells,)
        How each cell took it, by name.
    hidden_coupling, hidden_lags : ndarray, shape (n_hidden, n_cells)
        Who is driven by hidden cells, and how many frames later.
    """

    factor: NDArray[np.float64] | None = None
    evoked: NDArray[np.bool_] | None = None
    shared: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    cells: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    hidden_coupling: NDArray[np.float32] | None = None
    hidden_lags: NDArray[np.int64] | None = None

    def add(self, name: str, course: NDArray[np.generic], evoked: NDArray[np.bool_]) -> None:
        """Keep what reached the cells under a name, and the events that it evoked."""
        self.shared[name] = course.astype(np.float32)
        self.evoked = evoked if self.evoked is None else self.evoked | evoked

    def from_frame(self, first: int) -> Inputs:
        """Return what is known of the frames of the movie."""
        shared = {name: course[first:] for name, course in self.shared.items()}
        return replace(self, factor=None, evoked=None, shared=shared)


def draw_inputs(
    nuisances: Nuisances,
    n_frames: int,
    n_cells: int,
    fps: float,
    streams: dict[str, np.random.Generator],
) -> Inputs:
    """Draw what reaches the cells.

    Parameters
    ----------
    nuisances : Nuisances
        Of which state, bursts, stimuli and hidden cells count.
    n_frames, n_cells : int
        T and how many cells there are.
    fps : float
        Frames per second.
    streams : dict of numpy.random.Generator
        A source of chance for each of the four, so that one does not change another.
    """
    inputs = Inputs()
    if nuisances.state:
        _run(inputs, nuisances.state, n_frames, n_cells, fps, streams["state"])
    if nuisances.bursts:
        _burst(inputs, nuisances.bursts, n_frames, n_cells, fps, streams["bursts"])
    if nuisances.stimuli:
        _stimulate(inputs, nuisances.stimuli, n_frames, n_cells, fps, streams["stimuli"])
    if nuisances.hidden:
        _drive(inputs, nuisances.hidden, n_frames, n_cells, fps, streams["hidden"])
    return inputs


def _run(
    inputs: Inputs, state: State, n_frames: int, n_cells: int, fps: float, rng: np.random.Generator
) -> None:
    running = np.zeros(n_frames)
    pause_s = np.mean(state.bout_s) * (1.0 / state.share - 1.0)
    # It may be in the middle of a pause when the movie begins.
    t = fps * rng.exponential(pause_s) * (rng.random() > state.share)
    while t < n_frames:
        stop = t + fps * rng.uniform(*state.bout_s)
        running[round(t) : round(stop)] = 1.0
        t = stop + fps * rng.exponential(pause_s)
    n_rise = max(1, round(_RISE_S * fps))
    running = np.convolve(running, np.ones(n_rise) / n_rise)[:n_frames]
    gain = rng.uniform(*state.gain, n_cells)
    inputs.factor = 1.0 + running[:, None] * (gain - 1.0)
    inputs.shared["running"] = running.astype(np.float32)
    inputs.cells["running_gain"] = gain.astype(np.float32)


def _burst(
    inputs: Inputs,
    bursts: Bursts,
    n_frames: int,
    n_cells: int,
    fps: float,
    rng: np.random.Generator,
) -> None:
    starts = rng.random(n_frames) < bursts.per_minute / (60.0 * fps)
    first = np.flatnonzero(starts)
    within = max(1, round(bursts.within_s * fps))
    frames = first[:, None] + rng.integers(0, within, (len(first), n_cells))
    takes_part = rng.random(frames.shape) < bursts.takes_part
    inputs.add("burst", starts, _events(frames, takes_part, n_frames))


def _stimulate(
    inputs: Inputs,
    stimuli: Stimuli,
    n_frames: int,
    n_cells: int,
    fps: float,
    rng: np.random.Generator,
) -> None:
    shown = rng.random(n_frames) < stimuli.per_minute / (60.0 * fps)
    answering = rng.permutation(n_cells) < round(stimuli.answering * n_cells)
    latency = np.round(rng.uniform(*stimuli.latency_s, n_cells) * fps).astype(np.int64)
    frames = np.flatnonzero(shown)[:, None] + latency
    answered = answering & (rng.random(frames.shape) < stimuli.probability)
    inputs.add("stimulus", shown, _events(frames, answered, n_frames))
    inputs.cells["latency_s"] = np.where(answering, latency / fps, np.nan).astype(np.float32)


def _drive(
    inputs: Inputs,
    hidden: Hidden,
    n_frames: int,
    n_cells: int,
    fps: float,
    rng: np.random.Generator,
) -> None:
    coupling = np.zeros((hidden.n, n_cells), dtype=np.float32)
    lags = np.zeros((hidden.n, n_cells), dtype=np.int64)
    for number in range(hidden.n):
        followers = rng.permutation(n_cells)[: hidden.followers]
        delays = rng.uniform(*hidden.delay_s, len(followers)) * fps
        coupling[number, followers] = hidden.probability
        lags[number, followers] = np.maximum(1, np.round(delays))
        fired = rng.random(n_frames) < hidden.rate_hz / fps
        frames = np.flatnonzero(fired)[:, None] + lags[number]
        evoked = rng.random(frames.shape) < coupling[number]
        inputs.add(f"hidden cell {number + 1}", fired, _events(frames, evoked, n_frames))
    inputs.hidden_coupling, inputs.hidden_lags = coupling, lags


def _events(
    frames: NDArray[np.int64], happens: NDArray[np.bool_], n_frames: int
) -> NDArray[np.bool_]:
    """Return events, (T, n_cells), from the frame of each occasion and cell, (occasions, n)."""
    events = np.zeros((n_frames, frames.shape[1]), dtype=bool)
    occasion, cell = np.nonzero(happens & (frames < n_frames))
    events[frames[occasion, cell], cell] = True
    return events
