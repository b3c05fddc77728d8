"""What ``run.json`` says about a run."""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.cells.covariates.keeping import CovariateRecord
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.fingerprint import fingerprint
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.movie.stack import Stack

FORMAT: Final = "napari-sparsevar run"
FORMAT_VERSION = 4
"""1 had no own dynamics of latents: its coefficients and maps mean something else. 2 lacked the
grey values of standardised pixels, without which nothing can be shown in units of the movie. 3 had
all tensors of the analysis in one file and untested places among the drivers.

An addition that an earlier program may ignore and that has a default leaves the number as it is;
a new setting of the network or of the training is none, because earlier programs refuse it."""

OLDEST_VERSION = 3
"""Runs since then open."""


class MovieIdentity(BaseModel):
    """Enough to find the movie again and to know it is the same.

    Attributes
    ----------
    source : str or None
        Where it was.
    from_run : str or None
        The same as seen from the run directory, where a relative path leads there.
    size_bytes, fingerprint : int or None, str or None
        Of its files: see ``movie.fingerprint``. None of a movie in memory and in older runs.
    content : str
        Hash of its first, middle and last frame: the same for the same movie in another file.
    """

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
    from_run: str | None = None
    size_bytes: int | None = None
    fingerprint: str | None = None
    registered: str = ""
    """How the frames were held still, by the shifts that lie beside the record; empty: not."""
    stack: Stack | None = None
    """How several planes lie side by side in each frame; None of a movie of one plane."""

    @classmethod
    def of(cls, movie: Movie, run: Path | None = None) -> MovieIdentity:
        """Describe a movie, also as seen from a run directory."""
        source = movie.source.absolute() if movie.source else None
        return cls(
            source=str(source) if source else None,
            name=movie.name,
            shape=(movie.n_frames, *movie.shape),
            dtype=str(movie.recorded.dtype),
            fps=movie.fps,
            pixel_size_um=movie.pixel_size_um,
            content=content_of(movie),
            choice=movie.choice,
            from_run=_relative(source, run) if source and run else None,
            registered="" if movie.registered is None else movie.registered.shifts.kind,
            stack=movie.stack,
            **_on_disk(source),
        )


def content_of(movie: Movie) -> str:
    """Return a hash of the first, middle and last frame of a movie, as they were recorded."""
    digest = hashlib.sha256()
    for index in sorted({0, movie.n_frames // 2, movie.n_frames - 1}):
        frame = compute(movie.recorded[index])
        digest.update(np.ascontiguousarray(frame).tobytes())
    return digest.hexdigest()


def _on_disk(source: Path | None) -> dict[str, Any]:
    if source is None:
        return {}
    try:
        size, digest = fingerprint(source)
    except OSError:  # the frames are there, the file has gone: its content must do
        return {}
    return {"size_bytes": size, "fingerprint": digest}


def _relative(source: Path, run: Path) -> str | None:
    try:
        return Path(os.path.relpath(source, run.absolute())).as_posix()
    except ValueError:  # on another drive of Windows
        return None


def software_versions() -> dict[str, str]:
    """Return the versions of what computed the run."""
    packages = ("napari-sparsevar", "torch", "numpy", "scipy", "numba")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


class ParentRun(BaseModel):
    """The run whose network was applied to another movie."""

    model_config = ConfigDict(frozen=True)

    path: str
    created: str
    movie: str
    content: str


class RunRecord(BaseModel):
    """The record of a training and what came of it."""

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
    stage: Stage = "all"
    """How far the analysis is."""
    parent: ParentRun | None = None
    notices: tuple[str, ...] = ()
    covariates: tuple[CovariateRecord, ...] = ()
    """What was recorded beside the movie and taken out in the analysis."""
    metrics: dict[str, float | int | str | None] = Field(default_factory=dict)

    @property
    def movie_path(self) -> Path | None:
        """Where the movie was when the run was made."""
        return Path(self.movie.source) if self.movie.source else None
