"""Pictures of the docks in every state, two window sizes and both themes, to look at.

python scripts/screenshots.py --out /tmp/pictures --steps 20
python scripts/screenshots.py --out /tmp/pictures --run my-run      only the Export dock
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
from demo import open_dock, open_movie, open_train_dock
from qtpy.QtTest import QTest

from napari_sparsevar.widgets.session import get_session

SIZES = ((1600, 1000), (1366, 768))
THEMES = ("dark", "light")


class Photographer:
    """Takes the same state in every size and theme."""

    def __init__(self, viewer: napari.Viewer, folder: Path) -> None:
        self._viewer = viewer
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, state: str, settled: Callable[[], bool] = lambda: True) -> None:
        """Save one picture for each size and theme, each when all is there."""
        for width, height in SIZES:
            self._viewer.window.resize(width, height)
            for theme in THEMES:
                self._viewer.theme = theme
                QTest.qWait(500)
                wait_until(settled)
                path = self._folder / f"{state}-{width}-{theme}.png"
                self._viewer.screenshot(str(path), canvas_only=False, flash=False)


def wait_until(condition: Any, seconds: float = 900) -> None:
    """Let the event loop run until the condition holds."""
    for _ in range(int(seconds * 20)):
        if condition():
            return
        QTest.qWait(50)
    raise TimeoutError(f"Waited {seconds} s in vain.")


def main() -> int:
    """Walk through the states; return the exit code."""
    options = _options()
    viewer = napari.Viewer(title="napari-sparsevar")
    if options.run is not None:
        export_of(viewer, options.run, Photographer(viewer, options.out))
        return 0
    dock = open_train_dock(viewer)
    training = get_session(viewer).training
    photographer = Photographer(viewer, options.out)
    open_dock(viewer, "Drivers")
    photographer.take("1-empty")
    dock.parent().raise_()
    open_movie(viewer, options.movie, options.sample)
    photographer.take("2-movie")
    dock.form.field("steps").value = options.steps
    dock.form.field("validate_every").value = max(options.steps // 6, 1)
    dock.run_folder.value = Path(tempfile.mkdtemp()) / "demo-run-1"
    dock.panel.begin_button.click()
    wait_until(lambda: len(training.history.training["total"].steps) >= options.steps // 2)
    photographer.take("3-training")
    dock.panel.pause_button.click()
    wait_until(lambda: training.state in ("paused", "idle"))
    photographer.take("4-paused")
    dock.panel.pause_button.click()
    wait_until(lambda: training.state == "idle")
    photographer.take("5-finished")
    print(training.report.sentence)
    succeeded = len(viewer.layers) == 3
    if succeeded:
        inspect(viewer, photographer)
        compare_halves(viewer, photographer)
        export(viewer, photographer)
    viewer.close()
    return 0 if succeeded else 1


def inspect(viewer: napari.Viewer, photographer: Photographer) -> None:
    """Look at a driver, paint a region, move along the path, ask for what cannot be had."""
    dock, _ = open_dock(viewer, "Drivers"), open_dock(viewer, "Timeline")
    session = get_session(viewer)
    inspecting = session.inspecting

    def answered() -> bool:
        return inspecting.answer is not None and not inspecting.busy

    wait_until(lambda: inspecting.path is not None and not inspecting.busy)
    dock.parent().raise_()
    photographer.take("a-run-open")
    inspecting.select_next(1)
    if inspecting.selection is not None:
        wait_until(answered)
        photographer.take("b-driver")
    session.new_region()
    layer = inspecting.regions.layer
    layer.paint(tuple(length / 2 for length in layer.data.shape), layer.selected_label)
    wait_until(answered)
    QTest.qWait(3000)
    photographer.take("c-region-painted")
    dock.sparsity.slider.setValue(500)
    dock.tabs.setCurrentWidget(dock.curves)
    wait_until(answered)
    photographer.take("d-slider-moved")
    dock.tabs.setCurrentWidget(dock.criterion)
    photographer.take("e-criterion")
    dock.sparsity.reset.click()
    dock.tabs.setCurrentWidget(dock.partners)
    inspecting.clear()
    layer.mode = "pan_zoom"


def compare_halves(viewer: napari.Viewer, photographer: Photographer) -> None:
    """Compare the two halves of the movie with the trained network."""
    dock, _ = open_dock(viewer, "Compare"), open_dock(viewer, "Timeline")
    session = get_session(viewer)
    n_frames = session.activity.frames.n_frames
    half, gap = n_frames // 2, n_frames // 50
    session.comparing.windows.add([(gap, half - gap)])
    session.comparing.windows.add([(half + gap, n_frames - gap)])
    wait_until(lambda: not session.activity.field.busy)
    photographer.take("6-windows")
    dock.panel.begin_button.click()
    wait_until(lambda: session.comparing.state == "idle")
    photographer.take("7-compared")
    dock.result.tabs.setCurrentWidget(dock.result.null_plot)
    photographer.take("8-null")
    print(dock.result.sentence.text() or session.comparing.report.sentence)


def export_of(viewer: napari.Viewer, run: Path, photographer: Photographer) -> None:
    """Open a finished run and export it."""
    viewer.open(run, plugin="napari-sparsevar")
    session = get_session(viewer)
    wait_until(lambda: session.inspecting.path is not None and not session.inspecting.busy)
    export(viewer, photographer)
    viewer.close()


def export(viewer: napari.Viewer, photographer: Photographer) -> None:
    """Look at figures as they will be, and at what can be exported; write it all."""
    dock = open_dock(viewer, "Export")
    exporting = get_session(viewer).exporting
    dock.parent().raise_()
    for kind in ("overview", "view"):
        dock.figure.kind.value = kind
        photographer.take(f"f-{kind}", lambda: not dock.figure.preview.busy)
    dock.tabs.setCurrentIndex(1)
    for box in dock.results.parts.values():
        box.value = box.enabled
    photographer.take("g-results")
    dock.results.export.click()
    wait_until(lambda: exporting.report.fraction > 0.2 or exporting.state == "idle")
    photographer.take("h-exporting")
    wait_until(lambda: exporting.state == "idle")
    photographer.take("i-exported")
    print(exporting.report.sentence)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("demo/pictures"))
    parser.add_argument("--movie", type=Path, help="a movie; without it a simulated one")
    parser.add_argument("--run", type=Path, help="export this finished run, and train none")
    parser.add_argument("--sample", default="changing_coupling", help="which simulated one")
    parser.add_argument("--steps", type=int, default=60)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
