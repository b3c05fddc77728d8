"""What the docks of a viewer show, as requests for figures and results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image

from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.options import Chosen, Place
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.widgets.exporting.view_reading import N_COLOURS, current_view
from napari_sparsevar.widgets.exporting.worker import (
    CURRENT_VIEW,
    FigureRequest,
    ResultsRequest,
)
from napari_sparsevar.widgets.inspecting.layers import INFLUENCE
from napari_sparsevar.widgets.layers.movies import movie_of
from napari_sparsevar.widgets.layers.overlays import layer_of
from napari_sparsevar.widgets.parts.dock import NO_RUN
from napari_sparsevar.widgets.session import Session

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

    from napari_sparsevar.analysis.maps.drivers import LabelImage
    from napari_sparsevar.export.everything import Part
    from napari_sparsevar.run.run import Run

_MAPS = {
    "overview": {"": "contribution"},
    "contribution": {"": "contribution"},
    "influence": {"": INFLUENCE["outgoing"], "incoming_": INFLUENCE["incoming"]},
}
"""Layers of the maps of each kind, by how the names of their options begin."""

NO_PLACE = "No place is selected: choose one in the Drivers dock, or paint a region."


def figure_request(
    viewer: ViewerModel,
    session: Session,
    kind: str,
    width_mm: float,
    dpi: float,
    as_in_viewer: bool,
) -> FigureRequest:
    """Return what a figure of this kind needs.

    Raises
    ------
    UserError
        If there is no run, or nothing to see.
    """
    if kind == CURRENT_VIEW:
        return FigureRequest(kind, width_mm, dpi, current_view(viewer))
    run = shown_run(session)
    if kind == "influence" and chosen(session).place is None and run.drivers.empty:
        raise UserError(NO_PLACE)
    options: dict[str, Any] = dict(vars(chosen(session)))
    if as_in_viewer:
        options |= _colours(viewer, session, kind)
    notes, regions = session.inspecting.notes, _regions(session, run)
    return FigureRequest(kind, width_mm, dpi, None, run, notes, regions, options)


def results_request(
    session: Session, out: Path, parts: frozenset[Part], start: str | None
) -> ResultsRequest:
    """Return what an export of results needs.

    Raises
    ------
    UserError
        If there is no run.
    """
    run = shown_run(session)
    return ResultsRequest(
        run,
        _movie(session, run),
        session.inspecting.notes,
        _regions(session, run),
        session.comparing.sets,
        out,
        parts,
        start,
        chosen(session),
    )


def shown_run(session: Session) -> Run:
    """Return the run at the penalty that is shown; UserError if there is none."""
    if session.run is None:
        raise UserError(NO_RUN)
    shown = session.inspecting.read_out
    return session.run if shown is None else shown.run


def _regions(session: Session, run: Run) -> LabelImage | None:
    """Return what is painted, where it fits the run; what the run keeps where nothing is."""
    image = session.inspecting.regions.image()
    if image is None:
        image = session.inspecting.kept_regions
    if image is None or image.shape != run.results.grid.shape:
        return None
    return image


def _movie(session: Session, run: Run) -> Movie | None:
    """Return the movie that is open in the viewer, where it is one the run fits to."""
    layer = session.movie_layer
    if layer is None:
        return None
    try:
        movie = movie_of(layer)
    except UserError:
        return None  # looked for where the run remembers it
    fits = (movie.n_frames, *movie.shape) == tuple(run.record.movie.shape)
    return movie if fits else None


def chosen(session: Session) -> Chosen:
    """Return the place and the windows that are looked at."""
    place, comparison, pair = _place(session), None, None
    if session.comparing.shown is not None:
        comparison = session.comparing.shown.name
        if session.comparing.pair is not None:
            found, _ = session.comparing.pair
            pair = f"{found.a.label}-{found.b.label}"
    return Chosen(place, comparison, pair)


def chosen_words(session: Session) -> str:
    """Return of what figures and results are; empty without a run."""
    if session.run is None:
        return ""
    run, looked_at = shown_run(session), chosen(session)
    place = "No place is selected"
    if looked_at.place is not None:
        place = f"Influence of {looked_at.place.name}"
    elif len(run.drivers):
        place = "Influence of driver 1, as none is selected"
    own = float(session.run.penalty)
    penalty = f"{run.penalty:.3g}" + (" (the run's own)" if run.penalty == own else "")
    windows = ""
    if looked_at.comparison is not None:
        pair = f" ({looked_at.pair})" if looked_at.pair not in (None, looked_at.comparison) else ""
        windows = f" Comparison {looked_at.comparison}{pair}."
    return f"{place}. Penalty {penalty}.{windows}"


def _place(session: Session) -> Place | None:
    selection = session.inspecting.selection
    if selection is None:
        return None
    return Place(session.inspecting.name_of(*selection.key), selection.mask)


def _colours(viewer: ViewerModel, session: Session, kind: str) -> dict[str, Any]:
    """Return limits and colours of the layers in which the viewer shows the same maps."""
    found: dict[str, Any] = {}
    for beginning, shown in _MAPS.get(kind, {}).items():
        layer = layer_of(viewer, session.run, shown)
        if isinstance(layer, Image):
            found[f"{beginning}limits"] = tuple(map(float, layer.contrast_limits))
            found[f"{beginning}colormap"] = _colormap(layer)
    return found


def _colormap(layer: Image) -> Colormap:
    from matplotlib.colors import ListedColormap

    # Equal steps of grey value, so that a gamma is in the colours.
    steps = np.linspace(0, 1, N_COLOURS) ** layer.gamma
    return ListedColormap(np.asarray(layer.colormap.map(steps)), name=layer.colormap.name)
