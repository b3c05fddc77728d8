"""Docks that are opened and closed over and over: what they leave behind."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import napari
import numpy as np
from npe2 import PluginManager
from qtpy.QtCore import QEvent, QThreadPool
from qtpy.QtWidgets import QApplication

from napari_sparsevar.movie import simulate_movie
from napari_sparsevar.readers.movies import movie_layer
from napari_sparsevar.widgets.parts.dock import PLUGIN, show_dock

WARM = 10
"""Openings before anything is counted: what is loaded then is loaded once."""
LINGER_S = 0.5
"""By then a dock has begun what it does in the background."""
MOST_MB = 10.0
"""Growth of memory that is none: allocators keep some."""


class Counted(NamedTuple):
    """What there is at a moment."""

    widgets: int
    threads: int
    files: int
    megabytes: float


class Left(NamedTuple):
    """What a dock left behind after it was opened and closed so often."""

    dock: str
    times: int
    seconds: float
    before: Counted
    after: Counted

    @property
    def faults(self) -> list[str]:
        """What has become more."""
        names = "widgets", "threads", "files"
        found = [
            f"{self.dock}: {getattr(self.after, name) - getattr(self.before, name)} {name} left"
            for name in names
            if getattr(self.after, name) > getattr(self.before, name)
        ]
        grown = self.after.megabytes - self.before.megabytes
        return [*found, f"{self.dock}: {grown:.0f} MB left"] if grown > MOST_MB else found


def opened_and_closed(
    times: int, run: Path | None = None, chosen: list[str] | None = None
) -> Iterator[Left]:
    """Open and close each dock, or those that are chosen, in a viewer with a movie and a run."""
    viewer = napari.Viewer()
    movie, _ = simulate_movie(200, (48, 48), seed=0, n_cells=9, n_drivers=2, n_followers=2)
    data, options, _ = movie_layer(movie)
    viewer.add_image(np.asarray(data), **options)
    if run is not None:
        viewer.open(run, plugin=PLUGIN)
    try:
        for title in chosen or titles():
            yield _left(viewer, title, times)
    finally:
        viewer.close()


def titles() -> list[str]:
    """Return the names of all docks."""
    manifest = PluginManager.instance().get_manifest(PLUGIN)
    return [widget.display_name for widget in manifest.contributions.widgets or ()]


def _left(viewer: Any, title: str, times: int) -> Left:
    for _ in range(WARM):
        _once(viewer, title, LINGER_S)
    for _ in range(times // 4):  # what is loaded in the background comes late
        _once(viewer, title)
    before, began = _counted(), time.monotonic()
    for _ in range(times):
        _once(viewer, title)
    return Left(title, times, time.monotonic() - began, before, _counted())


def _once(viewer: Any, title: str, seconds: float = 0.0) -> None:
    """Open and close a dock, which is looked at for a while."""
    names = set(viewer.window.dock_widgets)
    _open(viewer, title)
    QApplication.processEvents()
    _until(lambda: False, seconds)
    for name in set(viewer.window.dock_widgets) - names:
        widget = viewer.window.dock_widgets[name]
        viewer.window.remove_dock_widget(getattr(widget, "native", widget))
    QApplication.processEvents()


def _open(viewer: Any, title: str) -> None:
    command = PluginManager.instance().get_manifest(PLUGIN).contributions.widgets
    known = {widget.display_name: widget.command for widget in command or ()}[title]
    if known == f"{PLUGIN}.{title.lower()}":
        show_dock(viewer, title)
    else:
        viewer.window.add_plugin_dock_widget(PLUGIN, title)


def _counted() -> Counted:
    pool = QThreadPool.globalInstance()
    assert pool is not None
    _until(lambda: pool.activeThreadCount() == 0)
    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Counted(
        len(QApplication.allWidgets()),
        threading.active_count(),
        len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - nothing may be opened for it
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
    )


def _until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.01)
