"""Opens a file of bare pixels, whose size no file tells: the person does."""

from __future__ import annotations

from pathlib import Path

from magicgui.types import FileDialogMode
from magicgui.widgets import FileEdit, Label, PushButton, SpinBox
from napari.viewer import Viewer
from qtpy.QtWidgets import QSizePolicy

from napari_sparsevar.readers import movie_layer
from napari_sparsevar.widgets.parts.fields import Rows, tooltip
from napari_sparsevar.widgets.work.failure import refusals_shown

_PIXEL_BYTES = 2
_LARGEST = 65_536
_NOTHING = "–"


class RawPixels(Rows):
    """File, height and width of frames, and how many frames that makes."""

    def __init__(self, napari_viewer: Viewer) -> None:
        self._viewer = napari_viewer
        self.file = FileEdit(
            label="File",
            mode=FileDialogMode.EXISTING_FILE,
            filter="*.bin",
            tooltip=tooltip("16-bit pixels, frame after frame, such as data.bin of suite2p."),
        )
        self.rows = SpinBox(label="Height", value=512, min=1, max=_LARGEST, tooltip="Rows (px).")
        self.columns = SpinBox(
            label="Width", value=512, min=1, max=_LARGEST, tooltip="Columns (px)."
        )
        self.frames = Label(label="Frames", value=_NOTHING)
        self.frames.native.setWordWrap(True)
        self.frames.native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = PushButton(text="Open", enabled=False)
        super().__init__(self.file, self.rows, self.columns, self.frames, self.button)
        self.margins = (8, 6, 8, 8)
        for field in (self.file, self.rows, self.columns):
            field.changed.connect(self._count)
        self.button.changed.connect(self._open)

    def _count(self) -> None:
        """Say how many frames of this size the file holds."""
        path = self._path()
        if not path.is_file():
            self.frames.value, self.button.enabled = _NOTHING, False
            return
        n_frames, rest = divmod(
            path.stat().st_size, _PIXEL_BYTES * self.rows.value * self.columns.value
        )
        fits = n_frames > 0 and rest == 0
        self.frames.value = f"{n_frames:,}" if fits else "no whole number: another size"
        self.button.enabled = fits

    def _path(self) -> Path:
        chosen = self.file.value
        assert isinstance(chosen, Path)
        return chosen

    def _open(self) -> None:
        from napari_sparsevar.movie import open_movie

        path, shape = self._path().absolute(), (self.rows.value, self.columns.value)
        with refusals_shown():
            data, options, _ = movie_layer(open_movie(path, shape=shape))
            self._viewer.add_image(data, **options)
