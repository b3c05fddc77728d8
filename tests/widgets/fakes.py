"""A training and a comparison that take no time, for tests of the docks."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.qt.threading import WorkerBase

from made_comparisons import GRID, made_pair, made_set
from made_runs import made_full_run
from napari_sparsevar.analysis.stages import STAGES
from napari_sparsevar.training.events import (
    Continued,
    Failed,
    Finished,
    Notice,
    Paused,
    Progress,
    ResultsReady,
    Started,
    StepLoss,
    ValidationLoss,
)


class Window:
    """Stands for a window of napari: open until it is closed."""

    def __init__(self) -> None:
        self._qt_window = None

    def close(self) -> None:
        for worker in tuple(WorkerBase._worker_set):
            worker.quit()
        self.__dict__.pop("_qt_window", None)


class ViewerWithoutWindow(ViewerModel):
    """Layers, dims and camera of a viewer, but nothing is drawn: made in a few milliseconds."""

    _window: Any = None

    def __init__(self) -> None:
        super().__init__()
        self._window = Window()

    @property
    def window(self) -> Window:
        return self._window

    def close(self) -> None:
        self._layer_slicer.shutdown()
        self.layers.clear()
        self.window.close()


def dock_class(title: str) -> Any:
    """Return the class of a dock by its title in the menu."""
    name = title.lower()
    module = importlib.import_module(f"napari_sparsevar.widgets.{name}_dock")
    return module.Timeline if name == "timeline" else getattr(module, f"{title}Dock")


@dataclass
class FakeTrain:
    """Yields what ``train`` would; ``error`` is raised before step ``error_at``."""

    steps: int = 20
    step_seconds: float = 0.005
    error: BaseException | None = None
    error_at: int = 1
    failure: Failed | None = None
    leaves_run: bool = True
    requests: list[Any] = field(default_factory=list)
    controls: list[Any] = field(default_factory=list)
    closed: int = 0

    def __call__(self, request, control):
        self.requests.append(request)
        self.controls.append(control)
        try:
            yield from self._events(request, control)
        finally:
            self.closed += 1

    def _events(self, request, control):
        yield Started("cpu", self.steps, request.movie.n_frames, request.movie.shape, (1, 4, 4))
        yield Progress("prepare", 0.5, "Reading the movie once")
        yield Notice("3 saturated pixels are left out.")
        reason = "completed"
        for step in range(1, self.steps + 1):
            if self.error is not None and step == self.error_at:
                raise self.error
            time.sleep(self.step_seconds)
            terms = {
                "reconstruction": 1 + 1 / step,
                "prediction": 1.2 + 1 / step,
                "total": 2.2 + 2 / step,
            }
            yield StepLoss(step, self.steps, terms, 5400.0, (self.steps - step) * 0.1)
            if step % 5 == 0:
                yield ValidationLoss(step, {k: v * 1.05 for k, v in terms.items()}, True)
            if control.paused:
                yield Paused(step)
                while control.wait_while_paused():
                    pass
                if not control.stop_requested:
                    yield Continued(step)
            if control.stop_requested:
                reason = "stopped"
                break
        if self.failure is not None:
            yield self.failure
            return
        if not self.leaves_run:
            yield Finished("stopped", None, 0, 0.1, 300.0)
            return
        yield Progress("analyse", 0.5, "Drawing the contribution map")
        request.out.mkdir(parents=True)
        for stage in STAGES:
            yield ResultsReady(stage, request.out)
        yield Finished(reason, request.out, step, 1.5, 300.0)


@dataclass
class FakeComparing:
    """Yields and returns what ``comparing`` would; ``error`` is raised half-way."""

    steps: int = 6
    step_seconds: float = 0.005
    error: BaseException | None = None
    changed: int = 4
    changed_places: int = 0
    adjusted: float | None = None
    requests: list[Any] = field(default_factory=list)
    closed: int = 0

    def __call__(self, run, windows, options):
        self.requests.append((run, tuple(windows), options))
        try:
            for step in range(self.steps):
                if self.error is not None and 2 * step >= self.steps:
                    raise self.error
                time.sleep(self.step_seconds)
                yield step / self.steps, f"Draw {step}"
            return self._found(tuple(windows), options)
        finally:
            self.closed += 1

    def _found(self, windows, options):
        random = np.random.default_rng(options.seed)
        pairs = tuple(
            made_pair(
                a,
                b,
                random,
                self.changed,
                GRID,
                bool(self.changed or self.changed_places),
                changed_places=self.changed_places,
            )
            for a, b in combinations(windows, 2)
            if options.baseline in (None, a.label, b.label)
        )
        adjusted = tuple(self.adjusted or pair.p_value for pair in pairs)
        return replace(
            made_set(),
            windows=windows,
            pairs=pairs,
            adjusted=adjusted,
            baseline=options.baseline,
        )


def fake_run(path: Path, shape=(16, 20), n_drivers=3) -> Any:
    """Return a run with so many drivers, as ``load_run`` does; nothing of it is on disk."""
    rng = np.random.default_rng(0)
    labels = np.zeros(shape, dtype=np.int32)
    for label in range(1, n_drivers + 1):
        y, x = rng.integers(2, shape[0] - 2), rng.integers(2, shape[1] - 2)
        labels[y - 1 : y + 2, x - 1 : x + 2] = label
    return made_full_run(path, shape, 60, labels=labels)
