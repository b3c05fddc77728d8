"""Several planes of one recording, read one after the other, with known drivers across planes."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.simulation import tissue
from napari_sparsevar.movie.simulation.population import act, streams_of
from napari_sparsevar.movie.simulation.regime import find_regime
from napari_sparsevar.movie.simulation.truth import Truth
from napari_sparsevar.movie.simulation.wiring import Connections, connect

_GREY = 1000.0
_SIGNAL = 0.2
"""Of a typical cell, in units of the tissue's light."""
_RADIUS_PX = 3.0
_NEUROPIL_S, _NEUROPIL_PX = 1.0, 24.0


class SimulatedPlanes(NamedTuple):
    """Frames of all planes and what is known of them.

    Attributes
    ----------
    frames : ndarray of uint16, shape (T, Z, Y, X)
    volumes_per_second : float
    truth : Truth
        Of cells numbered through all planes: centres (y, x) and footprints (Y, X) are those of a
        cell in its own plane, ``cells["plane"]`` its number from 1; lags are in turns, of which a
        volume has as many as planes.
    """

    frames: NDArray[np.uint16]
    volumes_per_second: float
    truth: Truth


def simulate_planes(
    n_frames: int = 3000,
    shape: tuple[int, int] = (64, 64),
    *,
    n_planes: int = 3,
    seed: int = 0,
    delay: float = 1.0,
    noise: float = 1.0,
    coupling: float = 0.5,
    volumes_per_second: float = 10.0,
    cells_per_plane: int = 12,
    n_drivers: int = 6,
    n_followers: int = 4,
    seen_beside: float = 0.3,
    neuropil: float = 1.0,
) -> SimulatedPlanes:
    """Simulate planes of which each is read after the one before it.

    Time goes on in turns: plane k of n sees what is there in every n-th, from the k-th on.

    Parameters
    ----------
    n_frames : int
        Volumes T.
    shape : tuple of int
        Height and width of a plane in pixels.
    n_planes : int
    seed : int
        The same arguments and seed give the same frames, to the last bit.
    delay : float
        From an event of a driver to those it evokes, in periods of a volume.
    noise : float
        Standard deviation of a pixel's noise, in units of that of a typical cell.
    coupling : float
        Probability that an event of a driver evokes one of each of its followers; 0 for none.
    volumes_per_second : float
    cells_per_plane, n_drivers, n_followers : int
        Cells in each plane, drivers in all planes, and followers of each, in whatever plane.
    seen_beside : float
        Share of the light of a cell that is seen in the planes above and below it.
    neuropil : float
        Standard deviation of slow light that all planes share, in units of a typical cell.

    Raises
    ------
    UserError
        If the numbers contradict each other.
    """
    if n_planes < 2 or n_frames < 1 or delay * n_planes < 1:
        raise UserError("Planes are at least two, with a frame or more, and a delay of a turn.")
    streams, rng = streams_of(seed), np.random.default_rng([seed, n_planes])
    regime = replace(find_regime("easy"), fps=volumes_per_second * n_planes)
    centres = np.concatenate(
        [
            tissue.place_cells(
                shape,
                cells_per_plane,
                min_distance_px=2 * _RADIUS_PX + 1,
                margin_px=_RADIUS_PX,
                rng=streams["scatter"],
            )
            for _ in range(n_planes)
        ]
    )
    plane = np.repeat(np.arange(n_planes), cells_per_plane)
    footprints = tissue.draw_footprints(shape, centres, _RADIUS_PX, streams["shapes"])
    wiring = connect(centres, n_drivers, n_followers, coupling, 4 * _RADIUS_PX, streams["wiring"])
    turns = round(delay * n_planes)
    wiring = Connections(wiring.coupling, wiring.lags * turns, wiring.drivers)
    activity = act(n_frames * n_planes, wiring, regime, streams)
    shared = neuropil * _slow(n_frames * n_planes, regime.fps, rng)
    frames = np.empty((n_frames, n_planes, *shape), np.uint16)
    for index in range(n_planes):
        share = seen_beside ** np.abs(plane - index) * (np.abs(plane - index) <= 1)
        seen = footprints.reshape(len(centres), -1) * share[:, None]
        light = activity.light[index::n_planes] @ seen
        place = 1.0 + 0.3 * tissue.smooth_field(shape, _NEUROPIL_PX, rng).ravel()
        light += rng.normal(0.0, noise, light.shape) + np.outer(shared[index::n_planes], place)
        still = 1.0 + 0.2 * tissue.smooth_field(shape, _NEUROPIL_PX, rng).ravel()
        drawn = _GREY * (np.maximum(still, 0.2) + _SIGNAL * light)
        frames[:, index] = np.clip(drawn, 0, 65535).reshape(n_frames, *shape)
    known = Truth(
        footprints=footprints,
        centres=centres,
        traces=activity.light * np.float32(_GREY * _SIGNAL),
        coupling=wiring.coupling,
        drivers=wiring.drivers,
        lags=wiring.lags,
        events=activity.events,
        cells={"plane": (plane + 1).astype(np.float32)},
        settings={"seed": seed, "n_planes": n_planes, "delay": delay, "noise": noise},
    )
    return SimulatedPlanes(frames, volumes_per_second, known)


def _slow(n_turns: int, fps: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a slow course of variance 1."""
    course = rng.standard_normal(n_turns)
    decay = np.exp(-1.0 / (_NEUROPIL_S * fps))
    for t in range(1, n_turns):
        course[t] += decay * course[t - 1]
    return np.asarray(course / course.std())
