"""Cells with known drivers in a real recording."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeInt
from scipy.ndimage import gaussian_filter

from napari_sparsevar.arguments import checked
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.registration.interpolation import moved
from napari_sparsevar.movie.registration.lines import aligned
from napari_sparsevar.movie.registration.register import estimating_shifts
from napari_sparsevar.movie.registration.shifts import Shifts
from napari_sparsevar.movie.registration.still import as_recorded, moved_back
from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances
from napari_sparsevar.movie.simulation.photon_transfer import PhotonTransfer, photon_transfer
from napari_sparsevar.movie.simulation.population import Population, populate, streams_of
from napari_sparsevar.movie.simulation.regime import Regime, find_regime
from napari_sparsevar.movie.simulation.simulate import chosen_regime, settings_of, truth_of
from napari_sparsevar.movie.simulation.truth import Truth
from napari_sparsevar.progress import returned

Float32Array = NDArray[np.float32]

_NEAR_PX = 8.0  # over which the light around a cell is averaged
_CELL_REST = 0.3  # where no anatomy says another


@checked
def add_simulated_cells(
    movie: Movie,
    *,
    seed: NonNegativeInt = 0,
    regime: str | Regime = "optics",
    nuisances: Nuisances | None = None,
    signal: float | None = None,
    coupling: float | None = None,
    n_cells: int | None = None,
    n_drivers: int | None = None,
    n_followers: int | None = None,
    event_rate_hz: float | None = None,
) -> tuple[Movie, Truth]:
    """Add cells with known drivers to a recording, which keeps its noise, neuropil and motion.

    What the cells do and how they look is simulated as `simulate_movie` does. Their light is in
    units of the light around them (above the dark, which is estimated with the gain of the
    detector from how noise grows with light), moves with the field, is counted in photons of that
    gain, and is cut off where the pixels' type ends. Nuisances of tissue, detector and motion do
    not count: the recording has its own.

    Parameters
    ----------
    movie : Movie
        A recording as it was taken, or held still by `register`; its pixels are not changed.
    seed : int
        The same arguments and seed give the same movie.
    regime : str or Regime
        What cells are like, as in `simulate_movie`; field and rate are those of the recording.
    nuisances : Nuisances, optional
        Take the place of the regime's.
    signal : float, optional
        Standard deviation of a typical cell's signal, in units of the light around it.
    coupling, n_cells, n_drivers, n_followers, event_rate_hz : optional
        Override the regime's.

    Returns
    -------
    movie : Movie
        The frames of the recording with the cells, made when they are read.
    truth : Truth
        What is known of the added cells; nothing is known of those that were there.

    Raises
    ------
    UserError
        If the recording has no frame rate, its noise does not grow with its light, or the cells
        do not fit.
    """
    if movie.fps is None:
        raise UserError(f"{movie.name} does not say its frame rate: open it again with fps.")
    recorded = as_recorded(movie)
    light = photon_transfer(recorded)
    rows, columns = _inside(light.mean)
    given = {
        "shape": (rows.stop - rows.start, columns.stop - columns.start),
        "fps": movie.fps,
        "nuisances": nuisances,
        "signal": signal,
        "coupling": coupling,
        "n_cells": n_cells,
        "n_drivers": n_drivers,
        "n_followers": n_followers,
        "event_rate_hz": event_rate_hz,
    }
    chosen = chosen_regime(find_regime(regime), movie.n_frames, given)
    people = _placed(populate(movie.n_frames, chosen, streams_of(seed)), rows, columns, movie.shape)
    shifts, notes = _motion(movie)
    traces, rest = _grey(people, chosen, light)
    data = _with_cells(recorded, people.footprints, traces, rest, shifts, light.gain, seed)
    made = replace(
        recorded,
        data=data,
        source=None,
        name=f"{recorded.name} with simulated cells (seed {seed})",
        notes=(*recorded.notes, *notes),
    )
    if movie.registered is not None:
        made = moved_back(made, movie.registered.shifts)
    motion = None if shifts is None else shifts.values.astype(np.float32)
    settings = {"seed": seed, "recording": recorded.name, **settings_of(chosen)}
    return made, truth_of(people, traces, motion=motion, settings=settings)


def _inside(mean: Float32Array) -> tuple[slice, slice]:
    """Return the rows and columns within which some pixel is known, without rims of NaN."""
    known = np.isfinite(mean)
    rows, columns = (np.flatnonzero(known.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _placed(people: Population, rows: slice, columns: slice, shape: tuple[int, int]) -> Population:
    """Return cells of a part of a field in the whole of it."""
    footprints = np.zeros((len(people.centres), *shape), dtype=np.float32)
    footprints[:, rows, columns] = people.footprints
    first = np.array([rows.start, columns.start], dtype=np.float32)
    return people._replace(footprints=footprints, centres=people.centres + first)


def _motion(movie: Movie) -> tuple[Shifts | None, list[str]]:
    """Return where the field lies in each frame, if it moves; and what is to be said."""
    if movie.registered is not None:
        shifts = movie.registered.shifts
        bent = "The added cells move with the whole field, not with its parts."
        return shifts, [] if shifts.local is None else [bent]
    try:
        return returned(estimating_shifts(movie)).needed(), []
    except UserError as error:
        return None, [f"The added cells do not move: {error}"]


def _grey(
    people: Population, regime: Regime, light: PhotonTransfer
) -> tuple[Float32Array, Float32Array]:
    """Return traces (T, n_cells) and light at rest (n_cells,) in grey values."""
    known = np.isfinite(light.mean)
    smooth = gaussian_filter(np.where(known, light.mean - light.dark, 0.0), _NEAR_PX)
    around = smooth / np.maximum(gaussian_filter(known.astype(np.float32), _NEAR_PX), 1e-6)
    y, x = np.round(people.centres).astype(np.int64).T
    local = around[y, x].astype(np.float32)
    anatomy = regime.nuisances.anatomy
    rest = (anatomy.rest if anatomy else _CELL_REST) * local * people.brightness
    traces = people.activity.light * (regime.signal * local * people.amplitude)
    return traces.astype(np.float32), rest.astype(np.float32)


def _with_cells(
    recorded: Movie,
    footprints: Float32Array,
    traces: Float32Array,
    rest: Float32Array,
    shifts: Shifts | None,
    gain: float,
    seed: int,
) -> Any:
    """Return the frames with cells, (T, Y, X) as dask blocks."""
    dtype, flat = recorded.data.dtype, footprints.reshape(len(footprints), -1)

    def add(start: int, frames: NDArray[np.generic]) -> NDArray[np.generic]:
        stop = start + len(frames)
        added = ((traces[start:stop] + rest) @ flat).reshape(frames.shape)
        if shifts is not None:
            pairs = zip(added, shifts.values[start:stop], strict=True)
            there = [moved(image, -shift) for image, shift in pairs]
            added = np.stack([aligned(image, -shifts.line_phase) for image in there])
        photons = np.random.default_rng((seed, start)).poisson(np.maximum(added, 0.0) / gain)
        sums = frames.astype(np.float64) + gain * photons
        if np.issubdtype(dtype, np.integer):
            limits = np.iinfo(dtype)
            sums = np.clip(np.rint(sums), limits.min, limits.max)
        return sums.astype(dtype)

    return lazy_frames.changed(recorded.data, add, dtype)
