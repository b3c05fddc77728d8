"""One file a format: ``claims`` looks at content, ``read`` gives a `Movie`."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats import caiman, hdf5, nwb, suite2p, video, zarr_store
from napari_sparsevar.movie.formats.tiff_family import reading, scanimage
from napari_sparsevar.movie.movie import Movie


class Format(Protocol):
    """What every module of this folder that reads files has."""

    def claims(self, path: Path) -> bool:
        """Return whether the content of a file or folder is of this format."""

    def holds_movie(self, path: Path) -> bool:
        """Return whether what was claimed has frames, fast; True also where it is damaged."""

    def read(self, path: Path, choice: Choice) -> Movie:
        """Open what was claimed, or raise one sentence."""


# The first that claims a path reads it: the special before the general.
FORMATS: tuple[Format, ...] = (
    scanimage,
    reading,
    zarr_store,
    nwb,
    hdf5,
    suite2p,
    caiman,
    video,
)
