"""Frame rate and pixel size of a movie that does not say them, given by the person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.readers import METADATA_KEY
from napari_sparsevar.widgets.parts.form import NumberBox, form_rows, row_label

GIVEN_KEY = "given"
"""Where ``layer.metadata[METADATA_KEY]`` keeps what the person gave, so that it stays with it."""


class MovieUnits(QWidget):
    """One optional field for each unit the movie lacks; hidden where it lacks none."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fps = _optional_number(" Hz", decimals=2, tooltip="Frames per second of the movie.")
        self.pixel_size_um = _optional_number(
            " µm", decimals=3, tooltip="Edge of a pixel, for the scale of maps and figures."
        )
        rows = form_rows()
        self._rows = {}
        for name, title in (("fps", "Frame rate"), ("pixel_size_um", "Pixel size")):
            label, editor = row_label(title), getattr(self, name)
            label.setToolTip(editor.toolTip())
            rows.addRow(label, editor)
            self._rows[name] = (label, editor)
            editor.valueChanged.connect(self._on_edited)
        self.setLayout(rows)
        self.show_missing(None, {})

    def show_missing(self, movie: Movie | None, given: dict[str, float]) -> None:
        """Show a field for each unit the movie itself lacks, with what was given for it."""
        missing = [
            name for name in self._rows if movie is not None and getattr(movie, name) is None
        ]
        for name, (label, editor) in self._rows.items():
            editor.blockSignals(True)
            editor.setValue(given.get(name, 0.0))
            editor.blockSignals(False)
            label.setVisible(name in missing)
            editor.setVisible(name in missing)
        self.setVisible(bool(missing))

    def values(self) -> dict[str, float]:
        """Return what the person gave; a unit left unknown is not in it."""
        return {
            name: editor.value() for name, (_, editor) in self._rows.items() if editor.value() > 0
        }

    def _on_edited(self, *_: object) -> None:
        self.edited.emit()


def given_units(layer: Image) -> dict[str, float]:
    """Return the units a person gave for a movie layer."""
    return dict(layer.metadata.get(METADATA_KEY, {}).get(GIVEN_KEY, {}))


def keep_given_units(layer: Image, given: dict[str, float]) -> None:
    """Keep the units a person gave with the layer."""
    layer.metadata.setdefault(METADATA_KEY, {})[GIVEN_KEY] = given


def completed(movie: Movie, given: dict[str, float]) -> Movie:
    """Return the movie with the given units where it has none of its own."""
    missing = {name: value for name, value in given.items() if getattr(movie, name) is None}
    return replace(movie, **cast("dict[str, Any]", missing))


def _optional_number(suffix: str, decimals: int, tooltip: str) -> NumberBox:
    editor = NumberBox()
    editor.setRange(0.0, 100_000.0)
    editor.setDecimals(decimals)
    editor.setSuffix(suffix)
    editor.setSpecialValueText("unknown")
    editor.setKeyboardTracking(False)
    editor.setToolTip(f"<qt>{tooltip} Optional; the file does not say it.</qt>")
    return editor
