"""The Train dock: choose a movie and settings, train, watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.components import ViewerModel
from napari.layers import Image, Layer
from pydantic import ValidationError
from qtpy.QtWidgets import QFileDialog, QPushButton, QWidget

from napari_sparsevar.errors import UserError
from napari_sparsevar.training.config import PRESETS, TrainConfig
from napari_sparsevar.widgets.layers.movies import placement_of
from napari_sparsevar.widgets.parts.boxes import (
    MARGINS,
    FittingScroll,
    boxed,
    in_column,
    in_row,
)
from napari_sparsevar.widgets.parts.dock import Dock
from napari_sparsevar.widgets.parts.fields import Rows, path_in, tooltip
from napari_sparsevar.widgets.parts.form import AutoBox, ConfigForm
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.new_folder import NewFolder
from napari_sparsevar.widgets.parts.preferences import preferred, remember
from napari_sparsevar.widgets.parts.verdict_panel import VerdictPanel
from napari_sparsevar.widgets.session import get_session, plain_viewer
from napari_sparsevar.widgets.training.begun import BegunTraining
from napari_sparsevar.widgets.training.choices import DeviceBox, MovieChoice, default_run_folder
from napari_sparsevar.widgets.training.guide import Guide, guide_steps
from napari_sparsevar.widgets.training.left_out import LeftOutChoice
from napari_sparsevar.widgets.training.loss_plot import LossPlot
from napari_sparsevar.widgets.training.more import OtherRuns
from napari_sparsevar.widgets.training.movie_look import MovieLook
from napari_sparsevar.widgets.training.panel import TrainingPanel
from napari_sparsevar.widgets.training.registering import MotionRemark
from napari_sparsevar.widgets.training.registration_plot import RegistrationPlot
from napari_sparsevar.widgets.training.turns import TurnsRemark
from napari_sparsevar.widgets.training.worker import TrainingRequest

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.readers.layers import LayerData
    from napari_sparsevar.run.run import Run
    from napari_sparsevar.training.resuming import Resumable

FIRST_PRESET = "fast"
CUSTOM = "custom"


class TrainDock(Dock):
    """Settings that scroll above, curves and buttons that always stay in sight below."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        viewer = plain_viewer(napari_viewer)
        self._viewer = viewer
        self._session = get_session(viewer)
        self.movie_choice = MovieChoice(viewer)
        self.preset = ComboBox(
            label="Preset",
            choices=[*PRESETS, CUSTOM],
            value=preferred("training", "preset", FIRST_PRESET),
            tooltip=tooltip("How long to train. Settings changed by hand make it custom."),
        )
        self.form = ConfigForm(TrainConfig.from_preset(self.preset.value))
        cell_diameter = self.form.field("model", "cell_diameter")
        assert isinstance(cell_diameter, AutoBox)
        self.look = MovieLook(viewer, self._session.anatomy, self.movie_choice, cell_diameter)
        self.turns = TurnsRemark(viewer, self.movie_choice)
        self.motion = MotionRemark(viewer, self.movie_choice)
        self.registration = RegistrationPlot(viewer.theme)
        self.guide = Guide()
        self.guide_button = QPushButton("Guide")
        self.run_folder = NewFolder("run", label="Run folder", mark="run.json")
        self.begun = BegunTraining(self.run_folder)
        self.left_out = LeftOutChoice(viewer, self._session.painted)
        self.other_runs = OtherRuns()
        self.device = DeviceBox()
        self.panel = TrainingPanel(self._session.training)
        self.verdict = VerdictPanel(brief=True)
        self.loss_plot = LossPlot(viewer.theme)
        self.settings = self._settings()
        self._arrange()
        self._connect(viewer)
        self._restore()

    def _settings(self) -> QWidget:
        self.run_folder.line_edit.native.setPlaceholderText("chosen with the movie")
        folder, rows = Rows(self.run_folder), Rows(self.device, self.preset)
        self.guide_button.setCheckable(True)
        self.guide_button.setChecked(not self.guide.isHidden())
        self.guide_button.setToolTip("<qt>The steps from a movie to its drivers.</qt>")
        look = in_row((self.look, 2), (self.guide_button, 1))
        where = folder.native, self.begun, rows.native
        parts = (
            self.movie_choice,
            self.turns,
            self.motion,
            self.registration,
            look,
            *where,
            self.form,
            self.left_out,
            self.other_runs,
        )
        return boxed(in_column(*parts, spacing=5))

    def _arrange(self) -> None:
        # The guide scrolls with the settings: it must not push the buttons out of sight.
        above = boxed(in_column(self.guide, self.settings, margins=(0, 0, 6, 0), spacing=5))
        parts = FittingScroll(above, minimum_height=120), self.panel, self.verdict
        in_column(*parts, (self.loss_plot, 1), inside=self, margins=MARGINS, spacing=8)
        self.setMinimumWidth(300)

    def _connect(self, viewer: ViewerModel) -> None:
        training = self._session.training
        self.movie_choice.changed.connect(self._on_movie)
        self.look.looked.connect(self._guide_on)
        self.look.motion_found.connect(self.motion.tell)
        self.guide_button.clicked.connect(self.guide.show_again)
        self.guide.shown_changed.connect(self.guide_button.setChecked)
        self.preset.changed.connect(self._on_preset)
        self.form.edited.connect(self._on_edited)
        self.begun.changed.connect(self._on_begun)
        self.begun.movie_found.connect(self._on_movie_found)
        self.other_runs.resume.clicked.connect(self.choose_run_to_resume)
        self.other_runs.apply.clicked.connect(self.apply)
        self.panel.begin_button.clicked.connect(self.train)
        self.panel.show_button.clicked.connect(self._session.show_run)
        self.panel.drivers_button.clicked.connect(self._session.show_drivers)
        self.panel.cells_button.clicked.connect(self._session.find_cells)
        watch(training.state_changed, self._on_state, self)
        watch(training.held_still, self._on_held_still, self)
        watch(training.losses_changed, self._on_losses, self)
        watch(training.report_changed, self._judge, self)
        watch(self._session.run_changed, self._on_run, self)
        watch(self._session.run_grew, self._judge, self)
        watch(self._session.drivers_docks_changed, self._guide_on, self)
        watch(viewer.events.theme, self._on_theme, self)

    def _restore(self) -> None:
        training = self._session.training
        layer = self._session.movie_layer
        if layer is not None:
            self.movie_choice.choose(layer)
        if training.state != "idle" and training.request is not None:
            self._show_config(training.request.config)
            self.run_folder.value = training.request.out
        else:
            self._on_movie()
        self._on_losses()
        self._on_state(training.state)
        self._on_run(self._session.run)

    def train(self) -> None:
        """Start a training with what the dock shows, or go on with the one in the run folder."""
        found = self.begun.resumable
        if found is not None:
            self._show_config(found.config)
        elif self.preset.value != CUSTOM:
            remember("training", preset=self.preset.value)
        self._start(lambda: self._request(found))

    def apply(self) -> None:
        """Apply the network of the chosen run to the chosen movie."""
        self._start(lambda: replace(self._request(None), parent=self.other_runs.parent_run()))

    def choose_run_to_resume(self) -> None:
        """Ask for the folder of a run, and offer to go on with it."""
        now = self.run_folder.line_edit.value.strip()
        chosen = QFileDialog.getExistingDirectory(
            self, "Which run should go on?", str(Path(now).parent) if now else ""
        )
        if chosen:
            self.begun.ask(Path(chosen), self.movie_choice.movie)

    def _start(self, request: Callable[[], TrainingRequest]) -> None:
        layer = self.movie_choice.layer
        try:
            if layer is None:
                raise UserError(self.movie_choice.about.text())
            self._session.train(request(), layer)
        except (UserError, ValidationError) as error:
            self._session.training.say(_one_sentence(error))

    def _request(self, found: Resumable | None) -> TrainingRequest:
        layer, movie = self.movie_choice.layer, self.movie_choice.movie
        if layer is None or movie is None:
            raise UserError(self.movie_choice.about.text())
        return TrainingRequest(
            movie=movie if found is not None else self.left_out.applied(movie),
            config=self.form.config() if found is None else found.config,
            out=self.run_folder.path(new=found is None),
            device=self.device.value,
            placement=placement_of(layer),
            resume=found is not None,
            covariates=path_in(self.left_out.covariates) if found is None else None,
            register=self.motion.wanted if found is None else None,
        )

    def _show_config(self, config: TrainConfig) -> None:
        self.form.set_config(config)
        with self.preset.changed.blocked():
            self.preset.value = _preset_of(config)

    def _on_begun(self) -> None:
        self.panel.begin_button.setText("Train" if self.begun.resumable is None else "Resume")

    def _on_movie_found(self, data: LayerData) -> None:
        layer = Layer.create(*data)
        assert isinstance(layer, Image)
        self._viewer.add_layer(layer)
        self.movie_choice.choose(layer)

    def _on_movie(self) -> None:
        self._session.movie_layer = self.movie_choice.layer
        movie = self.movie_choice.movie
        self._session.take_units(movie)
        self.registration.tell(movie)
        known = movie is not None and movie.pixel_size_um is not None
        self.form.set_unit("µm" if known else "px", "model", "cell_diameter")
        self.panel.set_obstacle("" if movie is None else None)
        if self._session.training.state == "idle":
            self._propose_folder()
        self._guide_on()

    def _guide_on(self, *_: Any) -> None:
        """Show in the guide what has been done."""
        session = self._session
        known, run = self.look.cell_size_known, session.run is not None
        self.guide.show_steps(
            guide_steps(self.movie_choice.movie, known, run, session.drivers_docks > 0)
        )

    def _propose_folder(self) -> None:
        if self.begun.resumable is not None:
            return
        movie = self.movie_choice.movie
        self.run_folder.propose(None if movie is None else default_run_folder(movie))

    def _on_preset(self, name: Any) -> None:
        if name != CUSTOM:
            self.form.set_config(TrainConfig.from_preset(name))

    def _on_edited(self) -> None:
        self.preset.value = CUSTOM

    def _on_state(self, state: str) -> None:
        self.settings.setEnabled(state == "idle")
        if state == "idle":
            self.begun.look()
            self._propose_folder()

    def _on_held_still(self, _: Movie) -> None:
        layer = self._session.movie_layer  # put there by the session
        if layer is not None:
            self.movie_choice.choose(layer)

    def _on_losses(self) -> None:
        self.loss_plot.set_history(self._session.training.history)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Share the height anew."""
        super().resizeEvent(event)
        self.verdict.leave_room(self.height())

    def _judge(self, *_: Any) -> None:
        """Say what the run is worth and what to know of the movie; of a new run, the latter."""
        run, training = self._session.run, self._session.training
        seen = training.report.notices
        if run is None or (training.state != "idle" and training.path is None):
            self.verdict.tell(None, seen)
        else:
            also = seen if training.path == run.path else ()
            self.verdict.tell(run.verdict, (*run.record.notices, *also))

    def _on_run(self, run: Run | None) -> None:
        self.panel.offer_run(run is not None)
        self.other_runs.propose(None if run is None else Path(run.path))
        self._judge()
        self._guide_on()

    def _on_theme(self, event: Any) -> None:
        self.loss_plot.set_theme(event.value)
        self.registration.set_theme(event.value)


def _preset_of(config: TrainConfig) -> str:
    for name in PRESETS:
        if TrainConfig.from_preset(name) == config:
            return name
    return CUSTOM


def _one_sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"])
        return f"{where or 'The settings'}: {first['msg']}."
    return str(error)
