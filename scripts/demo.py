"""The whole main job, shown: open a movie in napari, click Train, see what drives it.

python scripts/demo.py                                a window that stays open
python scripts/demo.py --movie path --preset standard    the same on your movie
python scripts/demo.py --screenshot demo.png             leaves a picture and ends

Exit code 1 if the training failed, 2 if the movie cannot be opened.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import napari
from qtpy.QtCore import QTimer

import napari_sparsevar
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.parts.new_folder import free
from napari_sparsevar.widgets.session import get_session
from napari_sparsevar.widgets.train_dock import TrainDock
from napari_sparsevar.widgets.training.state import Training

PLUGIN = "napari-sparsevar"
SETTLE_MS = 800


def main() -> int:
    """Run the demo and return the exit code."""
    options = _options()
    viewer = _window(options)
    try:
        open_movie(viewer, options.movie)
    except UserError as error:
        print(error, file=sys.stderr)
        viewer.close()
        return 2
    dock = open_train_dock(viewer)
    dock.preset.value = options.preset
    dock.run_folder.value = free(options.out.absolute() / "run-1")
    training = get_session(viewer).training
    runs: list[object] = []
    training.run_ready.connect(lambda run, _: runs.append(run))
    if options.screenshot is not None:
        _leave_picture(viewer, training, options.screenshot)
    # As a person would: only once the window is there.
    QTimer.singleShot(SETTLE_MS, dock.panel.begin_button.click)
    napari.run()
    return 0 if runs or options.screenshot is None else 1


def _window(options: argparse.Namespace) -> napari.Viewer:
    width, height = (int(part) for part in options.size.split("x"))
    viewer = napari.Viewer(title="napari-sparsevar")
    viewer.theme = options.theme
    viewer.window.resize(width, height)
    return viewer


def _leave_picture(viewer: napari.Viewer, training: Training, path: Path) -> None:
    """Save the window when the training has ended, and close it."""

    def finish() -> None:
        print(training.report.sentence)
        viewer.screenshot(str(path), canvas_only=False, flash=False)
        viewer.close()

    def on_state(state: str) -> None:
        if state == "idle":
            QTimer.singleShot(SETTLE_MS, finish)

    training.state_changed.connect(on_state)


def open_movie(viewer: napari.Viewer, path: Path | None, sample: str = "known_drivers") -> None:
    """Open a movie, or a simulated one where there is none.

    Raises
    ------
    UserError
        If it is no movie; napari itself would say so with a traceback.
    """
    if path is None:
        viewer.open_sample(PLUGIN, sample)
    else:
        napari_sparsevar.open_movie(path)
        viewer.open(path, plugin=PLUGIN)


def open_train_dock(viewer: napari.Viewer) -> TrainDock:
    """Open the Train dock with *Plugins > SparseVAR > Train*."""
    return open_dock(viewer, "Train")


def open_dock(viewer: napari.Viewer, title: str) -> Any:
    """Open a dock of ours from the Plugins menu, or return the one there is.

    napari's ``add_plugin_dock_widget`` would name it otherwise, and the menu open a second one.
    """
    name = f"{title} (SparseVAR)"
    if name not in viewer.window.dock_widgets:
        menu = viewer.window.plugins_menu
        menu.aboutToShow.emit()
        ours = next(action.menu() for action in menu.actions() if action.text() == "SparseVAR")
        ours.findAction(f"{PLUGIN}.{title.lower()}").trigger()
    return viewer.window.dock_widgets[name]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movie", type=Path, help="a movie; without it the simulated one")
    parser.add_argument("--preset", default="fast", choices=["fast", "standard", "thorough"])
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the runs")
    parser.add_argument("--screenshot", type=Path, help="save the window here and end")
    parser.add_argument("--size", default="1600x1000", help="of the window, for example 1366x768")
    parser.add_argument("--theme", default="dark", choices=["dark", "light"])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
