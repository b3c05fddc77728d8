"""What the docks of a viewer show, as requests for figures and results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image

from napari_sparsevar.errors import UserError
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
from napari_sparsevar.widgets.session import Session

if TYPE_CHECKING:
    from napari_sparsevar.analysis.maps.drivers import LabelImage
    from napari_sparsevar.export.everything import Part
    from napari_sparsevar.run.run import Run

NO_RUN = "Train a network first, or open a run: drag its folder onto the viewer."


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
    options = _chosen(session, kind)
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
    if image is None or image.shape != run.contribution_map.shape:
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


def _chosen(session: Session, kind: str) -> dict[str, Any]:
    """Return the place or the windows that are looked at."""
    selection = session.inspecting.selection
    # A driver that is none at this penalty has no label.
    if kind == "influence" and selection is not None and selection.label:
        if selection.kind == "region":
            return {"region": str(selection.label)}
        return {"driver": int(selection.label)}
    if kind == "comparison" and session.comparing.shown is not None:
        options = {"comparison": session.comparing.shown.name}
        if session.comparing.pair is not None:
            pair, _ = session.comparing.pair
            options["pair"] = f"{pair.a.label}-{pair.b.label}"
        return options
    return {}


def _colours(viewer: ViewerModel, session: Session, kind: str) -> dict[str, Any]:
    """Return limits and colours of the layer in which the viewer shows the same map."""
    wanted = {"overview": "contribution", "contribution": "contribution"}.get(kind)
    if kind == "influence" and session.inspecting.selection is not None:
        wanted = INFLUENCE[session.inspecting.direction]
    layer = None if wanted is None else layer_of(viewer, session.run, wanted)
    if not isinstance(layer, Image):
        return {}
    from matplotlib.colors import ListedColormap

    # Equal steps of grey value, so that a gamma is in the colours.
    steps = np.linspace(0, 1, N_COLOURS) ** layer.gamma
    colours = ListedColormap(np.asarray(layer.colormap.map(steps)), name=layer.colormap.name)
    return {"limits": tuple(map(float, layer.contrast_limits)), "colormap": colours}
