"""How long a person waits for an answer: a stroke, the sparsity slider; and what it costs.

Latency is the time from the event to the last layer and table that shows the answer. A part of the
main thread's work is what runs without a break between two turns of Qt's event loop.

xvfb-run -a python benchmarks/inspection.py [--runs FOLDER] [--pixels 64 128 512]
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
import psutil
from qtpy.QtCore import QEventLoop, QTimer
from qtpy.QtTest import QTest

from napari_sparsevar.run.annotations import NOTES, REGIONS
from napari_sparsevar.widgets.session import Session, get_session
from napari_sparsevar.widgets.work import thread
from viewer_parts.runs import SIZES, Size, trained_run

STROKE_TARGET_MS = 100
SLIDER_TARGET_MS = {64: 50, 128: 150, 512: 150}
MAIN_THREAD_TARGET_MS = 16
N_REGIONS = 5
DOCKS = ("Drivers", "Timeline")


class Deliveries:
    """Notes how long the main thread works on each thing that a thread delivers."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)
        original = thread.Background._on_yielded

        def timed(work: Any, news: Any) -> None:
            start = time.perf_counter()
            original(work, news)
            self.times[type(news).__name__].append(1000 * (time.perf_counter() - start))

        thread.Background._on_yielded = timed


def main() -> int:
    """Measure every size and print the tables."""
    options = _options()
    deliveries = Deliveries()
    print(
        f"{platform.platform()}, {psutil.cpu_count()} cores (load {psutil.getloadavg()[0]:.1f}), "
        f"Python {platform.python_version()}, napari {napari.__version__}, seed {options.seed}, "
        f"{options.repeats} repeats\n"
    )
    sizes = [size for size in SIZES if size.pixels in options.pixels]
    rows = [_measure(size, options, deliveries) for size in sizes]
    print("| | first stroke | stroke, median | 95 % | slider, median | 95 % | targets |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for size, (first, strokes, slides) in zip(sizes, rows, strict=True):
        print(
            f"| {size.name} | {first:.0f} | {_summary(strokes)} | {_summary(slides)} | "
            f"{STROKE_TARGET_MS} / {SLIDER_TARGET_MS[size.pixels]} |"
        )
    print("\n(milliseconds)\n")
    _print_profile(deliveries, sizes[-1])
    return 0


def _summary(values: list[float]) -> str:
    return f"{np.median(values):.0f} | {np.percentile(values, 95):.0f}"


def _measure(
    size: Size, options: argparse.Namespace, deliveries: Deliveries
) -> tuple[float, list[float], list[float]]:
    viewer = napari.Viewer()
    viewer.window.resize(1366, 768)
    run = trained_run(size, options.runs, options.seed)
    for painted in (NOTES, REGIONS):  # of a measurement before
        (run / painted).unlink(missing_ok=True)
    viewer.open(run, plugin="napari-sparsevar")
    for dock in DOCKS:
        viewer.window.add_plugin_dock_widget("napari-sparsevar", dock)
    session = get_session(viewer)
    inspecting = session.inspecting
    _wait(lambda: inspecting.solution_path is not None and not inspecting.busy)
    _wait(lambda: not session.activity.field.busy)
    deliveries.times.clear()
    first, strokes = _strokes(session, size, options.repeats)
    _settle(inspecting)
    slides = _slides(session, options.repeats)
    viewer.close()
    return first, strokes, slides


def _strokes(session: Session, size: Size, repeats: int) -> tuple[float, list[float]]:
    """Paint cell-sized discs, on one of five regions after the other."""
    session.painting.new_region()
    layer = session.inspecting.regions.layer
    layer.brush_size = max(size.pixels // 12, 5)
    latencies = []
    for number in range(repeats + 1):
        layer.selected_label = 1 + number % N_REGIONS
        _settle(session.inspecting)
        at = 0.2 + 0.6 * ((0.37 * number) % 1.0), 0.2 + 0.6 * ((0.61 * number) % 1.0)
        place = tuple(size.pixels * share for share in at)
        latencies.append(
            _until_answered(session, lambda place=place: layer.paint(place, layer.selected_label))
        )
    return latencies[0], latencies[1:]


def _slides(session: Session, repeats: int) -> list[float]:
    """Move along the path, with a region selected."""
    inspecting = session.inspecting
    first, last = np.log(inspecting.solution_path.largest), np.log(inspecting.solution_path.least)
    latencies = []
    for number in range(repeats):
        _settle(inspecting)
        penalty = float(np.exp(last + (first - last) * 0.5 * (((0.37 * number) % 1.0) ** 2)))
        penalty = max(penalty * (1 + 1e-6 * number), inspecting.solution_path.least)
        latencies.append(
            _until_answered(session, lambda penalty=penalty: inspecting.set_penalty(penalty))
        )
    return latencies


def _until_answered(session: Session, act: Callable[[], Any]) -> float:
    """Return the milliseconds from an act to the answer on all layers and tables."""
    loop, ends = QEventLoop(), QTimer()
    ends.setSingleShot(True)
    ends.timeout.connect(loop.quit)
    # Connected last, so that every layer and table has shown the answer by then.
    session.inspecting.answered.connect(loop.quit)
    before, start = session.inspecting.answer, time.perf_counter()
    act()
    ends.start(30_000)
    while session.inspecting.answer in (None, before) and ends.isActive():
        loop.exec()
    seconds = time.perf_counter() - start
    session.inspecting.answered.disconnect(loop.quit)
    if session.inspecting.answer in (None, before):
        raise TimeoutError("There was no answer within 30 s.")
    return 1000 * seconds


def _settle(inspecting: Any) -> None:
    QTest.qWait(120)
    _wait(lambda: not inspecting.busy)


def _wait(condition: Callable[[], bool], seconds: float = 600) -> None:
    start = time.perf_counter()
    while not condition():
        QTest.qWait(10)
        if time.perf_counter() - start > seconds:
            raise TimeoutError(f"Waited {seconds} s in vain.")


def _print_profile(deliveries: Deliveries, size: Size) -> None:
    print(f"What the main thread does with an answer, {size.name}:\n")
    print("| delivered | times | median ms | 95 % | longest |")
    print("|---|---:|---:|---:|---:|")
    for name, values in sorted(deliveries.times.items()):
        print(
            f"| {name} | {len(values)} | {np.median(values):.1f} | "
            f"{np.percentile(values, 95):.1f} | {max(values):.1f} |"
        )
    print(f"\n(target: at most {MAIN_THREAD_TARGET_MS} ms)")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("demo/inspection"))
    sides = [size.pixels for size in SIZES]
    parser.add_argument("--pixels", type=int, nargs="+", choices=sides, default=sides)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
