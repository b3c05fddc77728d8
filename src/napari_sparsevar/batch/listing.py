"""The list of recordings: a CSV file with one movie a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field, field_validator, model_validator

from napari_sparsevar.arguments import Settings
from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.registration.shifts import Wanted
from napari_sparsevar.movie.stack import check_planes
from napari_sparsevar.training.config import Mode, PresetName, TrainConfig

_FORBIDDEN = set('/\\:*?"<>|')
_LONGEST = 90  # letters of a movie's file that name its run


class Recording(Settings):
    """One row of the list: a movie and how it is analysed.

    Attributes
    ----------
    movie : Path
        Whatever ``open_movie`` takes.
    name : str
        Of its run directory.
    fps, pixel_size_um : float or None
        Override what the movie says.
    channel, plane, planes, dataset, height, width, axes, channels
        What of the file is the movie, where it holds more or says less.
    bad_frames, mask, trials, registration, by_channel
        What is left out of the movie, its trials, and how it is held still before, as for a
        training; ``none`` leaves it as it is.
    covariates : Path or None
        What was recorded beside the movie.
    apply_from : Path or None
        A run whose network is applied to the movie; trained anew where None.
    preset, steps, seed, mode, lags, cell_diameter
        As for a training; not with ``apply_from``.
    """

    movie: Path
    name: str = Field(min_length=1, max_length=100)
    fps: float | None = Field(None, gt=0)
    pixel_size_um: float | None = Field(None, gt=0)
    channel: int | None = Field(None, ge=1)
    plane: int | None = Field(None, ge=1)
    planes: str | None = None
    dataset: str | None = None
    height: int | None = Field(None, ge=1)
    width: int | None = Field(None, ge=1)
    axes: str | None = None
    channels: int | None = Field(None, ge=1, le=8)
    bad_frames: str | None = None
    mask: Path | None = None
    trials: Path | None = None
    registration: Wanted | Literal["none"] = "auto"
    by_channel: int | None = Field(None, ge=1)
    covariates: Path | None = None
    apply_from: Path | None = None
    preset: PresetName = "standard"
    steps: int | None = None
    seed: int = 0
    mode: Mode = "end-to-end"
    lags: int = 1
    cell_diameter: float | None = None

    @field_validator("name")
    @classmethod
    def _is_folder_name(cls, name: str) -> str:
        if _FORBIDDEN & set(name) or name.startswith("."):
            raise ValueError('a name must not hold / \\ : * ? " < > | or begin with a full stop')
        return name

    @model_validator(mode="after")
    def _has_both_sides(self) -> Recording:
        if (self.height is None) != (self.width is None):
            raise ValueError("height and width are given together")
        try:
            check_planes(self.planes, self.plane)
        except UserError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def choice(self) -> Choice:
        """What of the file is the movie."""
        known = self.height is not None and self.width is not None
        shape = (int(self.height or 0), int(self.width or 0)) if known else None
        planes = check_planes(self.planes, self.plane)
        return Choice(
            self.channel, self.plane, self.dataset, shape, self.axes, self.channels, planes
        )

    def configuration(self) -> TrainConfig:
        """Return the settings of its training; UserError if one is out of range."""
        changes: dict[str, Any] = {} if self.steps is None else {"steps": self.steps}
        cell = {} if self.cell_diameter is None else {"cell_diameter": self.cell_diameter}
        model = ModelConfig(lags=self.lags, **cell)
        return TrainConfig.from_preset(
            self.preset, seed=self.seed, mode=self.mode, model=model, **changes
        )


COLUMNS = tuple(Recording.model_fields)


def read_list(path: Path | str) -> tuple[Recording, ...]:
    """Read a list of recordings.

    Parameters
    ----------
    path : Path or str
        CSV with the column ``movie`` and any of those of ``Recording``; an empty cell means the
        default. Relative paths are seen from the folder of the list; a name that is left out is
        that of the movie's file.

    Raises
    ------
    UserError
        If it cannot be read, a column is unknown, a value is out of range or a name comes twice.
    """
    place = Path(path).expanduser()
    try:
        table = pd.read_csv(place, dtype=str, keep_default_na=False, skipinitialspace=True)
    except OSError as error:
        raise UserError(f"Cannot read {place}: {explain(error)}.") from error
    except ValueError as error:
        raise UserError(
            f"{place} is not a table in CSV ({error}): write a column movie."
        ) from error
    table.columns = [str(name).strip() for name in table.columns]
    _check_columns(place, list(table.columns))
    rows = table.to_dict("records")
    found = tuple(_recording(place, number, row) for number, row in enumerate(rows, start=2))
    if not found:
        raise UserError(f"{place} lists no movie: write one a row.")
    twice = [
        name for name, count in Counter(one.name.casefold() for one in found).items() if count > 1
    ]
    if twice:
        raise UserError(
            f"{place} lists two recordings called {twice[0]}: give them a column name that differs."
        )
    return found


def recordings_of(movies: Iterable[Path], taken: Iterable[str] = ()) -> tuple[Recording, ...]:
    """Return a recording of each movie, called as its file, with a number where that is taken."""
    names = {name.casefold() for name in taken}
    found = []
    for movie in movies:
        stem = "".join("-" if letter in _FORBIDDEN else letter for letter in _stem(movie))
        stem = stem.lstrip(".")[:_LONGEST] or "movie"
        numbered = (f"{stem}-{number}" for number in count(2))
        name = next(one for one in chain([stem], numbered) if one.casefold() not in names)
        names.add(name.casefold())
        found.append(Recording(movie=movie.absolute(), name=name))
    return tuple(found)


def _check_columns(place: Path, columns: list[str]) -> None:
    if "movie" not in columns:
        raise UserError(f"{place} has no column movie: write the path of one movie a row.")
    for name in columns:
        if name not in COLUMNS:
            raise UserError(f"{place} has the unknown column {name!r}: use {', '.join(COLUMNS)}.")


def _recording(place: Path, number: int, row: dict[str, str]) -> Recording:
    given: dict[str, Any] = {name: value.strip() for name, value in row.items() if value.strip()}
    if "movie" not in given:
        raise UserError(f"Row {number} of {place} names no movie.")
    for name in ("movie", "mask", "trials", "covariates", "apply_from"):
        if name in given:
            given[name] = (place.parent / Path(given[name]).expanduser()).absolute()
    beside = place.parent / Path(given.get("bad_frames", "")).expanduser()
    if beside.is_file():  # else they are ranges of frames
        given["bad_frames"] = str(beside.absolute())
    given.setdefault("name", _stem(given["movie"]))
    try:
        recording = Recording(**given)
        recording.configuration()
    except UserError as error:
        raise UserError(f"Row {number} of {place}: {error}") from None
    return recording


def _stem(movie: Path) -> str:
    return movie.stem.removesuffix(".ome") or "movie"
