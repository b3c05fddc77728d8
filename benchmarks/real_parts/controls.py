"""Negative controls: movies in which nothing drives anything, and what is found there."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import NamedTuple

import dask.array as da
import numpy as np
import torch
from numpy.typing import NDArray

from napari_sparsevar import Movie, simulate_movie
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.model.config import ResolvedConfig
from napari_sparsevar.model.grid import LatentGrid
from real_parts.model import Tested, analysed, settings_for, train_model
from real_parts.tiles import Tiles, draw_tiles, shift_tiles, shift_tiles_over_background
from recovery_parts.frames import raw_frames

REAL_KINDS = ("unshifted", "tiles", "tiles over the background")
SIMULATED_KINDS = ("unshifted", "tiles", "tiles over the background", "no coupling")
_NOTABLE = 2.0


class Control(NamedTuple):
    """What was found in one movie.

    Attributes
    ----------
    movie, kind, variant : str
    seed : int
    candidates, drivers : int
        Regions that stand out, and those of them that survive the test.
    places, edges : int
        Latents and pairs with an adjusted p-value at the level, of all that were tested.
    listed_edges : int
        Those of the edges that the lasso selects as well: the ones a run lists.
    smallest_place, smallest_edge : float
        Smallest adjusted p-values; NaN where nothing could be tested.
    decay, noise : float
        Of the own dynamics.
    seconds : float
    """

    movie: str
    kind: str
    variant: str
    seed: int
    candidates: int
    drivers: int
    places: int
    edges: int
    listed_edges: int
    smallest_place: float
    smallest_edge: float
    decay: float
    noise: float
    seconds: float


class Suspect(NamedTuple):
    """A pair behind something found in a control.

    Attributes
    ----------
    movie, kind : str
    seed : int
    what : str
        ``edge``, or ``place``: one of the strongest targets of a place found to drive.
    p_adjusted : float
        Of the edge or of the place.
    source_y, source_x, target_y, target_x, distance : float
        Pixels.
    lag : int
    z : float
        Estimate over its standard error; its sign is that of the influence.
    relation : str
        How the tiles of the two lie to each other; empty where there are none.
    """

    movie: str
    kind: str
    seed: int
    what: str
    p_adjusted: float
    source_y: float
    source_x: float
    target_y: float
    target_x: float
    distance: float
    lag: int
    z: float
    relation: str


class Altered(NamedTuple):
    """A movie to be tested.

    Attributes
    ----------
    movie : Movie
    tiles : Tiles or None
        What it was cut into, if it was.
    settings : ResolvedConfig
        Of the network, as they fit the movie before: seams mislead the guess of the cell size.
    """

    movie: Movie
    tiles: Tiles | None
    settings: ResolvedConfig


def alter(movie: Movie, kind: str, seed: int) -> Altered:
    """Return the movie of a kind of control."""
    settings = settings_for(movie)
    if kind not in ("tiles", "tiles over the background"):
        return Altered(movie, None, settings)
    tiles = draw_tiles(movie.shape, movie.n_frames, np.random.default_rng([seed, 16]))
    frames = raw_frames(movie)
    if kind == "tiles":
        moved = shift_tiles(frames, tiles)
    else:
        moved = shift_tiles_over_background(frames, tiles, settings.background_diameter)
    data = da.from_array(moved, chunks=(100, -1, -1))  # type: ignore[no-untyped-call]
    return Altered(replace(movie, data=data), tiles, settings)


def simulated(kind: str, seed: int) -> Altered:
    """Return a simulated movie; ``no coupling`` has no drivers to begin with."""
    coupling = 0.0 if kind == "no coupling" else None
    movie, _ = simulate_movie(1500, (64, 64), seed=seed, regime="medium_noise", coupling=coupling)
    return alter(movie, kind, seed)


def examine(
    altered: Altered, name: str, kind: str, variant: str, preset: str, seed: int
) -> tuple[Control, list[Suspect]]:
    """Train on one movie, test it, and list what is behind everything found."""
    began = time.perf_counter()
    model = train_model(altered.movie, variant, preset, seed, altered.settings)
    tested = analysed(model)
    seconds = time.perf_counter() - began
    place, edge = tested.significance.place_p, tested.significance.edge_p
    distant = (tested.fitted.coefficients != 0) & (tested.fitted.weights > 0)
    control = Control(
        name,
        kind,
        variant if variant == "untrained" else f"{variant}, {preset}",
        seed,
        len(tested.candidates.table),
        len(tested.drivers.table) if not tested.significance.note else 0,
        int((place <= LEVEL).sum()),
        int((edge <= LEVEL).sum()),
        int(((edge <= LEVEL) & distant).sum()),
        _smallest(place),
        _smallest(edge),
        tested.fitted.own.dynamics.decay,
        tested.fitted.own.dynamics.noise,
        seconds,
    )
    return control, suspects(control, tested, model.grid, altered.tiles)


def _smallest(values: torch.Tensor) -> float:
    known = values[values.isfinite()]
    return float(known.min()) if known.numel() else float("nan")


def suspects(
    control: Control, tested: Tested, grid: LatentGrid, tiles: Tiles | None, most: int = 5
) -> list[Suspect]:
    """List significant edges, and the strongest targets of significant places.

    Parameters
    ----------
    most : int
        Targets of each place.
    """
    tests = tested.significance
    z = (tests.estimate / tests.standard_error).nan_to_num(0.0).numpy()
    size, place_p = z.shape[1], tests.place_p.numpy()
    edges = np.argwhere(tests.edge_p.numpy() <= LEVEL)
    listed = [("edge", float(tests.edge_p[row, target]), row, target) for row, target in edges]
    for place in np.flatnonzero(place_p <= LEVEL):
        rows = np.arange(place, z.shape[0], size)
        strongest = np.argsort(-z[rows], axis=None)[:most]
        for at in strongest:
            row, target = rows[at // size], at % size
            if z[row, target] > _NOTABLE:
                listed.append(("place", float(place_p[place]), row, target))
    centres = grid.centres()
    found = []
    for what, p_value, row, target in listed:
        one, other = centres[row % size], centres[target]
        found.append(
            Suspect(
                *control[:2],
                control.seed,
                what,
                p_value,
                *_positions(one, other),
                int(row // size) + 1,
                float(z[row, target]),
                tiles.relation(one, other) if tiles else "",
            )
        )
    return found


def _positions(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[float, float, float, float, float]:
    distance = float(np.hypot(*(one - other)))
    return float(one[0]), float(one[1]), float(other[0]), float(other[1]), distance
