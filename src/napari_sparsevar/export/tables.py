"""Tables of a run as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from napari_sparsevar.analysis.maps.influence import influence_map
from napari_sparsevar.analysis.maps.partners import partner_table
from napari_sparsevar.analysis.maps.region import Region
from napari_sparsevar.disk.files import replacing
from napari_sparsevar.disk.names import file_label
from napari_sparsevar.export.maps import DIRECTIONS
from napari_sparsevar.export.material import Material
from napari_sparsevar.run.planes import shown_table
from napari_sparsevar.run.traces import region_activity


def tables_of(material: Material) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the tables of a run with their names, one after the other."""
    run = material.run
    yield "drivers", place_table(material, "driver")
    if len(run.candidates):
        yield "candidates", place_table(material, "candidate")
    places = material.places()
    painted = places[places["kind"] == "region"]
    if len(painted):
        painted = painted.drop(columns=["kind", "stability"])
        yield "regions", shown_table(painted, run.stack)
    yield "edges", run.edges
    yield from partner_tables(material)
    yield "activity", activity_table(material)
    yield "path", run.results.criterion
    if len(run.losses):
        yield "loss", run.losses
    yield from comparison_tables(material)


def write_tables(material: Material, folder: Path) -> Iterator[Path]:
    """Write the tables into a folder as CSV, yielding each file when it is there.

    Parameters
    ----------
    material : Material
    folder : Path
        Must exist.

    Raises
    ------
    UserError
        If a file exists already or the disk refuses.
    """
    for name, table in tables_of(material):
        path = folder / f"{name}.csv"
        with replacing(path) as temporary:
            table.to_csv(temporary, index=False)
        yield path


def place_table(material: Material, kind: Literal["driver", "candidate"]) -> pd.DataFrame:
    """Return drivers, or candidates, by rank, with their names, notes and micrometres."""
    run, places = material.run, material.places()
    own = places[places["kind"] == kind].reset_index(drop=True)
    table = (run.drivers if kind == "driver" else run.candidates).reset_index(drop=True)
    size = run.pixel_size_um
    if size:
        table = table.assign(
            y_um=table["y"] * size, x_um=table["x"] * size, area_um2=table["area_px"] * size**2
        )
    return table.assign(**{name: own[name] for name in ("name", "note", "hidden")})


def activity_table(material: Material) -> pd.DataFrame:
    """Return the activity of the drivers over time: a row a frame, a column a driver.

    ``time_s`` where the frame rate is known; activity has mean 0 and variance 1.
    """
    run, labels = material.run, [int(label) for label in material.run.drivers["label"]]
    activity = region_activity(run, run.results.drivers.labels, labels)
    frames = np.arange(activity.shape[1])
    times = {"time_s": frames / run.fps} if run.fps else {}
    columns = {f"driver {label}": values for label, values in zip(labels, activity, strict=True)}
    return pd.DataFrame({"frame": frames, **times, **columns})


def partner_tables(material: Material) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield whom the chosen place drives and who drives it; nothing where none was chosen."""
    run = material.run
    place, results = material.chosen.place, run.results
    if place is None:
        return
    region = Region(place.mask, results.projection)
    for direction in DIRECTIONS:
        image = influence_map(results.fitted, region, direction)
        table = partner_table(results, region, direction, image)
        yield f"partners-{direction}-{file_label(place.name)}", shown_table(table, run.stack)


def comparison_tables(material: Material) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield one table of all compared pairs, and the edges and places of each pair."""
    rows = []
    for _, found, pair, adjusted in material.pairs():
        rows.append(
            {
                "comparison": found.name,
                "a": pair.a.label,
                "b": pair.b.label,
                "frames_a": str(pair.a),
                "frames_b": str(pair.b),
                "statistic": pair.statistic,
                "p_value": pair.p_value,
                "p_adjusted": adjusted,
                "largest_change": pair.effect.value,
                "low": pair.effect.low,
                "high": pair.effect.high,
                "p_anything": pair.anything.p_value,
                "draws": pair.draws,
                "seed": pair.seed,
            }
        )
    if rows:
        yield "comparisons", pd.DataFrame(rows)
    for name, _, pair, _ in material.pairs():
        stack = material.run.stack
        yield f"changed-edges-{name}", shown_table(pair.dynamics.edges, stack)
        yield f"changed-places-{name}", shown_table(pair.dynamics.places, stack)
