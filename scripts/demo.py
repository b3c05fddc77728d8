"""The whole main job, shown: open a movie in napari, click Train, see what drives it.

python scripts/demo.py                                a window that stays open
python scripts/demo.py --movie path --preset standard    the same on your movie
python scripts/demo.py --screenshot demo.png             leaves a picture and ends; 1 if it failed
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import napari
from qtpy.QtCore import QTimer

from napari_sparsevar.widgets.session import get_session

PLUGIN = "napari-sparsevar"
SETTLE_MS = 800


def main() -> int:
    """Run the demo and return the exit code."""
    options = _options()
    width, height = (int(part) for part in options.size.split("x"))
    viewer = napari.Viewer(title="napari-sparsevar")
    viewer.theme = options.theme
    viewer.window.resize(width, height)
    _open_movie(viewer, options.movie)
    _, dock = viewer.window.add_plugin_dock_widget(PLUGIN, "Train")
    dock.preset.setCurrentIndex(dock.preset.findData(options.preset))
    dock.run_folder.edit.setText(str(_free_folder(options.out)))
    training = get_session(viewer).training
    outcome = {"runs": 0}

    def on_run(*_: object) -> None:
        outcome["runs"] += 1

    def on_state(state: str) -> None:
        if state == "idle" and options.screenshot is not None:
            QTimer.singleShot(SETTLE_MS, finish)

    def finish() -> None:
        print(training.report.sentence)
        viewer.screenshot(str(options.screenshot), canvas_only=False, flash=False)
        viewer.close()

    training.run_ready.connect(on_run)
    training.state_changed.connect(on_state)
    # As a person would: only once the window is there.
    QTimer.singleShot(SETTLE_MS, dock.panel.train_button.click)
    if options.screenshot is not None and dock.movie_choice.movie is None:
        print(dock.movie_choice.about.text(), file=sys.stderr)
        return 1
    napari.run()
    return 0 if outcome["runs"] or options.screenshot is None else 1


def _open_movie(viewer: napari.Viewer, path: Path | None) -> None:
    if path is None:
        viewer.open_sample(PLUGIN, "known_drivers")
    else:
        viewer.open(path, plugin=PLUGIN)


def _free_folder(parent: Path) -> Path:
    number = 1
    while (parent / f"run-{number}").exists():
        number += 1
    return parent.absolute() / f"run-{number}"


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
