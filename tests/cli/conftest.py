"""Movies for the command line, and a training that only pretends."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from made_runs import made_full_run
from napari_sparsevar.movie import simulate_movie, write_movie
from napari_sparsevar.training.events import (
    TrainingEvent,
)

_spec = importlib.util.spec_from_file_location("cli_called", Path(__file__).with_name("called.py"))
assert _spec is not None
assert _spec.loader is not None
called = importlib.util.module_from_spec(_spec)
sys.modules["cli_called"] = called
_spec.loader.exec_module(called)


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("movie")
    path = folder / "movie.tif"
    done = called.sparsevar(
        "simulate", "--out", path, "--truth", folder / "truth.npz", *called.SMALL
    )
    assert done.exit_code == 0, done.output
    return path


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Put a training that only yields these events in the place of the real one."""

    def install(*events: TrainingEvent | BaseException) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def train(movie: Any, config: Any, **options: Any) -> Iterator[TrainingEvent]:
            calls.append({"movie": movie, "config": config, **options})
            for event in events:
                if isinstance(event, BaseException):
                    raise event
                yield event

        module = ModuleType("train")
        module.train = train  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "napari_sparsevar.training.train", module)
        monkeypatch.setattr("napari_sparsevar.run.run.load_run", made_full_run)
        return calls

    return install


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.tif"
    frames, _ = simulate_movie(270, (32, 32), n_cells=6, n_drivers=2, n_followers=2)
    write_movie(frames.data, path, fps=15.0, pixel_size_um=2.0)
    return path
