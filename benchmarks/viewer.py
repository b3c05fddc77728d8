"""Does the viewer stay usable while it trains? Gaps of the event loop, scrubbing a movie.

A timer that wants to fire at every turn of Qt's event loop notes how late it is while the frame
slider is moved, first without and then with a training in the same process.

xvfb-run -a python benchmarks/viewer.py      (or without xvfb-run, on a real screen)
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from pathlib import Path

import napari
import numpy as np
import psutil
from qtpy.QtCore import QTimer
from qtpy.QtTest import QTest

from napari_sparsevar.movie import simulate_movie
from napari_sparsevar.readers.movies import movie_layer
from napari_sparsevar.widgets.session import get_session

FRAMES_PER_SECOND = 20
TARGET = 1.5


class Gaps:
    """Notes the time between two turns of the event loop, while a movie is scrubbed."""

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = viewer
        self._last = 0.0
        self._gaps: list[float] = []
        self._tick = QTimer()
        self._tick.setInterval(0)
        self._tick.timeout.connect(self._note)
        self._scrub = QTimer()
        self._scrub.setInterval(1000 // FRAMES_PER_SECOND)
        self._scrub.timeout.connect(self._next_frame)

    def measure(self, seconds: float) -> np.ndarray:
        """Return the gaps in milliseconds."""
        self._gaps, self._last = [], time.perf_counter()
        self._tick.start()
        self._scrub.start()
        QTest.qWait(int(seconds * 1000))
        self._tick.stop()
        self._scrub.stop()
        return 1000 * np.array(self._gaps)

    def _note(self) -> None:
        now = time.perf_counter()
        self._gaps.append(now - self._last)
        self._last = now

    def _next_frame(self) -> None:
        count = self._viewer.dims.nsteps[0]
        # Far apart, so that each frame is a new one for the cache.
        self._viewer.dims.set_current_step(0, (self._viewer.dims.current_step[0] + 37) % count)


def summary(gaps: np.ndarray) -> tuple[float, float, float]:
    """Return median, 99th percentile and maximum of the gaps that a person could notice.

    Turns shorter than 2 ms did no drawing; they would only dilute the percentiles.
    """
    drawn = gaps[gaps > 2]
    return float(np.median(drawn)), float(np.percentile(drawn, 99)), float(drawn.max())


def main() -> int:
    """Measure, print a table, return 1 where the target is missed."""
    options = _options()
    movie, _ = simulate_movie(1000, (128, 128), seed=options.seed)
    data, meta, _ = movie_layer(movie)
    viewer = napari.Viewer()
    viewer.window.resize(1366, 768)
    viewer.add_image(data, **meta)
    _, dock = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Train")
    training = get_session(viewer).training
    dock.preset.value = "thorough"
    dock.form.field("seed").value = options.seed
    dock.run_folder.value = Path(tempfile.mkdtemp()) / "run"
    gaps = Gaps(viewer)
    gaps.measure(3)
    idle = gaps.measure(options.seconds)
    dock.panel.begin_button.click()
    _wait_for_steps(training, 2)
    before = len(training.history.training["total"].steps)
    busy = gaps.measure(options.seconds)
    steps = len(training.history.training["total"].steps) - before
    training.abandon()
    while training.state != "idle":
        QTest.qWait(50)
    ratio = _print_table(idle, busy, steps, options)
    viewer.close()
    return 0 if ratio <= TARGET else 1


def _wait_for_steps(training: object, count: int) -> None:
    while len(training.history.training["total"].steps) < count:
        if training.state == "idle":
            raise SystemExit(training.report.sentence)
        QTest.qWait(50)


def _print_table(
    idle: np.ndarray, busy: np.ndarray, steps: int, options: argparse.Namespace
) -> float:
    rows = {"scrubbing": summary(idle), "scrubbing and training": summary(busy)}
    ratio = rows["scrubbing and training"][1] / rows["scrubbing"][1]
    load = psutil.getloadavg()[0]
    print(
        f"{platform.platform()}, {psutil.cpu_count()} cores (load {load:.1f}), "
        f"Python {platform.python_version()}, napari {napari.__version__}, seed {options.seed}, "
        f"{options.seconds:g} s each, {steps} training steps meanwhile\n"
    )
    print("| gap of the event loop | median ms | p99 ms | max ms |")
    print("|---|---:|---:|---:|")
    for name, (median, p99, longest) in rows.items():
        print(f"| {name} | {median:.1f} | {p99:.1f} | {longest:.1f} |")
    print(f"\np99 while training / p99 idle: {ratio:.2f} (target at most {TARGET})")
    return ratio


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
