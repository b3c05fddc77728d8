"""Does the plugin slow the movie down? Frames per second while scrubbing, bare napari and with us.

The same lazy 512 x 512 movie in the same process, in turn: bare (the movie layer alone), with the
Train, Drivers and Compare docks and the timeline open, and with a run and a painted region as well,
whose maps, arrows and labels napari draws over every frame.

xvfb-run -a python benchmarks/scrub.py [--runs FOLDER]
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from pathlib import Path

import napari
import numpy as np
import psutil
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_sparsevar.widgets.session import get_session
from viewer_parts.runs import SIZES, trained_run

TARGET = 0.8
DOCKS = ("Train", "Drivers", "Compare", "Export", "Timeline")


def main() -> int:
    """Measure in turn, print the table, return 1 where the target is missed."""
    options = _options()
    run = trained_run(SIZES[-1], options.runs, options.seed)
    movie = options.runs / f"movie-{SIZES[-1].pixels}-{options.seed}.tif"
    rates: dict[str, list[float]] = {"bare napari": [], "all docks": [], "and a run's layers": []}
    for _ in range(options.rounds):
        rates["bare napari"].append(_rate(_bare(movie), options.frames))
        rates["all docks"].append(_rate(_docks(_bare(movie)), options.frames))
        rates["and a run's layers"].append(_rate(_whole(run), options.frames))
    ratio = _print_table(rates, options)
    return 0 if ratio >= TARGET else 1


def _bare(movie: Path) -> napari.Viewer:
    viewer = napari.Viewer()
    viewer.window.resize(1600, 1000)
    viewer.open(movie, plugin="napari-sparsevar")
    return viewer


def _docks(viewer: napari.Viewer) -> napari.Viewer:
    for dock in DOCKS:
        viewer.window.add_plugin_dock_widget("napari-sparsevar", dock)
    # The field's mean is read once; it is not what is measured here.
    while get_session(viewer).activity.field.busy:
        QTest.qWait(20)
    QTest.qWait(1000)
    return viewer


def _whole(run: Path) -> napari.Viewer:
    viewer = napari.Viewer()
    viewer.window.resize(1600, 1000)
    viewer.open(run, plugin="napari-sparsevar")
    _docks(viewer)
    session = get_session(viewer)
    while (
        session.inspecting.solution_path is None
        or session.inspecting.busy
        or session.activity.field.busy
    ):
        QTest.qWait(20)
    session.painting.new_region()
    session.inspecting.regions.layer.paint(
        (256.0, 256.0), session.inspecting.regions.layer.selected_label
    )
    while session.inspecting.answer is None:
        QTest.qWait(20)
    # Traces of the region are read once from the movie; they are not what is measured here.
    QTest.qWait(6000)
    return viewer


def _rate(viewer: napari.Viewer, n_frames: int) -> float:
    """Return frames shown per second, each drawn before the next is asked for."""
    count = int(viewer.dims.nsteps[0])
    for step in range(30):
        _show(viewer, step)
    start = time.perf_counter()
    for step in range(n_frames):
        _show(viewer, (37 * step) % count)
    rate = n_frames / (time.perf_counter() - start)
    viewer.close()
    return rate


def _show(viewer: napari.Viewer, frame: int) -> None:
    viewer.dims.set_current_step(0, frame)
    QApplication.processEvents()


def _print_table(rates: dict[str, list[float]], options: argparse.Namespace) -> float:
    print(
        f"{platform.platform()}, {psutil.cpu_count()} cores (load {psutil.getloadavg()[0]:.1f}), "
        f"Python {platform.python_version()}, napari {napari.__version__}, seed {options.seed}, "
        f"{options.frames} frames, {options.rounds} rounds in turn\n"
    )
    print("| | frames/s, median | each round |")
    print("|---|---:|---|")
    for name, values in rates.items():
        each = ", ".join(f"{value:.0f}" for value in values)
        print(f"| {name} | {np.median(values):.1f} | {each} |")
    bare, docks, whole = (float(np.median(values)) for values in rates.values())
    print(f"\nall docks / bare: {docks / bare:.2f} (target at least {TARGET})")
    print(f"with a run's layers / bare: {whole / bare:.2f}")
    return docks / bare


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("demo/inspection"))
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
