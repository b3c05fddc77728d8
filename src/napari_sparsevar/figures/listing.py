"""Drivers as a figure lists them: without the hidden ones, with the names a person gave them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.analysis.maps.influence import influence_map
from napari_sparsevar.analysis.maps.partners import partner_table
from napari_sparsevar.analysis.maps.region import Region
from napari_sparsevar.model.grid import BoolArray
from napari_sparsevar.run.annotations import Annotations
from napari_sparsevar.run.places import noted_places, place_reach, places
from napari_sparsevar.run.run import Run

Regions = npt.NDArray[np.integer] | None

MOST_LISTED = 20
"""Of more places a figure ranks the surest; all are outlined."""

ARROWS_IN_ALL, MOST_ARROWS_EACH = 12, 3
"""Arrows on a map that can still be followed, and from one driver."""

ARROW_COLUMNS = [
    *("number", "source_y", "source_x", "target_y", "target_x"),
    *("lag", "strength", "p_adjusted"),
]


def known_places(run: Run, notes: Annotations | None, regions: Regions) -> pd.DataFrame:
    """Return every driver, candidate and region with its notes and ``number``.

    The number of a driver is its rank; that of a region is R and its label. Candidates have none.
    """
    found = noted_places(
        places(run.results, regions), notes or Annotations(), place_reach(run.results)
    )
    beginnings = {"driver": "{}", "region": "R{}", "candidate": ""}
    numbers = [beginnings[str(row.kind)].format(row.label) for row in found.itertuples()]
    return found.assign(number=numbers)


def listed_places(run: Run, notes: Annotations | None, regions: Regions) -> pd.DataFrame:
    """Return drivers, and regions listed among them, surest first; none that is hidden.

    Those that are as sure come in the order of their strength, up or down.
    """
    found = known_places(run, notes, regions)
    shown = found[found["as_driver"].astype(bool) & ~found["hidden"].astype(bool)]
    order = np.lexsort((-shown["strength"].abs(), shown["p_adjusted"]))
    return shown.iloc[order].reset_index(drop=True)


def surest(listed: pd.DataFrame) -> pd.DataFrame:
    """Return the first of ``listed_places``, as many as a page has room for."""
    return listed.head(MOST_LISTED)


def mask_of(run: Run, regions: Regions, kind: str, label: int) -> BoolArray:
    """Return the pixels of a driver, a candidate or a region, (Y, X)."""
    if kind != "region":
        return np.asarray(run.results.place_labels == label)
    assert regions is not None, "only painted regions are listed"
    return np.asarray(regions == label)


def title_of(place: object) -> str:
    """Return number and name of a listed place; of a driver nobody named the number alone."""
    number, name = str(place.number), str(place.name)  # type: ignore[attr-defined]
    plain = f"{place.kind} {place.label}"  # type: ignore[attr-defined]
    return number if name == plain else f"{number}  {name}"


def arrows_each(n_places: int) -> int:
    """Return how many arrows go out from each of so many drivers."""
    return int(np.clip(ARROWS_IN_ALL // max(1, n_places), 1, MOST_ARROWS_EACH))


def outgoing_arrows(run: Run, listed: pd.DataFrame, regions: Regions) -> pd.DataFrame:
    """Return the strongest influences of each listed place, from where to where (pixels)."""
    rows = []
    for place in listed.itertuples():
        mask = mask_of(run, regions, str(place.kind), int(place.label))
        region = Region(mask, run.results.projection)
        image = influence_map(run.results.fitted, region, "outgoing")
        partners = partner_table(
            run.results, region, "outgoing", image, most=arrows_each(len(listed))
        )
        rows += [
            (place.number, place.y, place.x, one.y, one.x, one.lag, one.strength, one.p_adjusted)
            for one in partners.itertuples()
        ]
    return pd.DataFrame(rows, columns=ARROW_COLUMNS)
