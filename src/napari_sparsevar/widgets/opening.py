"""What *Open* in napari calls: nothing a person opens may end the program.

napari asks by the name of a file, and every ``.tif`` may be a movie. Whoever then chooses SparseVAR
for something else gets what napari's own reader makes of it, and a sentence that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from napari import current_viewer
from napari.utils.notifications import show_info
from npe2 import PluginManager
from npe2.io_utils import read
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_sparsevar.cells.fit_folder import is_fit_directory
from napari_sparsevar.errors import UserError
from napari_sparsevar.readers.reader import get_reader as reader_of
from napari_sparsevar.readers.runs import read_run
from napari_sparsevar.widgets.work.failure import Failure

Paths = str | Sequence[str]
Reader = Callable[[Paths], list[Any]]

NOTHING: list[Any] = [(None,)]
"""What says to napari that a file was dealt with and there is no layer."""

_OURS, _NAPARI = "napari-sparsevar", "napari"


_CELLS_ALONE = (".npy", ".npz", ".csv", ".tsv", ".parquet", ".zip", ".roi")
"""Endings that we open only where they hold cells: napari asks by them too."""

_IMAGES = (".tif", ".tiff", ".png")
"""Endings of what is an image to napari, even where it could be labels of cells."""


def get_reader(path: Paths) -> Reader | None:
    """Return what opens the path: our reader, or napari's own where it is not ours to open.

    Cells of another program go to the Cells dock.

    Parameters
    ----------
    path : str or sequence of str
        As napari hands it over.

    Returns
    -------
    callable or None
        Takes the path, returns layers. It raises nothing: what goes wrong is a notification. None
        for a kind of file that we open only where it holds cells.
    """
    ours: Callable[[Any], list[Any]] | None = reader_of(path)
    if ours is None and isinstance(path, str):
        suffix = Path(path).suffix.lower()
        if suffix not in _IMAGES and _holds_cells(Path(path)):
            ours = _bring_cells
        elif suffix in _CELLS_ALONE:
            return None
    return partial(_opened, ours or _read_as_others_do)


def _opened(reader: Callable[[Any], list[Any]], path: Paths) -> list[Any]:
    try:
        layers = reader(path)
    except Exception as error:  # noqa: BLE001 - at napari's start it would end the program
        _soon(Failure.of(error, f"Opening {_name(path)}").report)
        return NOTHING
    if reader is read_run:
        _soon(_follow_run)
    return layers


def _follow_run() -> None:
    """Have the session of the viewer take the run: without a dock nobody has asked for one yet."""
    from napari_sparsevar.widgets.session import get_session

    viewer = current_viewer()
    if viewer is not None:
        get_session(viewer)


def _holds_cells(path: Path) -> bool:
    from napari_sparsevar.cells.formats.format import cell_format_of

    try:
        known = is_fit_directory(path) or cell_format_of(path) is not None
        return known and not _is_layer_table(path)
    except OSError:
        return False


def _is_layer_table(path: Path) -> bool:
    """Whether napari wrote the table, of its points or shapes."""
    if path.suffix.lower() != ".csv":
        return False
    with path.open("rb") as file:
        return file.readline(80).startswith((b"index,axis-", b"index,shape-type"))


def _bring_cells(path: str) -> list[Any]:
    """Have the session open cells: which of several is meant, its dock asks."""
    _soon(partial(_bring_to_session, Path(path)))
    return NOTHING


def _bring_to_session(path: Path) -> None:
    from napari_sparsevar.widgets.session import get_session

    viewer = current_viewer()
    if viewer is not None:
        get_session(viewer).bring_cells(path)


def _read_as_others_do(path: Paths) -> list[Any]:
    """Read what is no movie with napari's own reader, or with another where napari has none."""
    why = _why_not(path)
    asked = [path] if isinstance(path, str) else list(path)
    found = PluginManager.instance().iter_compatible_readers(asked)
    others = sorted({reader.plugin_name for reader in found} - {_OURS})
    if not others:
        raise UserError(f"{why} No other reader is installed for it.")
    other = _NAPARI if _NAPARI in others else others[0]
    try:
        layers: list[Any] = read(asked, stack=not isinstance(path, str), plugin_name=other)
    except Exception as error:
        raise UserError(f"{why} {other}'s own reader does not open it either.") from error
    _soon(partial(show_info, f"{why} It was opened by {other}'s own reader."))
    return layers


def _why_not(path: Paths) -> str:
    """Return one sentence why it is no movie."""
    from napari_sparsevar.movie import open_movie

    if not isinstance(path, str):
        return f"Several files opened together ({_name(path)} ...) are no movie for SparseVAR."
    try:
        movie = open_movie(path)
    except UserError as error:
        return str(error)
    return (
        f"{path} is a stack of {movie.n_frames} planes in depth, as it says itself: if these are "
        "frames, choose its layer in the Train dock."
    )


def _name(path: Paths) -> str:
    return Path(path if isinstance(path, str) else path[0]).name


def _soon(tell: Callable[[], None]) -> None:
    """Tell as soon as there is a window: napari opens what its command line names before that."""
    if QApplication.instance() is None:
        tell()
    else:
        QTimer.singleShot(0, lambda: tell())  # Qt would not keep what a method belongs to
