"""How influences grow along the solution path: exact lines through the knots."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.analysis.fit.solution_path import SolutionPath
from napari_sparsevar.analysis.maps.influence import Direction
from napari_sparsevar.analysis.maps.region import Region
from napari_sparsevar.analysis.results import Results

FloatArray = npt.NDArray[np.float64]

_PART = 0.1
"""Targets that make up less than this share of a region's largest part are left out."""


class PathCurve(NamedTuple):
    """One influence along the path.

    Attributes
    ----------
    penalties : ndarray, shape (m,)
        Descending; between two the influence is linear.
    values : ndarray, shape (m,)
    """

    penalties: FloatArray
    values: FloatArray


def edge_curves(results: Results, path: SolutionPath, edges: pd.DataFrame) -> list[PathCurve]:
    """Return the effect on the frame of edges (``source``, ``target``, ``lag``) along the path."""
    size, amplitude = results.fitted.n_series, results.projection.amplitude
    curves = []
    for edge in edges.itertuples():
        penalties, coefficients = path.knots(int(edge.target))
        row = (int(edge.lag) - 1) * size + int(edge.source)
        values = coefficients[:, [row]].toarray()[:, 0]
        curves.append(PathCurve(penalties, values * amplitude[int(edge.target)]))
    return curves


def partner_curves(
    results: Results,
    path: SolutionPath,
    region: Region,
    direction: Direction,
    latents: list[int],
) -> list[PathCurve]:
    """Return how strongly a region drives latents (or they drive it) along the path.

    All lags together, in the units the partners are ranked by: the change of the frame for
    ``outgoing``, of the region's mean prediction for ``incoming``.

    Parameters
    ----------
    results : Results
    path : SolutionPath
    region : Region
    direction : {"outgoing", "incoming"}
    latents : list of int
    """
    near = np.tile(results.fitted.near, (results.fitted.lags, 1))
    if direction == "outgoing":
        weights = np.tile(region.drive, results.fitted.lags)
        curves = []
        for latent in latents:
            penalties, coefficients = path.knots(latent)
            moved = coefficients @ np.where(near[:, latent], 0.0, weights)
            curves.append(PathCurve(penalties, moved * results.projection.amplitude[latent]))
        return curves
    parts = region.prediction
    targets = np.flatnonzero(np.abs(parts) >= _PART * np.abs(parts).max(initial=0.0))
    return _incoming(path, near, parts, targets, latents)


def _incoming(
    path: SolutionPath,
    near: npt.NDArray[np.bool_],
    parts: FloatArray,
    targets: npt.NDArray[np.intp],
    latents: list[int],
) -> list[PathCurve]:
    """Add up what latents do to several targets, whose paths bend at different penalties."""
    size, sources = path.n_targets, np.asarray(latents, np.intp)
    lags = path.n_predictors // size
    rows = (np.arange(lags)[:, None] * size + sources).ravel()
    known = []
    for target in targets:
        penalties, coefficients = path.knots(int(target))
        values = coefficients[:, rows].toarray() * ~near[rows, target] * parts[target]
        known.append((penalties, values.reshape(len(penalties), lags, -1).sum(axis=1)))
    every = np.unique(np.concatenate([penalties for penalties, _ in known]))
    curves = []
    for index in range(len(sources)):
        each = (np.interp(every, at[::-1], values[::-1, index]) for at, values in known)
        curves.append(PathCurve(every[::-1], np.sum(list(each), axis=0)[::-1]))
    return curves
