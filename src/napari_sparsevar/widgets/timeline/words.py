"""What the timeline says of itself: one line, and the names of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_sparsevar.widgets.inspecting.edge import ChosenEdge
from napari_sparsevar.widgets.timeline.activity import Activity
from napari_sparsevar.widgets.timeline.inspected_traces import InspectedTraces

if TYPE_CHECKING:
    import pandas as pd


def what_is_drawn(
    activity: Activity,
    inspected: InspectedTraces,
    edge: ChosenEdge | None,
    n_left_out: int = 0,
    n_painted: int = 0,
    *,
    marking: bool,
    painting: bool = False,
) -> str:
    """Return one line about the curves; what is missing comes first.

    Parameters
    ----------
    activity : Activity
    inspected : InspectedTraces
    edge : ChosenEdge or None
        Where it is drawn in place of the selected place.
    n_left_out : int
        Frames that are marked as left out.
    n_painted : int
        Frames that were marked as bad.
    marking, painting : bool
        Whether dragging marks a window, or bad frames.
    """
    readings = (activity.field, activity.regions, inspected.movie)
    failures = [reading.failure for reading in readings if reading.failure]
    if failures:
        return failures[0]
    if marking:
        return "drag to mark a window · Shift: another piece of the selected one"
    if painting:
        return "drag to mark bad frames · Shift: use them again · Ctrl+Z: undo"
    if inspected.name and inspected.why_not:
        return inspected.why_not
    if edge is not None:
        return f"activity as the model sees it · ticks: events of “{edge.names[0]}”"
    said = ["mean of the field"]
    if inspected.selection is not None:
        said = [f"“{inspected.name}” in ΔF/F"]
    elif activity.regions.values.size:
        said.append(f"regions of “{activity.region_layer_name}” in ΔF/F")
    grey = [f"grey: {n_left_out:,} frames left out"] if n_left_out else []
    orange = [f"orange: {n_painted:,} marked bad"] if n_painted else []
    return " · ".join([*said, *grey, *orange, *_progress(readings)])


def short_names(places: pd.DataFrame, keys: tuple[tuple[str, int], ...]) -> list[str]:
    """Return what rows of drivers are called: their number, unless a person has given a name."""
    given: dict[Any, str] = {}
    if not places.empty:
        given = {(row.kind, int(row.label)): str(row.name) for row in places.itertuples()}
    names = [given.get(key, "") for key in keys]
    return [
        str(label) if kind == "driver" and name in ("", f"driver {label}") else name
        for (kind, label), name in zip(keys, names, strict=True)
    ]


def _progress(readings: tuple[Any, ...]) -> list[str]:
    for reading in readings:
        if reading.busy and reading.n_frames:
            return [f"reading {reading.known / reading.n_frames:.0%}"]
    return []
