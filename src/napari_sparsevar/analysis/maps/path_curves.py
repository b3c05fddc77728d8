"""How influences grow along the solution path: exact lines through the knots."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.analysis.fit.fitting import FittedVar
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
        row = np.array([(int(edge.lag) - 1) * size + int(edge.source)])
        penalties, values = path.course(int(edge.target), row)
        curves.append(PathCurve(penalties, values[:, 0] * amplitude[int(edge.target)]))
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
    if direction == "outgoing":
        weights = np.tile(region.drive, results.fitted.lags)
        curves = []
        for latent in latents:
            penalties, coefficients = path.knots(latent)
            moved = coefficients @ np.where(results.fitted.near_to(latent), 0.0, weights)
            curves.append(PathCurve(penalties, moved * results.projection.amplitude[latent]))
        return curves
    return _incoming(results.fitted, path, region.prediction, np.asarray(latents, np.intp))


def _incoming(
    fitted: FittedVar, path: SolutionPath, parts: FloatArray, sources: npt.NDArray[np.intp]
) -> list[PathCurve]:
    """Add up what latents do to several targets, whose paths bend at different penalties."""
    rows = (np.arange(fitted.lags)[:, None] * fitted.n_series + sources).ravel()
    ends, penalties, bends = np.zeros(len(sources)), [], []
    for target in np.flatnonzero(np.abs(parts) >= _PART * np.abs(parts).max(initial=0.0)):
        at, values = path.course(int(target), rows)
        values = values * (~fitted.near_to(int(target))[rows] * parts[target])
        values = values.reshape(len(at), fitted.lags, -1).sum(axis=1)
        slopes = np.diff(values, axis=0) / np.diff(at)[:, None]
        ends += values[0]
        penalties.append(at)
        bends.append(np.diff(slopes, axis=0, prepend=0.0, append=0.0))
    return _added_up(ends, np.concatenate(penalties), np.concatenate(bends))


def _added_up(ends: FloatArray, penalties: FloatArray, bends: FloatArray) -> list[PathCurve]:
    """Return lines from ``ends`` (n,) that bend (m, n) at penalties (m,), constant before."""
    order = np.argsort(-penalties, kind="stable")
    falling, slopes = penalties[order], np.cumsum(bends[order], axis=0)
    steps = slopes[:-1] * np.diff(falling)[:, None]
    values = ends + np.cumsum(np.vstack([np.zeros_like(ends), steps]), axis=0)
    last = np.append(np.diff(falling) != 0, True)  # of several knots at one penalty
    return [PathCurve(falling[last], column[last]) for column in values.T]
