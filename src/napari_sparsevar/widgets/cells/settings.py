"""What cells are fitted from, and what is done to their traces before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from qtpy.QtWidgets import QWidget

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.neuropil import LARGEST_SHARE
from napari_sparsevar.cells.placing import may_lie_in
from napari_sparsevar.cells.preparing import Preparation
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.cells.state import BroughtCells
from napari_sparsevar.widgets.cells.worker import FitRequest, Way
from napari_sparsevar.widgets.layers.movies import movie_of
from napari_sparsevar.widgets.parts.boxes import in_column
from napari_sparsevar.widgets.parts.fields import (
    Choice,
    Rows,
    file_field,
    folded,
    number,
    path_in,
    tooltip,
)
from napari_sparsevar.widgets.parts.lifetime import watch

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_sparsevar.run.run import Run
    from napari_sparsevar.widgets.session import Session

WAYS: dict[Way, str] = {
    "traces": "traces that came with them",
    "pixels": "pixels of the movie",
    "latents": "latents of the run",
}
_EVENTS = ("auto", "yes", "no")
_AUTO = "auto"
_AS_USUAL = -0.05  # a step below none


class CellSettings(QWidget):
    """Folded away: what is right for most recordings is chosen already."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._brought: BroughtCells = session.cells
        self._choose_traces()
        self._treat_traces()
        self.trials = file_field(
            "Trials", "A CSV of trials: start and stop. They are never joined."
        )
        self.bad_frames = file_field("Bad frames", "A list of frames that are left out.")
        self.covariates = file_field(
            "Covariates",
            "Running, stimuli, pupil: CSV, Parquet, NPY or NWB. What they tell is taken out first.",
        )
        fields = self.way, self.kind, self.neuropil, self.detrend, self.events
        more = self.lags, self.fps, self.trials, self.bad_frames, self.covariates
        self.fold = folded(Rows(*fields, *more).native, "Settings")
        in_column(self.fold, inside=self)
        self.way.changed.connect(self._show_what_counts)
        for signal in (self._brought.cells_changed, session.run_changed):
            watch(signal, self.look, self)
        watch(session.movie_layer_changed, self.look, self)
        watch(self._brought.cells_changed, self._take_rate, self)
        self.look()
        self._take_rate()

    def _choose_traces(self) -> None:
        self.way = Choice(
            label="Fit from",
            choices=self._ways,
            tooltip=tooltip(
                "Pixels are read in one pass over the movie. With a run of the movie, latents and "
                "pixels are both fitted, and the dock says where they disagree."
            ),
        )
        self.kind = Choice(
            label="Traces",
            choices=self._kinds,
            tooltip=tooltip("Which of the traces that came; auto: raw, then ΔF/F, then events."),
        )

    def _treat_traces(self) -> None:
        self.neuropil = number(
            _AS_USUAL,
            LARGEST_SHARE,
            decimals=2,
            unset="auto",
            step=0.05,
            label="Neuropil",
            tooltip=tooltip(
                "How much of the light around a cell is taken off its raw trace; auto: 0.7 of what "
                "came with the traces, estimated for each cell where they are read from the movie."
            ),
        )
        self.detrend = number(
            0.0,
            3600.0,
            unit="s",
            unset="no",
            label="Take off drift",
            tooltip=tooltip("Window of the slow drift that is taken off; none by default."),
        )
        self.events = ComboBox(
            label="Events",
            choices=_EVENTS,
            tooltip=tooltip(
                "Fit the events behind calcium transients; auto: where traces rise in transients."
            ),
        )
        self.lags = number(
            0,
            20,
            unit="frames",
            unset="auto",
            label="Lags",
            tooltip=tooltip("How far back causes are sought; auto: the frames of 0.07 s."),
        )
        self.fps = number(
            0.0,
            10_000.0,
            decimals=2,
            unit="Hz",
            unset="unknown",
            label="Frame rate",
            tooltip=tooltip("Of the traces, where their file does not say it."),
        )

    def look(self, *_: Any) -> None:
        """Offer what can be fitted now."""
        self.way.reset_choices()
        self.kind.reset_choices()
        self._show_what_counts()

    def request(self) -> FitRequest:
        """Return what is to be fitted.

        Raises
        ------
        UserError
            If there is nothing to fit from.
        """
        cells, way = self._brought.given, self.way.value
        if cells is None:
            raise UserError("Bring cells first: press Open….")
        if way is None:
            raise UserError(_why_nothing(cells, self._session.movie_layer))
        run = self._run(cells) if way != "traces" else None
        layer = self._movie(cells) if way == "pixels" else None
        return FitRequest(
            cells,
            self._brought.edits,
            way,
            run,
            None if layer is None else movie_of(layer),
            round(self.lags.value) or None,
            self._preparation(way),
            path_in(self.trials),
            path_in(self.bad_frames),
            fps=self.fps.value or None,
            covariates=path_in(self.covariates),
        )

    def _preparation(self, way: Way) -> Preparation:
        kind = self.kind.value
        prepared = Preparation(
            neuropil=None if self.neuropil.value < 0 else self.neuropil.value,
            detrend=self.detrend.value or None,
            events=self.events.value,
        )
        return replace(prepared, kind=kind) if way == "traces" and kind != _AUTO else prepared

    def _ways(self, _: Any) -> list[tuple[str, Way]]:
        cells = self._brought.given
        if cells is None:
            return []
        found: list[Way] = []
        if set(cells.traces) - {"neuropil"}:
            found.append("traces")
        run = self._run(cells)
        if self._movie(cells) is not None or run is not None:
            found.append("pixels")
        if run is not None:
            found.append("latents")
        return [(WAYS[way], way) for way in found]

    def _kinds(self, _: Any) -> list[str]:
        cells = self._brought.given
        kinds = [] if cells is None else [kind for kind in cells.traces if kind != "neuropil"]
        return [_AUTO, *kinds]

    def _run(self, cells: Cells) -> Run | None:
        """Return the run whose field the cells are of."""
        run = self._session.run
        fits = run is not None and may_lie_in(cells, run.contribution_map.shape)
        return run if fits else None

    def _movie(self, cells: Cells) -> Image | None:
        layer = self._session.movie_layer
        fits = layer is not None and may_lie_in(cells, tuple(layer.data.shape[-2:]))
        return layer if fits else None

    def _show_what_counts(self, *_: Any) -> None:
        cells, way = self._brought.given, self.way.value
        own = way == "traces"
        of_run = not own and cells is not None and self._run(cells) is not None
        self.kind.enabled = own
        for field in (self.lags, self.bad_frames, self.covariates):
            field.enabled = not of_run

    def _take_rate(self, *_: Any) -> None:
        cells = self._brought.given
        self.fps.value = 0.0 if cells is None or cells.fps is None else cells.fps


def _why_nothing(cells: Cells, movie: Image | None) -> str:
    if cells.footprints is None:
        return "These cells have neither traces nor outlines: bring others."
    if movie is None:
        return "These cells have outlines and no traces: open their movie as well."
    height, width = movie.data.shape[-2:]
    return (
        f"These cells are of a field of {cells.shape} pixels but the movie of {(height, width)}: "
        "choose their own movie."
    )
