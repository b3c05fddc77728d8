"""Comparisons as the tests of dynamics would find them, made up without any statistics."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from napari_sparsevar.comparison.result import (
    EDGE_COLUMNS,
    POSITIONS,
    AnythingTest,
    Comparison,
    ComparisonSet,
    DynamicsTest,
    Interval,
    Prediction,
)
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.run.record import MovieIdentity, RunRecord
from napari_sparsevar.run.run import Run
from napari_sparsevar.run.store import write_record

GRID = LatentGrid((33, 38), 4)
"""That of the small run in ``tests/analysis/conftest.py``."""


def made_record(
    grid: LatentGrid = GRID, *, pixel_size_um: float | None = 2.0, fps: float | None = 15.0
) -> RunRecord:
    """What ``run.json`` says of a finished run of 600 frames."""
    movie = MovieIdentity(
        source=None,
        name="made up.tif",
        shape=(600, *grid.shape),
        dtype="uint16",
        fps=fps,
        pixel_size_um=pixel_size_um,
        content="",
    )
    return RunRecord(
        status="finished",
        created="2026-11-23T20:00:00+00:00",
        movie=movie,
        configuration={},
        network=ModelConfig(),
        device="cpu",
    )


def made_folder(folder: Path, record: RunRecord | None = None) -> Path:
    """Make a folder with as much of a run as keeping comparisons needs."""
    folder.mkdir()
    write_record(folder, record or made_record())
    return folder


def made_run(folder: Path, grid: LatentGrid = GRID, record: RunRecord | None = None) -> Run:
    """Return a run with what figures of comparisons look at."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[: grid.shape[0], : grid.shape[1]]
    contribution = np.exp(-((y - 8) ** 2 + (x - 12) ** 2) / 30).astype(np.float32)
    results = SimpleNamespace(
        contribution=contribution,
        latents=random.normal(size=(600, grid.size)).astype(np.float32),
        good=np.ones(600, dtype=bool),
    )
    return Run(folder, record or made_record(grid), results, pd.DataFrame())


def made_set(
    n_windows: int = 2,
    *,
    name: str = "A-B",
    changed: int = 4,
    changed_places: int = 0,
    grid: LatentGrid = GRID,
    difference: bool = True,
    frames: int = 100,
    baseline: str | None = None,
    seed: int = 0,
) -> ComparisonSet:
    """All pairs of windows, ``changed`` edges and ``changed_places`` below 0.05 in each."""
    windows = tuple(
        Window(chr(65 + index), ((index * frames, (index + 1) * frames),))
        for index in range(n_windows)
    )
    random = np.random.default_rng(seed)
    pairs = tuple(
        made_pair(a, b, random, changed, grid, difference, changed_places=changed_places)
        for a, b in combinations(windows, 2)
        if baseline in (None, a.label, b.label)
    )
    adjusted = tuple(min(1.0, len(pairs) * pair.p_value) for pair in pairs)
    return ComparisonSet(name, windows, baseline, pairs, adjusted, "2026-11-23T21:00:00+00:00")


def made_pair(
    a: Window,
    b: Window,
    random: np.random.Generator,
    changed: int = 4,
    grid: LatentGrid = GRID,
    difference: bool = True,
    draws: int = 200,
    changed_places: int = 0,
) -> Comparison:
    """Two windows of which ``changed`` edges and ``changed_places`` differ."""
    null = np.abs(random.normal(size=(draws, grid.size))).max(axis=1)
    statistic = float(null.max() + 1.5) if changed or changed_places else float(np.median(null))
    p_value = (1 + int((null >= statistic).sum())) / (1 + draws)
    edges = made_edges(random, changed, grid)
    image = made_difference(grid, edges, changed) if difference else None
    first = edges.iloc[0]
    dynamics = DynamicsTest(
        statistic,
        p_value,
        null,
        Interval(float(first["change"]), float(first["low"]), float(first["high"])),
        edges,
        512,
        made_places(random, changed_places, grid),
        7,
        (14, 15),
        (98, 99),
    )
    anything = AnythingTest(3.25, 0.0625, random.chisquare(3, size=draws // 2), "variance", 7)
    table = np.array([[0.31, 0.22], [0.18, 0.29]])
    losses = Interval(0.09, 0.04, 0.14), Interval(0.11, 0.02, 0.2)
    prediction = Prediction(table, table - 0.1, losses, losses)
    return Comparison(a, b, dynamics, anything, prediction, image, 0.05, draws, 11)


def made_places(random: np.random.Generator, changed: int, grid: LatentGrid) -> pd.DataFrame:
    """Return all places, the most surprising first."""
    statistic = np.sort(random.normal(size=grid.size))[::-1] + 4.0 * (
        np.arange(grid.size) < changed
    )
    place = random.permutation(grid.size)
    p_adjusted = np.sort(random.uniform(0.06, 1.0, grid.size))
    p_adjusted[:changed] = 0.006
    return pd.DataFrame(
        {
            "place": place,
            "statistic": statistic,
            "balance": random.uniform(-1.0, 1.0, grid.size),
            "p_adjusted": p_adjusted,
            "y": grid.centres()[place, 0],
            "x": grid.centres()[place, 1],
        }
    )


def made_edges(random: np.random.Generator, changed: int, grid: LatentGrid) -> pd.DataFrame:
    """Return 30 edges between distant places, the most surprising first."""
    count = 30
    source, target = random.permutation(grid.size)[: 2 * count].reshape(2, count)
    statistic = np.sort(np.abs(random.normal(size=count)))[::-1] + 4.0 * (
        np.arange(count) < changed
    )
    change = statistic * np.where(random.random(count) < 0.5, -0.05, 0.05)
    p_adjusted = np.where(np.arange(count) < changed, 0.004, np.linspace(0.2, 1.0, count))
    centres = grid.centres()
    table = pd.DataFrame(
        {
            "source": source,
            "target": target,
            "lag": random.integers(1, 3, count),
            "change": change,
            "low": change - 0.15,
            "high": change + 0.15,
            "statistic": statistic,
            "p_adjusted": p_adjusted,
            "p_fdr": p_adjusted / 2,
            "coefficient_a": random.normal(size=count) * 0.1,
            "coefficient_b": random.normal(size=count) * 0.1 + change,
        },
        columns=EDGE_COLUMNS,
    )
    ends = np.hstack([centres[source], centres[target]])
    return table.join(pd.DataFrame(ends.astype(float), columns=POSITIONS))


def made_difference(grid: LatentGrid, edges: pd.DataFrame, changed: int) -> np.ndarray:
    """Return a map with a blob at the source of every changed edge."""
    y, x = np.mgrid[: grid.shape[0], : grid.shape[1]]
    image = np.zeros(grid.shape)
    for edge in edges.head(changed).itertuples():
        distance = (y - edge.source_y) ** 2 + (x - edge.source_x) ** 2
        image += edge.change * np.exp(-distance / 18.0)
    return image.astype(np.float32)
