"""A list of short movies that train in a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from napari_sparsevar.movie import simulate_movie, write_movie


@pytest.fixture(scope="session")
def short_movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("short") / "short.tif"
    movie, _ = simulate_movie(200, (32, 32), n_cells=6, n_drivers=2, n_followers=2)
    return write_movie(movie.data, path, fps=15.0, pixel_size_um=2.0)


@pytest.fixture
def listed(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "list.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write
