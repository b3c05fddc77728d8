"""What the docks of one viewer share: one evented session per viewer, no module global."""

from __future__ import annotations

import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from napari.layers import Image, Layer
from psygnal import Signal

from napari_sparsevar.cells.fit_folder import is_fit_directory
from napari_sparsevar.cells.placing import may_lie_in
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.batching.state import Batching
from napari_sparsevar.widgets.cells.layers import CellLayers
from napari_sparsevar.widgets.cells.state import BroughtCells
from napari_sparsevar.widgets.comparing.layers import remove_comparison, show_comparison
from napari_sparsevar.widgets.comparing.state import Comparing
from napari_sparsevar.widgets.exporting.state import Exporting
from napari_sparsevar.widgets.inspecting.clicks import InspectClicks
from napari_sparsevar.widgets.inspecting.edge import ChosenEdge
from napari_sparsevar.widgets.inspecting.layers import InspectLayers
from napari_sparsevar.widgets.inspecting.model_movies import ModelMovies
from napari_sparsevar.widgets.inspecting.painting import Painting
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.layers.anatomy import Anatomy
from napari_sparsevar.widgets.layers.following import LayerFollowing
from napari_sparsevar.widgets.layers.frames import Frames
from napari_sparsevar.widgets.layers.matching import MovieMatching
from napari_sparsevar.widgets.layers.movies import (
    is_registered,
    movie_of,
    placement_of,
    show_held_still,
)
from napari_sparsevar.widgets.layers.overlays import show_run
from napari_sparsevar.widgets.layers.painted_frames import PaintedFrames
from napari_sparsevar.widgets.layers.run_opening import RunOpening
from napari_sparsevar.widgets.parts.dock import show_dock
from napari_sparsevar.widgets.parts.lifetime import OpenViewer
from napari_sparsevar.widgets.timeline.activity import Activity
from napari_sparsevar.widgets.timeline.beside import Beside
from napari_sparsevar.widgets.timeline.inspected_traces import InspectedTraces
from napari_sparsevar.widgets.training.state import Training
from napari_sparsevar.widgets.training.worker import TrainingRequest
from napari_sparsevar.widgets.work.failure import refusals_shown

if TYPE_CHECKING:
    from napari_sparsevar.cells.cells import Cells
    from napari_sparsevar.run.run import Run

# Keyed by the window: viewers compare field by field, windows by identity.
_sessions: weakref.WeakKeyDictionary[Any, Session] = weakref.WeakKeyDictionary()


class Session:
    """State of one viewer: the chosen movie layer, the current run, what is done with them.

    Parameters
    ----------
    viewer : napari.Viewer
        Held weakly: the session dies with its window.

    Attributes
    ----------
    run : Run or None
        Whose maps are shown.
    training : Training
        The training of this viewer, running or not.
    comparing : Comparing
        The windows of time and the comparisons of the run.
    anatomy : Anatomy
        The images of the chosen movie as layers.
    exporting : Exporting
        What is being written for other programs.
    batching : Batching
        The list of recordings that is worked through.
    cells : BroughtCells
        The cells that a person brings.
    cell_layers : CellLayers
        Their layers.
    inspecting : Inspecting
        The place that is inspected, the penalty, and what the run says of them.
    painting : Painting
        The layers of painted regions.
    inspect_layers, model_movies : InspectLayers, ModelMovies
        Its layers.
    activity : Activity
        The movie in time: its frame rate, the traces of the field and of painted regions.
    inspected : InspectedTraces
        The selected place and the drivers over time.
    edge : ChosenEdge
        The edge between the selected place and a partner, over time.
    painted : PaintedFrames
        Frames of the chosen movie that the person has marked as bad.
    beside : Beside
        Stimuli, behaviour and trials that were opened beside it.
    """

    movie_layer_changed = Signal(object)
    run_changed = Signal(object)
    run_grew = Signal(object)
    timelines_changed = Signal(bool)
    drivers_docks_changed = Signal(bool)

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = OpenViewer(viewer)
        self._movie_layer: weakref.ref[Image] | None = None
        self._trained_layer: weakref.ref[Image] | None = None
        self._placement: Placement | None = None
        self.run: Run | None = None
        self.timelines = 0
        self.drivers_docks = 0
        self.training = Training()
        self.training.held_still.connect(self._show_held_still)
        self.training.run_ready.connect(self._show)
        self.anatomy = Anatomy(viewer)
        self.training.run_grew.connect(self._grow)
        self.exporting = Exporting()
        self.batching = Batching()
        self.cells = BroughtCells()
        self.cell_layers = CellLayers(viewer, self.cells, self.cells_placement)
        self.comparing = Comparing()
        self.comparing.arrived.connect(self._want_layers)
        self.comparing.shown_changed.connect(self._follow_shown)
        self._layers_wanted = False
        self.inspecting = Inspecting(self.placement)
        self.inspect_layers = InspectLayers(viewer, self.inspecting, self.placement)
        self.model_movies = ModelMovies(viewer, self.inspecting)
        self._clicks = InspectClicks(viewer, self.inspecting, self.inspect_layers, self.placement)
        self.activity = Activity(self.inspecting.precedence)
        self.inspected = InspectedTraces(self.inspecting, self.activity)
        self.edge = ChosenEdge(self.inspecting)
        self.painted = PaintedFrames()
        self.beside = Beside()
        self.activity.frames_changed.connect(self._follow_frames)
        self.movie_layer_changed.connect(self.activity.set_movie_layer)
        self.movie_layer_changed.connect(self.beside.forget)
        self._matching = MovieMatching()
        self.movie_layer_changed.connect(self._matching.set_movie_layer)
        self.run_changed.connect(self._matching.set_run)
        self._opening = RunOpening()
        self._opening.opened.connect(self._take_opened)
        self._following = LayerFollowing(viewer)
        self.painting = Painting(
            viewer, self.inspecting, self._following, self._canvas, self.placement
        )
        self._following.movie_chosen.connect_setattr(self, "movie_layer", maxargs=1)
        self._following.regions_chosen.connect(self.activity.set_region_layer)
        self._following.regions_chosen.connect(self.inspecting.regions.follow)
        self.inspecting.regions.painted.connect(self.activity.read_regions_again)
        self._following.run_appeared.connect(self._on_run_appeared)
        self._following.look()
        self._following.look_for_runs()

    @property
    def movie_layer(self) -> Image | None:
        """The chosen movie layer; None where none is chosen or it has been deleted."""
        return None if self._movie_layer is None else self._movie_layer()

    @movie_layer.setter
    def movie_layer(self, layer: Image | None) -> None:
        if layer is self.movie_layer:
            return
        self._movie_layer = None if layer is None else weakref.ref(layer)
        self._following.prefer(layer)
        self.movie_layer_changed.emit(layer)

    def _follow_frames(self, frames: Frames | None) -> None:
        self.painted.follow(self.movie_layer, 0 if frames is None else frames.n_frames)

    def train(self, request: TrainingRequest, layer: Image) -> None:
        """Start a training on a layer; ignored while one runs."""
        if self.training.state == "idle":
            self._trained_layer = weakref.ref(layer)
            self.training.start(request)

    def show_run(self) -> None:
        """Make the layers of the current run again; nothing happens without a run."""
        viewer = self._viewer()
        if viewer is not None and self.run is not None:
            show_run(viewer, self.run, self._present_placement(viewer))

    def show_drivers(self) -> None:
        """Open the Drivers dock, or bring it to the front."""
        viewer = self._viewer()
        if viewer is not None:
            show_dock(viewer, "Drivers")

    def find_cells(self) -> None:
        """Open the Cells dock with the cells of the movie: those of its run, else found now."""
        viewer, layer = self._viewer(), self.movie_layer
        if viewer is None:
            return
        show_dock(viewer, "Cells")
        if layer is not None and self.cells.given is None and not self.cells.busy:
            known = self._found_in(layer)
            with refusals_shown():
                if known is None:
                    self.cells.detect(movie_of(layer))
                else:
                    self.cells.open(known)

    def _found_in(self, layer: Image) -> Path | None:
        """Return the fit of the cells that the run found in the movie of a layer."""
        if self.run is None:
            return None
        from napari_sparsevar.run.store import FOUND_CELLS  # as slow as opening the run was

        known, source = self.run.path / FOUND_CELLS, layer.metadata.get(METADATA_KEY, {})
        trained = None if self._trained_layer is None else self._trained_layer()
        same = layer is trained or source.get("source") == str(self.run.movie_source)
        return known if same and is_fit_directory(known) else None

    def bring_cells(self, path: Path) -> None:
        """Open cells of another program in the Cells dock."""
        viewer = self._viewer()
        if viewer is not None:
            show_dock(viewer, "Cells")
            self.cells.open(path)

    def take_units(self, movie: Movie | None) -> None:
        """Take note of a frame rate the person has given for the chosen movie."""
        frames = self.activity.frames
        if movie is not None and frames is not None and frames.fps != movie.fps:
            self.activity.look_again()

    def count_timelines(self, more: int) -> None:
        """Take note of a timeline that has been opened (1) or closed (-1)."""
        self.timelines += more
        self.timelines_changed.emit(self.timelines > 0)

    def count_drivers_docks(self, more: int) -> None:
        """Take note of a Drivers dock that has been opened (1) or closed (-1)."""
        self.drivers_docks += more
        self._clicks.probing = self.drivers_docks > 0
        self.drivers_docks_changed.emit(self.drivers_docks > 0)

    def show_comparison(self) -> None:
        """Make the layers of the comparison being looked at again, if there is one."""
        viewer = self._viewer()
        if viewer is not None and self.run is not None:
            self._layers_wanted = True
            show_comparison(viewer, self.run, self.comparing, self._present_placement(viewer))

    def _want_layers(self) -> None:
        self._layers_wanted = True

    def _follow_shown(self) -> None:
        """Show the layers of what is looked at; of a run just opened only once they are asked for.

        A map shows something by chance half of the time: without a difference it is not pressed on
        anybody.
        """
        viewer = self._viewer()
        if self.comparing.pair is None:
            self._layers_wanted = False
        elif self._layers_wanted and self.comparing.differs:
            self.show_comparison()
        elif self._layers_wanted and viewer is not None:
            remove_comparison(viewer)

    def _canvas(self, viewer: ViewerModel) -> tuple[tuple[int, int], Placement]:
        """Return the shape of a frame and where it lies."""
        if self.run is not None:
            return self.run.results.grid.shape, self.placement()
        layer = self.movie_layer
        if layer is None:
            raise UserError("There is nothing to paint on: open a movie or a run first.")
        movie = self.activity.movie
        if movie is not None and movie.stack is not None:
            return movie.shape, replace(placement_of(layer), stack=movie.stack)
        return tuple(layer.data.shape[-2:]), placement_of(layer)

    def placement(self) -> Placement:
        """Return where the maps of the run lie."""
        viewer = self._viewer()
        placed = None if viewer is None else self._present_placement(viewer)
        if placed is not None:
            return placed
        assert self.run is not None
        return Placement(scale=self.run.scale, units=self.run.units, stack=self.run.stack)

    def cells_placement(self, cells: Cells) -> Placement:
        """Return where cells lie: on their movie, on the maps of their run, or by themselves."""
        layer = self.movie_layer
        if layer is not None and may_lie_in(cells, tuple(layer.data.shape[-2:])):
            return placement_of(layer)
        if self.run is not None and may_lie_in(cells, self.run.contribution_map.shape):
            return self.placement()
        size, unit = cells.pixel_size_um or 1.0, "um" if cells.pixel_size_um else "pixel"
        return Placement(scale=(size, size), units=(unit, unit))

    def _present_placement(self, viewer: ViewerModel) -> Placement | None:
        """Where the movie lies now; where it lay at the start if it has been deleted."""
        layer = None if self._trained_layer is None else self._trained_layer()
        placed = placement_of(layer) if layer in viewer.layers else self._placement
        stack = None if self.run is None else self.run.stack
        return None if placed is None else replace(placed, stack=stack)

    def _show_held_still(self, movie: Movie) -> None:
        """Show the movie as it is trained on, unless it is what is shown, or was taken away."""
        viewer = self._viewer()
        before = None if self._trained_layer is None else self._trained_layer()
        if viewer is None or before is None or before not in viewer.layers:
            return
        if is_registered(before):
            return
        made = show_held_still(viewer, before, movie)
        self._trained_layer, self.movie_layer = weakref.ref(made), made

    def _show(self, run: Run, placement: Placement) -> None:
        self._opening.forget()
        self.run, self._placement = run, placement
        self.show_run()
        self._tell_of_run()

    def _grow(self, run: Run) -> None:
        """Take what more is known of the run: nothing that the person has chosen changes."""
        if self.run is not None and Path(self.run.path) == Path(run.path):
            self.run = run
            self.inspecting.grow(run)
            self.run_grew.emit(run)

    def _on_run_appeared(self, path: Path, layer: Layer) -> None:
        if self.run is None or Path(self.run.path) != path:
            self._opening.open(path, placement_of(layer))

    def _take_opened(self, run: Run, placement: Placement) -> None:
        self.run, self._placement, self._trained_layer = run, placement, None
        self._tell_of_run()
        works = self.training.state != "idle" or self.comparing.state != "idle"
        if not (self.drivers_docks or works):  # who watches something is not called away
            self.show_drivers()
        if run.stage != "all":
            self.training.complete(run.path)

    def _tell_of_run(self) -> None:
        self.comparing.set_run(self.run)
        self.inspecting.set_run(self.run)
        self.run_changed.emit(self.run)


def plain_viewer(viewer: Any) -> ViewerModel:
    """Return the viewer behind the proxy napari hands to widgets: layers are held weakly here."""
    return getattr(viewer, "__wrapped__", viewer)


def get_session(viewer: Any) -> Session:
    """Return the one session of a viewer."""
    viewer = plain_viewer(viewer)
    session = _sessions.get(viewer.window)
    if session is None:
        session = _sessions[viewer.window] = Session(viewer)
    return session
