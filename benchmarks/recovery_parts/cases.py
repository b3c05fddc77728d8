"""The movies of the benchmark: each case is a simulation with known drivers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from napari_sparsevar import Movie, Nuisances, Truth, register, simulate_movie
from napari_sparsevar.movie import REGIMES

DEFAULTS: dict[str, Any] = {
    "n_frames": 3000,
    "shape": (64, 64),
    "n_cells": 36,
    "n_drivers": 6,
    "fps": 15.0,
    "decay_s": 0.5,
    "cell_radius_px": 3.0,
}

CASES: dict[str, dict[str, Any]] = {
    "easy": {"regime": "easy"},
    "medium_noise": {"regime": "medium_noise"},
    "strong_noise": {"regime": "strong_noise"},
    "weak_coupling": {"regime": "weak_coupling"},
    "short": {"regime": "medium_noise", "n_frames": 1000},
    "extreme_noise": {"regime": "strong_noise", "noise": 12.0},
    "extreme_coupling": {"regime": "weak_coupling", "coupling": 0.1},
    "large_cells": {"regime": "medium_noise", "cell_radius_px": 5.0, "shape": (96, 96)},
    "fast_frames": {"regime": "medium_noise", "fps": 30.0},
    "slow_decay": {"regime": "medium_noise", "decay_s": 1.2},
    "dense": {"regime": "medium_noise", "n_cells": 50},
    "large_field": {
        "regime": "medium_noise",
        "shape": (128, 128),
        "n_cells": 120,
        "n_drivers": 20,
    },
}
"""The first five are the regimes to be judged by, two go beyond them, where good methods still
differ; each of the others changes one thing more."""

_REALISTIC = REGIMES["all"].nuisances
_FIELD: dict[str, Any] = {
    "shape": None,
    "n_cells": None,
    "n_drivers": None,
    "fps": None,
    "decay_s": 0.9,
    "cell_radius_px": 5.75,
}
"""What is None is that of the regime."""


def _only(name: str) -> Nuisances:
    return _REALISTIC.without(*_REALISTIC.without(name).names).adding(name)


CASES |= {
    "optics": {**_FIELD, "regime": "optics"},
    "all": {**_FIELD, "regime": "all"},
    "optics_moving": {**_FIELD, "regime": "optics", "held_still": False},
    "all_moving": {**_FIELD, "regime": "all", "held_still": False},
    "only_noise": {**_FIELD, "regime": "optics", "nuisances": Nuisances(), "noise": 1.4},
    **{
        f"only_{name}": {**_FIELD, "regime": "optics", "nuisances": _only(name), "noise": 1.4}
        for name in Nuisances.model_fields
    },
    **{
        f"without_{name}": {
            **_FIELD,
            "regime": "optics",
            "nuisances": REGIMES["optics"].nuisances.without(name),
            "noise": 1.4,
        }
        for name in REGIMES["optics"].nuisances.names
    },
}
"""Realistic optics (`docs/simulate.md`); on the same field and cells one nuisance at a time, over
noise as strong as that of the photons; and the realistic set with one of them left out.
Movies whose field moves are held still first, as a training does by itself, for all methods alike;
*moving* are those as they were recorded."""

MAIN_CASES = ["easy", "medium_noise", "strong_noise", "weak_coupling", "short"]


class Trial(NamedTuple):
    """One movie and what a method may be told about it, besides the truth for the scores.

    Attributes
    ----------
    movie : Movie
    truth : Truth
    seed : int
    cell_radius_px, decay_s : float
        Of the simulation; suite2p is told both, to be fair to it.
    """

    movie: Movie
    truth: Truth
    seed: int
    cell_radius_px: float
    decay_s: float


@lru_cache(maxsize=1)
def make_trial(case: str, seed: int, frames: int | None = None) -> Trial:
    """Simulate the movie of a case; all methods of one process share it.

    Parameters
    ----------
    case : str
        A key of `CASES`.
    seed : int
    frames : int, optional
        Length, for a quick look only.
    """
    settings = DEFAULTS | CASES[case]
    if frames is not None:
        settings["n_frames"] = frames
    held_still = settings.pop("held_still", True)
    movie, truth = simulate_movie(seed=seed, **settings)
    if held_still and "motion" in truth.settings["nuisances"]:
        movie = register(movie)
    return Trial(movie, truth, seed, settings["cell_radius_px"], settings["decay_s"])


def name_of(case: str, frames: int | None) -> str:
    """Return the name of a case in the results; a quick look is not mistaken for the whole."""
    return case if frames is None else f"{case}, {frames} frames"
