"""What opens a file or folder that a viewer hands over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari_sparsevar.readers.layers import LayerData
from napari_sparsevar.readers.movies import read_movie
from napari_sparsevar.readers.runs import read_run

Reader = Callable[[str], list[LayerData]]


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """Return what opens the path, or None if it is neither a movie nor a run of ours.

    Parameters
    ----------
    path : str or sequence of str
        As napari hands it over; several files at once are left to other readers.

    Returns
    -------
    callable or None
        Takes the path, returns layers.
    """
    if not isinstance(path, str):
        return None
    source = Path(path)
    if is_run(source):
        return read_run
    from napari_sparsevar.movie.open import holds_movie

    return read_movie if holds_movie(source) else None


def is_run(path: Path) -> bool:
    """Whether the folder is a run directory of this package."""
    if not (path / "run.json").is_file():
        return False
    from napari_sparsevar.run.store import is_run_directory

    return bool(is_run_directory(path))
