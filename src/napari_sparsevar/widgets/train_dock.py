"""The Train dock: choose a movie and settings, train, watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.components import ViewerModel
from pydantic import ValidationError
from qtpy.QtWidgets import QPushButton, QWidget

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
from napari_sparsevar.widgets.parts.fields import Rows, tooltip
from napari_sparsevar.widgets.parts.form import AutoBox, ConfigForm
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.new_folder import NewFolder
from napari_sparsevar.widgets.parts.preferences import preferred, remember
from napari_sparsevar.widgets.session import get_session, plain_viewer
from napari_sparsevar.widgets.training.choices import DeviceBox, MovieChoice, default_run_folder
from napari_sparsevar.widgets.training.guide import Guide, guide_steps
from napari_sparsevar.widgets.training.loss_plot import LossPlot
from napari_sparsevar.widgets.training.movie_look import MovieLook
from napari_sparsevar.widgets.training.panel import TrainingPanel
from napari_sparsevar.widgets.training.worker import TrainingRequest

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run

FIRST_PRESET = "fast"
CUSTOM = "custom"


class TrainDock(Dock):
    """Settings that scroll above, curves and buttons that always stay in sight below."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        viewer = plain_viewer(napari_viewer)
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
        self.guide = Guide()
        self.guide_button = QPushButton("Guide")
        self.run_folder = NewFolder("run", label="Run folder")
        self.device = DeviceBox()
        self.panel = TrainingPanel(self._session.training)
        self.loss_plot = LossPlot(viewer.theme)
        self.settings = self._settings()
        self._arrange()
        self._connect(viewer)
        self._restore()

    def _settings(self) -> QWidget:
        self.run_folder.line_edit.native.setPlaceholderText("chosen with the movie")
        rows = Rows(self.run_folder, self.device, self.preset)
        self.guide_button.setCheckable(True)
        self.guide_button.setChecked(not self.guide.isHidden())
        self.guide_button.setToolTip("<qt>The steps from a movie to its drivers.</qt>")
        look = in_row((self.look, 2), (self.guide_button, 1))
        return boxed(in_column(self.movie_choice, look, rows.native, self.form, spacing=5))

    def _arrange(self) -> None:
        # The guide scrolls with the settings: it must not push the buttons out of sight.
        above = boxed(in_column(self.guide, self.settings, margins=(0, 0, 6, 0), spacing=5))
        parts = FittingScroll(above, minimum_height=120), self.panel, (self.loss_plot, 1)
        in_column(*parts, inside=self, margins=MARGINS, spacing=8)
        self.setMinimumWidth(300)

    def _connect(self, viewer: ViewerModel) -> None:
        training = self._session.training
        self.movie_choice.changed.connect(self._on_movie)
        self.look.looked.connect(self._guide_on)
        self.guide_button.clicked.connect(self.guide.show_again)
        self.guide.shown_changed.connect(self.guide_button.setChecked)
        self.preset.changed.connect(self._on_preset)
        self.form.edited.connect(self._on_edited)
        self.panel.begin_button.clicked.connect(self.train)
        self.panel.show_button.clicked.connect(self._session.show_run)
        watch(training.state_changed, self._on_state, self)
        watch(training.losses_changed, self._on_losses, self)
        watch(self._session.run_changed, self._on_run, self)
        watch(self._session.drivers_docks_changed, self._guide_on, self)
        watch(viewer.events.theme, self._on_theme, self)

    def _restore(self) -> None:
        training = self._session.training
        layer = self._session.movie_layer
        if layer is not None:
            self.movie_choice.choose(layer)
        if training.state != "idle" and training.request is not None:
            self.form.set_config(training.request.config)
            with self.preset.changed.blocked():
                self.preset.value = _preset_of(training.request.config)
            self.run_folder.value = training.request.out
        else:
            self._on_movie()
        self._on_losses()
        self._on_state(training.state)
        self._on_run(self._session.run)

    def train(self) -> None:
        """Start a training with what the dock shows, as the button does."""
        try:
            request = self._request()
        except (UserError, ValidationError) as error:
            self._session.training.say(_one_sentence(error))
            return
        if self.preset.value != CUSTOM:
            remember("training", preset=self.preset.value)
        self._session.train(request, self.movie_choice.layer)

    def _request(self) -> TrainingRequest:
        layer, movie = self.movie_choice.layer, self.movie_choice.movie
        if layer is None or movie is None:
            raise UserError(self.movie_choice.about.text())
        config = self.form.config()
        return TrainingRequest(
            movie=movie,
            config=config,
            out=self.run_folder.path(),
            device=self.device.value,
            placement=placement_of(layer),
        )

    def _on_movie(self) -> None:
        self._session.movie_layer = self.movie_choice.layer
        movie = self.movie_choice.movie
        self._session.take_units(movie)
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
            self._propose_folder()

    def _on_losses(self) -> None:
        self.loss_plot.set_history(self._session.training.history)

    def _on_run(self, run: Run | None) -> None:
        self.panel.show_button.setVisible(run is not None)
        self._guide_on()

    def _on_theme(self, event: Any) -> None:
        self.loss_plot.set_theme(event.value)


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
