"""Do two halves of a movie give the same contribution map, and more so than brightness does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_sparsevar import Movie, Truth
from napari_sparsevar.movie import inspect_movie
from real_parts.measures import chance_correlation, correlation, partial_correlation, ranks
from real_parts.model import VARIANTS, map_of, train_model
from recovery_parts.cases import Trial
from recovery_parts.frames import clean_frames
from recovery_parts.pooling import pooling

Image = NDArray[np.floating]
SMOOTHING_PX = 1.8
CHANCE_OFFSET = 100
"""Frames between the past and what it is paired with, for maps of chance."""


class Agreement(NamedTuple):
    """How alike two maps are, and how much of that brightness and activity explain.

    Attributes
    ----------
    name : str
    pearson, spearman : float
        Between the halves.
    chance : float
        Standard deviation of ``pearson`` when one map is rolled over the other.
    brightness, activity : float
        Pearson with the mean image and with the activity map of the same half, mean of both.
    partial, partial_spearman : float
        Between the halves, given mean, noise scale and activity of both halves.
    """

    name: str
    pearson: float
    spearman: float
    chance: float
    brightness: float
    activity: float
    partial: float
    partial_spearman: float


class Half(NamedTuple):
    """A half of a movie and images that know nothing of who drives whom."""

    movie: Movie
    brightness: Image
    noise: Image
    activity: Image


def halves(movie: Movie) -> tuple[Half, Half]:
    """Cut a movie in the middle of its time."""
    middle = movie.n_frames // 2
    return _half(movie, slice(None, middle)), _half(movie, slice(middle, None))


def _half(movie: Movie, span: slice) -> Half:
    part = replace(movie, data=movie.data[span])
    _, static = inspect_movie(part)
    values = gaussian_filter(clean_frames(part).values, (0.0, SMOOTHING_PX, SMOOTHING_PX))
    return Half(part, static.mean, static.noise, values.std(axis=0))


def maps(half: Half, preset: str, seed: int) -> Iterator[tuple[str, str, Image]]:
    """Yield name, best step and contribution map of every method, and what chance alone draws."""
    for variant in VARIANTS:
        model = train_model(half.movie, variant, preset, seed)
        step = str(model.best_step)
        yield variant, step, map_of(model)
        yield f"{variant}, chance alone", step, map_of(model, CHANCE_OFFSET)
    yield "pooling done well", "", pooling(_without_truth(half.movie)).map


def _without_truth(movie: Movie) -> Trial:
    none = np.zeros((0, *movie.shape), np.float32)
    truth = Truth(none, none[:, 0, :2], none[:, 0], np.zeros((0, 0), np.float32), np.zeros(0, int))
    return Trial(movie, truth, 0, 3.0, 0.5)


def compare_halves(movie: Movie, preset: str, seed: int) -> Iterator[Agreement]:
    """Yield how well the maps of both halves agree, for every method and for images alone."""
    first, second = halves(movie)
    rng = np.random.default_rng(seed)
    yield agreement("mean image alone", first.brightness, second.brightness, first, second, rng)
    yield agreement("activity alone", first.activity, second.activity, first, second, rng)
    both = zip(maps(first, preset, seed), maps(second, preset, seed), strict=True)
    for (name, step, one), (_, other_step, other) in both:
        steps = f" (steps {step}, {other_step})" if step else ""
        yield agreement(name + steps, one, other, first, second, rng)


def agreement(
    name: str, one: Image, other: Image, first: Half, second: Half, rng: np.random.Generator
) -> Agreement:
    """Compare the maps of two halves."""
    given = [image for half in (first, second) for image in half[1:]]
    pairs = [(one, first), (other, second)]
    return Agreement(
        name,
        correlation(one, other),
        correlation(ranks(one), ranks(other)),
        chance_correlation(one, other, rng),
        float(np.mean([correlation(image, half.brightness) for image, half in pairs])),
        float(np.mean([correlation(image, half.activity) for image, half in pairs])),
        partial_correlation(one, other, given),
        partial_correlation(ranks(one), ranks(other), [ranks(image) for image in given]),
    )
