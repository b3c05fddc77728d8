"""Opens a file that does not tell its size or its axes: the person does."""

from __future__ import annotations

from pathlib import Path

from magicgui.types import FileDialogMode
from magicgui.widgets import FileEdit, Label, LineEdit, PushButton, SpinBox
from napari.viewer import Viewer
from qtpy.QtWidgets import QSizePolicy

from napari_sparsevar.readers.movies import movie_layer
from napari_sparsevar.widgets.parts.fields import Rows, tooltip
from napari_sparsevar.widgets.work.failure import refusals_shown

_PIXEL_BYTES = 2
_LARGEST = 65_536
_NOTHING = "–"


class RawPixels(Rows):
    """File, height and width of frames, and how many frames that makes; or its axes."""

    def __init__(self, napari_viewer: Viewer) -> None:
        self._viewer = napari_viewer
        self.file = FileEdit(
            label="File",
            mode=FileDialogMode.EXISTING_FILE,
            filter="Raw pixels (*.bin);;Arrays (*.h5 *.hdf5 *.mat *.nwb *.npy);;All (*)",
            tooltip=tooltip(
                "16-bit pixels, frame after frame, such as data.bin of suite2p; or HDF5 or NWB "
                "whose axes are not named."
            ),
        )
        self.rows = SpinBox(label="Height", value=512, min=1, max=_LARGEST, tooltip="Rows (px).")
        self.columns = SpinBox(
            label="Width", value=512, min=1, max=_LARGEST, tooltip="Columns (px)."
        )
        self.axes = LineEdit(
            label="Axes",
            tooltip=tooltip(
                "Of HDF5 or NWB, a letter for each axis: YXT has time last. Empty for raw pixels."
            ),
        )
        self.frames = Label(label="Frames", value=_NOTHING)
        self.frames.native.setWordWrap(True)
        self.frames.native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = PushButton(text="Open", enabled=False)
        super().__init__(self.file, self.rows, self.columns, self.axes, self.frames, self.button)
        self.margins = (8, 6, 8, 8)
        for field in (self.file, self.rows, self.columns, self.axes):
            field.changed.connect(self._count)
        self.button.changed.connect(self._open)

    def _count(self) -> None:
        """Say how many frames of this size the file holds."""
        path, named = self._path(), bool(self.axes.value.strip())
        self.rows.enabled = self.columns.enabled = not named
        if named or not path.is_file():
            self.frames.value, self.button.enabled = _NOTHING, named and path.exists()
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

        path, axes = self._path().absolute(), self.axes.value.strip() or None
        shape = None if axes else (self.rows.value, self.columns.value)
        with refusals_shown():
            data, options, _ = movie_layer(open_movie(path, shape=shape, axes=axes))
            self._viewer.add_image(data, **options)
