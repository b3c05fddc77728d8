"""The places a region drives or is driven by, ranked: influence, one row a place."""

from __future__ import annotations

import numpy as np
import pandas as pd

from napari_sparsevar.analysis.drivers import SEPARATION
from napari_sparsevar.analysis.influence import (
    Direction,
    FloatArray,
    moved_latents,
    region_share,
)
from napari_sparsevar.analysis.projection import FloatImage, Projection, mixed
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.model.grid import BoolArray

COLUMNS = ["rank", "y", "x", "lag", "strength", "stability", "p_adjusted", "latent"]

_PART = 0.1
"""A latent belongs to a region when it makes up at least this share of the largest part of it."""

_FAINTEST = 0.02
"""Partners below this share of the strongest are not listed."""


def partner_table(
    results: Results,
    region: BoolArray,
    direction: Direction,
    influence: FloatImage,
    lag: int | None = None,
    most: int = 20,
) -> pd.DataFrame:
    """Return the places a region drives (``outgoing``) or is driven by (``incoming``).

    A place is the strongest latent within ``SEPARATION`` latents. Columns: ``rank`` (from 1), ``y``
    and ``x`` (pixels), ``lag`` (frames; the one that carries most), ``strength`` (of the map there,
    signed, in noise scales of a pixel), ``stability`` (share of random halves of the movie in which
    the edges behind it are selected, weighted by how much each carries), ``p_adjusted`` (the
    smallest of these edges, adjusted for all pairs of the field; NaN where nothing was tested) and
    ``latent``.

    Parameters
    ----------
    results : Results
    region : ndarray of bool, shape (Y, X)
    direction : {"outgoing", "incoming"}
    influence : ndarray of float32, shape (Y, X)
        The map of ``influence_map`` with the same arguments.
    lag : int, optional
        Count only this lag; by default all of them.
    most : int
        How many to list at most.
    """
    distant, projection = results.fitted.distant(), results.projection
    moved = moved_latents(distant, projection, region, direction)
    chosen = moved.sum(axis=0) if lag is None else moved[lag - 1]
    size = chosen * projection.amplitude if direction == "outgoing" else chosen
    latents = _strongest(np.abs(size), results.grid.places(), most)
    parts = _parts(projection, region, direction)
    rows = []
    for latent in latents:
        carried = int(np.abs(moved[:, latent]).argmax()) + 1 if lag is None else lag
        y, x = results.grid.centres()[latent]
        rows.append(
            {
                "y": y,
                "x": x,
                "lag": carried,
                "strength": _value_at(influence, y, x),
                **_evidence(results, distant, parts, latent, direction),
                "latent": latent,
            }
        )
    table = pd.DataFrame(rows, columns=COLUMNS)
    order = np.argsort(-table["strength"].abs().to_numpy(float), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    return table.assign(rank=np.arange(1, len(table) + 1))


def _strongest(size: FloatArray, places: FloatArray, most: int) -> list[int]:
    """Return the latents with the largest values, none within ``SEPARATION`` of a larger one."""
    candidates = np.flatnonzero(size > _FAINTEST * max(float(size.max(initial=0.0)), 1e-300))
    candidates = candidates[np.argsort(-size[candidates], kind="stable")]
    kept: list[int] = []
    while candidates.size and len(kept) < most:
        first = int(candidates[0])
        kept.append(first)
        away = np.hypot(*(places[candidates] - places[first]).T)
        candidates = candidates[away >= SEPARATION]
    return kept


def _parts(projection: Projection, region: BoolArray, direction: Direction) -> FloatArray:
    """Return how much each latent makes up of a region, (p,); small parts are left out."""
    share = region_share(region, projection.grid)
    outgoing = direction == "outgoing"
    by_pixel = projection.sources_by_pixel if outgoing else projection.footprints_by_pixel
    parts = np.abs(mixed(by_pixel, share))
    return np.where(parts >= _PART * parts.max(initial=0.0), parts, 0.0)


def _evidence(
    results: Results, distant: FloatArray, parts: FloatArray, latent: int, direction: Direction
) -> dict[str, float]:
    """Return stability and p-value of the edges between a region and one latent."""
    lags, size = distant.shape[:2]
    lag, member = np.divmod(np.arange(lags * size), size)
    source, target = (member, latent) if direction == "outgoing" else (latent, member)
    carried = np.abs(distant[lag, source, target]) * parts[member]
    edges = np.flatnonzero(carried)
    if not edges.size:
        return {"stability": float("nan"), "p_adjusted": float("nan")}
    rows = lag * size + source
    columns = np.broadcast_to(target, rows.shape)
    stability = results.edge_stability.numpy()[rows[edges], columns[edges]]
    p_values = results.significance.edge_p.numpy()[rows[edges], columns[edges]]
    known = p_values[np.isfinite(p_values)]
    return {
        "stability": float(np.average(stability, weights=carried[edges])),
        "p_adjusted": float(known.min()) if known.size else float("nan"),
    }


def _value_at(image: FloatImage, y: float, x: float) -> float:
    row, column = (
        min(round(at), length - 1) for at, length in zip((y, x), image.shape, strict=True)
    )
    return float(image[row, column])


def strongest_edges(results: Results, most: int) -> pd.DataFrame:
    """Return the edges with the largest effects on the frame, without listing all of them.

    Columns: ``source``, ``target`` (latents), ``lag``, ``effect`` and the positions in pixels, as
    in ``edges.csv``.
    """
    distant = results.fitted.distant()
    lag, source, target = np.nonzero(distant)
    effect = distant[lag, source, target] * results.projection.amplitude[target]
    chosen = np.argsort(-np.abs(effect), kind="stable")[:most]
    lag, source, target = lag[chosen], source[chosen], target[chosen]
    centres = results.grid.centres()
    return pd.DataFrame(
        {
            "source": source,
            "target": target,
            "lag": lag + 1,
            "effect": effect[chosen],
            "source_y": centres[source, 0],
            "source_x": centres[source, 1],
            "target_y": centres[target, 0],
            "target_x": centres[target, 1],
        }
    )
