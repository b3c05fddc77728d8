"""A movie with known drivers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeInt

from napari_sparsevar.arguments import checked
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances
from napari_sparsevar.movie.simulation.population import Population, populate, streams_of
from napari_sparsevar.movie.simulation.regime import Regime, find_regime
from napari_sparsevar.movie.simulation.rendering import TISSUE, Scene
from napari_sparsevar.movie.simulation.scenery import make_scene
from napari_sparsevar.movie.simulation.truth import Truth

_BLOCK_BYTES = 16 * 2**20  # of float32 work at a time
_EAGER_BYTES = 256 * 2**20  # smaller movies are kept in memory, larger ones drawn when read


@checked
def simulate_movie(
    n_frames: int = 3000,
    shape: tuple[int, int] | None = None,
    *,
    seed: NonNegativeInt = 0,
    regime: str | Regime = "easy",
    nuisances: Nuisances | None = None,
    signal: float | None = None,
    noise: float | None = None,
    coupling: float | None = None,
    later_coupling: float | None = None,
    fps: float | None = None,
    pixel_size_um: float | None = None,
    n_cells: int | None = None,
    n_drivers: int | None = None,
    n_followers: int | None = None,
    decay_s: float = 0.5,
    event_rate_hz: float | None = None,
    cell_radius_px: float = 3.0,
    neuropil: float = 1.0,
) -> tuple[Movie, Truth]:
    """Simulate a calcium movie in which some cells drive others.

    Cells fire at random, calcium decays after each event, and an event of a driver evokes events
    of its followers in the next frame. Around them are tissue of uneven brightness, dark vessels
    and a neuropil signal that is slow and shared over space; shot noise and read noise lie on
    top. Rate, temporal statistics, variance and brightness of a cell do not depend on its role.
    What makes real recordings harder than that are `nuisances`; the regimes ``optics`` and
    ``all`` have a realistic set of them.

    Parameters
    ----------
    n_frames : int
        Number of frames T.
    shape : tuple of int, optional
        Height and width of the field of view in pixels; without, that of the regime: (64, 64),
        with realistic optics (96, 96).
    seed : int
        The same arguments and seed give the same movie, to the last bit.
    regime : str or Regime
        How hard it is: ``easy``, ``medium_noise``, ``strong_noise``, ``weak_coupling``,
        ``optics``, ``all``. It also says what is not given of the arguments below, see `Regime`.
    nuisances : Nuisances, optional
        Take the place of the regime's.
    signal, noise, coupling : float, optional
        Override the regime's.
    later_coupling : float, optional
        Coupling in the second half of the movie, at most that of the first; the rate of events
        stays the same where cells do not differ. `Truth` says that of the first half.
    fps : float, optional
        Frames per second; 15, with realistic optics 30.
    pixel_size_um : float, optional
        Edge of a pixel in micrometres (2, or 1); it does not change the picture.
    n_cells, n_drivers, n_followers : int, optional
        Cells in all, how many of them drive others, and how many followers each driver has: 36, 6
        and 4, with realistic optics 24, 4 and 3.
    decay_s : float
        Time constant of calcium in seconds; 0 for none. Kinetics have their own.
    event_rate_hz : float, optional
        Events per second and cell: 1, with realistic optics 0.7.
    cell_radius_px : float
        Mean radius of a cell in pixels; centres are at least two radii and a pixel apart. Anatomy
        has its own.
    neuropil : float
        Standard deviation of the neuropil signal in units of a typical cell's signal, where it
        does not follow cells.

    Returns
    -------
    movie : Movie
        Frames of uint16; drawn when they are read where the movie is large.
    truth : Truth
        Cells, traces, connections, and all that else reached cells or light.

    Raises
    ------
    UserError
        If the numbers contradict each other, for example more cells than fit.
    """
    given = {
        "shape": shape,
        "nuisances": nuisances,
        "signal": signal,
        "noise": noise,
        "coupling": coupling,
        "fps": fps,
        "pixel_size_um": pixel_size_um,
        "n_cells": n_cells,
        "n_drivers": n_drivers,
        "n_followers": n_followers,
        "event_rate_hz": event_rate_hz,
    }
    chosen = chosen_regime(find_regime(regime), n_frames, given)
    _check_ranges(
        positive={"cell_radius_px": cell_radius_px},
        other={"decay_s": decay_s, "neuropil": neuropil},
    )
    streams = streams_of(seed)
    people = populate(
        n_frames,
        chosen,
        streams,
        later_share=_later_share(later_coupling, chosen.coupling),
        decay_s=decay_s,
        cell_radius_px=cell_radius_px,
    )
    traces = people.activity.light * (chosen.signal * TISSUE * people.amplitude)
    scene, more = make_scene(chosen, people, traces, streams, seed, neuropil)
    movie = Movie(
        data=_frames(scene),
        fps=chosen.fps,
        pixel_size_um=chosen.pixel_size_um,
        name=f"simulated (seed {seed})",
    )
    settings = {
        "seed": seed,
        "n_frames": n_frames,
        "later_coupling": later_coupling,
        "decay_s": decay_s,
        "cell_radius_px": cell_radius_px,
        "neuropil": neuropil,
        **settings_of(chosen),
    }
    return movie, truth_of(people, traces * np.float32(scene.grey), settings=settings, **more)


def settings_of(regime: Regime) -> dict[str, Any]:
    """Return what a regime says, as plain values."""
    nuisances = regime.nuisances.model_dump(mode="json", exclude_none=True)
    return {**vars(regime), "shape": list(regime.shape), "nuisances": nuisances}


def truth_of(people: Population, traces: NDArray[np.float32], **more: Any) -> Truth:
    """Return what is known of cells and whatever `more` there is."""
    activity = people.activity
    return Truth(
        footprints=people.footprints,
        centres=people.centres,
        traces=traces,
        coupling=people.wiring.coupling,
        drivers=people.wiring.drivers,
        lags=people.wiring.lags,
        events=activity.events,
        cells={**activity.cells, "amplitude": people.amplitude},
        shared=activity.inputs.shared,
        hidden_coupling=activity.inputs.hidden_coupling,
        hidden_lags=activity.inputs.hidden_lags,
        **more,
    )


def chosen_regime(regime: Regime, n_frames: int, given: dict[str, Any]) -> Regime:
    """Return a regime with what is given in place of its own."""
    chosen = replace(regime, **{name: value for name, value in given.items() if value is not None})
    if n_frames < 1 or min(chosen.shape) < 1:
        raise UserError("A simulated movie needs at least one frame and one pixel.")
    if chosen.n_cells < 1 or chosen.n_drivers < 0 or chosen.n_followers < 0:
        raise UserError("n_cells must be at least 1; n_drivers and n_followers at least 0.")
    _check_ranges(
        positive={name: getattr(chosen, name) for name in ("fps", "pixel_size_um", "signal")},
        other={"noise": chosen.noise},
    )
    if not 0 <= chosen.coupling <= 1:
        raise UserError(f"coupling is a probability from 0 to 1, not {chosen.coupling:g}.")
    return chosen


def _check_ranges(positive: dict[str, float], other: dict[str, float]) -> None:
    for name, value in positive.items():
        if not 0 < value < float("inf"):
            raise UserError(f"{name} must be a positive number, not {value:g}.")
    for name, value in other.items():
        if not 0 <= value < float("inf"):
            raise UserError(f"{name} must be 0 or a positive number, not {value:g}.")


def _later_share(later: float | None, coupling: float) -> float:
    if later is None:
        return 1.0
    if not 0 <= later <= coupling:
        raise UserError(
            f"later_coupling is {later:g}: choose 0 to {coupling:g}, that of the first half."
        )
    return later / coupling if coupling else 1.0


def _frames(scene: Scene) -> da.Array:
    """Return the movie as dask blocks; a small one is drawn at once."""
    n_frames, n_pixels = len(scene.traces), scene.shape[0] * scene.shape[1]
    length = max(1, _BLOCK_BYTES // (4 * n_pixels))
    if 2 * n_frames * n_pixels > _EAGER_BYTES:
        size = (n_frames, *scene.shape)
        return lazy_frames.from_reader(scene.draw, size, np.uint16, length=length)
    return lazy_frames.from_memory(
        np.concatenate([scene.draw(*run) for run in lazy_frames.runs(n_frames, length)])
    )
