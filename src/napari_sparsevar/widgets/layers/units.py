"""Frame rate and pixel size of a movie that does not say them, given by the person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from magicgui.widgets import FloatSpinBox
from napari.layers import Image

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.widgets.parts.fields import Rows, number, tooltip

GIVEN_KEY = "given"
"""Where ``layer.metadata[METADATA_KEY]`` keeps what the person gave, so that it stays with it."""


class MovieUnits(Rows):
    """One optional field for each unit the movie lacks; hidden where it lacks none."""

    fps: FloatSpinBox
    pixel_size_um: FloatSpinBox

    def __init__(self) -> None:
        super().__init__(
            _optional("fps", "Frame rate", "Frames per second of the movie.", "Hz", 2),
            _optional(
                "pixel_size_um",
                "Pixel size",
                "Edge of a pixel, for the scale of maps and figures.",
                "µm",
                3,
            ),
        )

    def show_missing(self, movie: Movie | None, given: dict[str, float]) -> None:
        """Show a field for each unit the movie itself lacks, with what was given for it."""
        for field in (self.fps, self.pixel_size_um):
            with field.changed.blocked():
                field.value = given.get(field.name, 0.0)
            field.visible = movie is not None and getattr(movie, field.name) is None
        self.visible = movie is not None and None in (movie.fps, movie.pixel_size_um)

    def values(self) -> dict[str, float]:
        """Return what the person gave; a unit left unknown is not in it."""
        return {name: value for name, value in self.asdict().items() if value > 0}


def given_units(layer: Image) -> dict[str, float]:
    """Return the units a person gave for a movie layer."""
    return dict(layer.metadata.get(METADATA_KEY, {}).get(GIVEN_KEY, {}))


def keep_given_units(layer: Image, given: dict[str, float]) -> None:
    """Keep the units a person gave with the layer."""
    layer.metadata.setdefault(METADATA_KEY, {})[GIVEN_KEY] = given


def completed(movie: Movie, given: dict[str, float]) -> Movie:
    """Return the movie with the given units where it has none of its own."""
    missing: dict[str, Any] = {
        name: value for name, value in given.items() if getattr(movie, name) is None
    }
    return replace(movie, **missing)


def _optional(name: str, label: str, about: str, unit: str, decimals: int) -> FloatSpinBox:
    return number(
        0.0,
        100_000.0,
        decimals=decimals,
        unit=unit,
        unset="unknown",
        step=1,
        name=name,
        label=label,
        tooltip=tooltip(f"{about} Optional; the file does not say it."),
    )
