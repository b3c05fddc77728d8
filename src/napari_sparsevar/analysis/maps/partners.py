"""The places a region drives or is driven by, ranked: influence, one row a place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.analysis.maps.drivers import SEPARATION
from napari_sparsevar.analysis.maps.influence import Direction, FloatArray, moved_latents
from napari_sparsevar.analysis.maps.projection import FloatImage
from napari_sparsevar.analysis.maps.region import Region
from napari_sparsevar.analysis.results import Results

COLUMNS = ["rank", "y", "x", "lag", "strength", "stability", "p_adjusted", "latent"]

_PART = 0.1
"""A latent belongs to a region when it makes up at least this share of the largest part of it."""

_FAINTEST = 0.02
"""Partners below this share of the strongest are not listed."""


def partner_table(
    results: Results,
    region: Region,
    direction: Direction,
    influence: FloatImage,
    lag: int | None = None,
    most: int = 20,
) -> pd.DataFrame:
    """Return the places a region drives (``outgoing``) or is driven by (``incoming``).

    A place is the strongest latent within ``SEPARATION`` latents.

    Parameters
    ----------
    results : Results
    region : Region
    direction : {"outgoing", "incoming"}
    influence : ndarray of float32, shape (Y, X)
        The map of ``influence_map`` with the same arguments.
    lag : int, optional
        Count only this lag; by default all of them.
    most : int
        How many to list at most.

    Returns
    -------
    DataFrame
        One row a place, the strongest first:

        ========== ===========================================================================
        Column     Meaning
        ========== ===========================================================================
        rank       From 1.
        y, x       Centre of the latent in pixels.
        lag        Frames; the one that carries most.
        strength   Of the map there, signed, in noise scales of a pixel.
        stability  Share of random halves of the movie in which the edges behind it are
                   selected, each weighted by how much it carries.
        p_adjusted The smallest of these edges, adjusted for all pairs of the field; NaN where
                   nothing was tested.
        latent     Its number.
        ========== ===========================================================================
    """
    moved = moved_latents(results.fitted, region, direction)
    chosen = moved.sum(axis=0) if lag is None else moved[lag - 1]
    size = chosen * results.projection.amplitude if direction == "outgoing" else chosen
    latents = _strongest(np.abs(size), results.grid.places(), most)
    y, x = results.grid.centres()[latents].T
    carried = np.abs(moved[:, latents]).argmax(axis=0) + 1
    strength = _values_at(influence, y, x)
    table = pd.DataFrame(
        {
            "y": y,
            "x": x,
            "lag": carried if lag is None else lag,
            "strength": strength,
            **_evidence(results, region, latents, direction),
            "latent": latents,
        }
    )
    table = table.iloc[np.argsort(-np.abs(strength), kind="stable")].reset_index(drop=True)
    return table.assign(rank=np.arange(1, len(table) + 1))[COLUMNS]


def _strongest(size: FloatArray, places: FloatArray, most: int) -> npt.NDArray[np.intp]:
    """Return the latents with the largest values, none within ``SEPARATION`` of a larger one."""
    candidates = np.flatnonzero(size > _FAINTEST * max(float(size.max(initial=0.0)), 1e-300))
    candidates = candidates[np.argsort(-size[candidates], kind="stable")]
    kept: list[int] = []
    while candidates.size and len(kept) < most:
        first = int(candidates[0])
        kept.append(first)
        away = np.hypot(*(places[candidates] - places[first]).T)
        candidates = candidates[away >= SEPARATION]
    return np.asarray(kept, np.intp)


def _evidence(
    results: Results, region: Region, latents: npt.NDArray[np.intp], direction: Direction
) -> dict[str, FloatArray]:
    """Return stability and p-value of the edges between a region and each of some latents."""
    outgoing = direction == "outgoing"
    parts = np.abs(region.drive if outgoing else region.prediction)
    members = np.flatnonzero(parts >= _PART * parts.max(initial=0.0))
    carried, stability, p_values = [], [], []
    for lag, edges in enumerate(results.fitted.distant):
        sources, targets = (members, latents) if outgoing else (latents, members)
        between = np.abs(edges[sources][:, targets].toarray())
        at = np.ix_(lag * results.fitted.n_series + sources, targets)
        found = between, results.edge_stability.numpy()[at], results.significance.edge_p.numpy()[at]
        # Members in rows, latents in columns.
        lagged = found if outgoing else tuple(each.T for each in found)
        carried.append(lagged[0] * parts[members, None])
        stability.append(lagged[1])
        p_values.append(lagged[2])
    weight, p_value = np.concatenate(carried), np.concatenate(p_values)
    whole = weight.sum(axis=0)
    share = (weight * np.concatenate(stability)).sum(axis=0)
    tested = np.where((weight > 0) & np.isfinite(p_value), p_value, np.inf).min(
        axis=0, initial=np.inf
    )
    unknown = np.full(len(latents), np.nan)
    return {
        "stability": np.divide(share, whole, out=unknown.copy(), where=whole > 0),
        "p_adjusted": np.where(np.isfinite(tested), tested, np.nan),
    }


def _values_at(image: FloatImage, y: FloatArray, x: FloatArray) -> FloatArray:
    rows, columns = (
        np.minimum(np.round(at).astype(int), length - 1)
        for at, length in zip((y, x), image.shape, strict=True)
    )
    values: FloatArray = image[rows, columns].astype(np.float64)
    return values
