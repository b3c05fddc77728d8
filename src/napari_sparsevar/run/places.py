"""Drivers and painted regions side by side: what a person inspects, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import ndimage

from napari_sparsevar.analysis.maps.drivers import SEPARATION
from napari_sparsevar.analysis.maps.tested_drivers import place_p_values
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.model.config import SPACING
from napari_sparsevar.model.grid import BoolArray
from napari_sparsevar.run.annotations import Annotations

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run

COLUMNS = ["kind", "label", "y", "x", "area_px", "strength", "stability", "p_adjusted"]


def places(results: Results, regions: npt.NDArray[np.integer] | None) -> pd.DataFrame:
    """Return drivers, candidates (each surest first) and painted regions.

    Columns: ``kind`` (``driver``, ``candidate`` or ``region``), ``label`` in its label image,
    ``y`` and ``x`` (centre in pixels), ``area_px``, ``strength`` (peak of the contribution map
    inside), ``stability`` (NaN for regions and away from the penalty of the run) and ``p_adjusted``
    (that chance makes any place of the field drive others as much as the surest one inside; NaN
    where nothing was tested).

    Parameters
    ----------
    results : Results
    regions : ndarray of int, shape (Y, X), or None
        Painted label image.
    """
    found = [
        results.drivers.table.assign(kind="driver")[COLUMNS],
        results.candidates.table.assign(kind="candidate")[COLUMNS],
    ]
    if regions is None or not regions.any():
        return _listed(found)
    labels, centres, areas, strengths = [], [], [], []
    # Looked at one by one, each in its own corner: a field of view may be large.
    for label, area in enumerate(ndimage.find_objects(regions), start=1):
        if area is None:
            continue
        inside = regions[area] == label
        labels.append(label)
        centres.append(np.argwhere(inside).mean(axis=0) + [part.start for part in area])
        areas.append(int(inside.sum()))
        strengths.append(float(results.contribution[area][inside].max()))
    tested = np.full(len(labels), np.nan)
    if results.significance.tested:
        known = results.significance.place_p.numpy()
        tested = place_p_values(known, regions, np.array(labels), results.grid)
    painted = pd.DataFrame(
        {
            "kind": "region",
            "label": labels,
            "y": [centre[0] for centre in centres],
            "x": [centre[1] for centre in centres],
            "area_px": areas,
            "strength": strengths,
            "stability": float("nan"),
            "p_adjusted": tested,
        },
        columns=COLUMNS,
    )
    return _listed([*found, painted])


def _listed(tables: list[pd.DataFrame]) -> pd.DataFrame:
    listed = [table for table in tables if not table.empty]
    return pd.concat(listed, ignore_index=True) if listed else tables[0].reset_index(drop=True)


def cell_around(run: Run, y: int, x: int) -> BoolArray:
    """Return the pixels of a disc of about one cell around a pixel, (Y, X)."""
    stride, diameter = run.results.grid.stride, run.record.network.cell_diameter
    wide = stride / SPACING if diameter == "auto" else diameter / (run.pixel_size_um or 1.0)
    rows, columns = np.ogrid[: run.results.grid.shape[0], : run.results.grid.shape[1]]
    disc: BoolArray = np.hypot(rows - y, columns - x) <= max(wide, stride) / 2
    return disc


def place_reach(results: Results) -> float:
    """Return how far apart, in pixels, the same driver may lie at two penalties."""
    return float(SEPARATION * results.grid.stride)


def noted_places(found: pd.DataFrame, notes: Annotations, reach: float) -> pd.DataFrame:
    """Return the places of ``places`` with what a person says of each.

    More columns: ``name`` (``driver 1`` where none was given), ``note``, ``hidden`` and
    ``as_driver`` (listed among the drivers).

    Parameters
    ----------
    found : DataFrame
    notes : Annotations
    reach : float
        Pixels within which a note on a place holds for a driver: ``place_reach``.
    """
    rows = list(found.itertuples())
    said = [
        notes.of_region(int(row.label))
        if row.kind == "region"
        else notes.at(float(row.y), float(row.x), reach)
        for row in rows
    ]
    return found.assign(
        name=[note.name or f"{row.kind} {row.label}" for row, note in zip(rows, said, strict=True)],
        note=[note.note for note in said],
        hidden=np.array([note.hidden for note in said], bool),
        as_driver=np.array(
            [
                row.kind == "driver" or getattr(note, "driver", False)
                for row, note in zip(rows, said, strict=True)
            ],
            bool,
        ),
    )
