"""What ``run.json`` says about a run."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.movie import Movie

FORMAT: Final = "napari-sparsevar run"
FORMAT_VERSION = 3
"""1 had no own dynamics of latents: its coefficients and maps mean something else. 2 lacked the
grey values of standardised pixels, without which nothing can be shown in units of the movie."""


class MovieIdentity(BaseModel):
    """Enough to find the movie again and to know it is the same."""

    model_config = ConfigDict(frozen=True)

    source: str | None
    name: str
    shape: tuple[int, int, int]
    dtype: str
    fps: float | None
    pixel_size_um: float | None
    content: str
    choice: Choice = Choice()
    """Channel, plane, data set and shape that open the same movie again."""

    @classmethod
    def of(cls, movie: Movie) -> MovieIdentity:
        """Describe a movie; ``content`` is a hash of its first, middle and last frame."""
        digest = hashlib.sha256()
        for index in sorted({0, movie.n_frames // 2, movie.n_frames - 1}):
            frame = np.asarray(movie.data[index].compute(scheduler="synchronous"))
            digest.update(np.ascontiguousarray(frame).tobytes())
        return cls(
            source=str(movie.source.absolute()) if movie.source else None,
            name=movie.name,
            shape=(movie.n_frames, *movie.shape),
            dtype=str(movie.data.dtype),
            fps=movie.fps,
            pixel_size_um=movie.pixel_size_um,
            content=digest.hexdigest(),
            choice=movie.choice,
        )


def software_versions() -> dict[str, str]:
    """Return the versions of what computed the run."""
    packages = ("napari-sparsevar", "torch", "numpy", "scipy", "numba")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


class RunRecord(BaseModel):
    """The record of a training and its outcome."""

    model_config = ConfigDict(frozen=True)

    format: Literal["napari-sparsevar run"] = FORMAT
    format_version: int = FORMAT_VERSION
    status: Literal["training", "finished"] = "training"
    created: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    versions: dict[str, str] = Field(default_factory=software_versions)
    movie: MovieIdentity
    configuration: dict[str, Any]
    network: ModelConfig
    device: str
    notices: tuple[str, ...] = ()
    metrics: dict[str, float | int | str | None] = Field(default_factory=dict)

    @property
    def movie_path(self) -> Path | None:
        """Where the movie was when the run was made."""
        return Path(self.movie.source) if self.movie.source else None
