"""Where a run is written unless the person says otherwise."""

from __future__ import annotations

import os
import re
from pathlib import Path

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.widgets.parts.new_folder import free

LONGEST_STEM = 60
"""Letters of a movie's name in its run folder; file systems refuse more than 255 bytes."""


def default_run_folder(movie: Movie) -> Path:
    """Return a folder that does not exist: beside the movie's file, else in the home folder."""
    stem = re.sub(r"[^\w.-]+", "-", movie.name)[:LONGEST_STEM].strip("-.") or "movie"
    if movie.source is not None:
        parent = Path(movie.source).resolve().parent
        if os.access(parent, os.W_OK):
            return free(parent / f"{stem}-run-1")
    return free(Path.home() / "sparsevar-runs" / f"{stem}-1")
