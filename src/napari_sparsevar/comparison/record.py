"""What ``comparison.json`` says: everything about a comparison but its tables and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from napari_sparsevar.comparison.result import (
    AnythingTest,
    Comparison,
    ComparisonSet,
    DynamicsTest,
    FloatArray,
    Interval,
    Prediction,
)
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.disk.names import is_file_name
from napari_sparsevar.run.record import software_versions

FORMAT: Final = "napari-sparsevar comparison"
FORMAT_VERSION = 1

Square = tuple[tuple[float, float], tuple[float, float]]


class _Record(BaseModel):
    # NaN and infinity as text: JSON has no other way to say them that every program reads.
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")


class DynamicsRecord(_Record):
    """Numbers of a ``DynamicsTest``; ``draws`` is how long its null is."""

    statistic: float
    p_value: float
    effect: Interval
    tested_edges: int
    block_length: int
    blocks: tuple[int, int]
    rows: tuple[int, int]
    draws: int = Field(ge=0)

    @classmethod
    def of(cls, test: DynamicsTest) -> DynamicsRecord:
        """Describe a test."""
        return cls(
            statistic=test.statistic,
            p_value=test.p_value,
            effect=_plain(test.effect),
            tested_edges=int(test.tested_edges),
            block_length=int(test.block_length),
            blocks=_pair(test.blocks),
            rows=_pair(test.rows),
            draws=len(test.null),
        )

    def test(self, null: FloatArray, edges: pd.DataFrame, places: pd.DataFrame) -> DynamicsTest:
        """Return the test, given its arrays and tables."""
        return DynamicsTest(
            self.statistic,
            self.p_value,
            null,
            self.effect,
            edges,
            self.tested_edges,
            places,
            self.block_length,
            self.blocks,
            self.rows,
        )


class AnythingRecord(_Record):
    """Numbers of an ``AnythingTest``; ``draws`` is how long its null is."""

    statistic: float
    p_value: float
    what: str
    block_length: int
    draws: int = Field(ge=0)

    @classmethod
    def of(cls, test: AnythingTest) -> AnythingRecord:
        """Describe a test."""
        return cls(
            statistic=test.statistic,
            p_value=test.p_value,
            what=test.what,
            block_length=int(test.block_length),
            draws=len(test.null),
        )

    def test(self, null: FloatArray) -> AnythingTest:
        """Return the test, given its null."""
        return AnythingTest(self.statistic, self.p_value, null, self.what, self.block_length)


class PredictionRecord(_Record):
    """A ``Prediction``."""

    latents: Square
    pixels: Square
    loss_latents: tuple[Interval, Interval]
    loss_pixels: tuple[Interval, Interval]

    @classmethod
    def of(cls, found: Prediction) -> PredictionRecord:
        """Describe how well the windows predict each other."""
        return cls(
            latents=found.latents.tolist(),
            pixels=found.pixels.tolist(),
            loss_latents=(_plain(found.loss_latents[0]), _plain(found.loss_latents[1])),
            loss_pixels=(_plain(found.loss_pixels[0]), _plain(found.loss_pixels[1])),
        )

    def prediction(self) -> Prediction:
        """Return what was described."""
        latents, pixels = np.array(self.latents), np.array(self.pixels)
        return Prediction(latents, pixels, self.loss_latents, self.loss_pixels)


class PairRecord(_Record):
    """Two windows compared; ``files`` is what the names of the pair's files begin with."""

    files: str
    a: Window
    b: Window
    p_adjusted: float
    dynamics: DynamicsRecord
    anything: AnythingRecord
    prediction: PredictionRecord
    difference: tuple[int, int] | None
    level: float
    draws: int
    seed: int

    @field_validator("files")
    @classmethod
    def _stays_in_its_folder(cls, name: str) -> str:
        if not is_file_name(name):
            raise ValueError(f"'{name}' is no name of files")
        return name

    @classmethod
    def of(cls, pair: Comparison, p_adjusted: float, files: str) -> PairRecord:
        """Describe a comparison of two windows."""
        difference = None if pair.difference is None else _pair(pair.difference.shape)
        return cls(
            files=files,
            a=pair.a,
            b=pair.b,
            p_adjusted=p_adjusted,
            dynamics=DynamicsRecord.of(pair.dynamics),
            anything=AnythingRecord.of(pair.anything),
            prediction=PredictionRecord.of(pair.prediction),
            difference=difference,
            level=pair.level,
            draws=int(pair.draws),
            seed=int(pair.seed),
        )

    def comparison(
        self,
        nulls: FloatArray,
        edges: pd.DataFrame,
        places: pd.DataFrame,
        difference: npt.NDArray[np.float32] | None,
    ) -> Comparison:
        """Return the comparison, given its arrays and tables; ValueError if they do not fit."""
        draws = self.dynamics.draws
        if nulls.shape != (draws + self.anything.draws,):
            raise ValueError(f"{self.files}: the null distributions have another length")
        return Comparison(
            self.a,
            self.b,
            self.dynamics.test(nulls[:draws], edges, places),
            self.anything.test(nulls[draws:]),
            self.prediction.prediction(),
            difference,
            self.level,
            self.draws,
            self.seed,
        )


class ComparisonRecord(_Record):
    """Everything that was compared at one time."""

    format: Literal["napari-sparsevar comparison"] = FORMAT
    format_version: int = FORMAT_VERSION
    created: str
    saved: datetime = Field(default_factory=lambda: datetime.now(UTC))
    versions: dict[str, str] = Field(default_factory=software_versions)
    windows: tuple[Window, ...]
    baseline: str | None
    pairs: tuple[PairRecord, ...]

    @classmethod
    def of(cls, found: ComparisonSet, files: Sequence[str]) -> ComparisonRecord:
        """Describe a set of comparisons whose files begin with these names, one a pair."""
        together = zip(found.pairs, found.adjusted, files, strict=True)
        return cls(
            created=found.created,
            windows=found.windows,
            baseline=found.baseline,
            pairs=tuple(PairRecord.of(*one) for one in together),
        )

    def comparisons(self, name: str, pairs: Sequence[Comparison]) -> ComparisonSet:
        """Return the set, given its pairs."""
        adjusted = tuple(pair.p_adjusted for pair in self.pairs)
        return ComparisonSet(
            name, self.windows, self.baseline, tuple(pairs), adjusted, self.created
        )


def _plain(interval: Interval) -> Interval:
    """Return an interval of Python's own numbers."""
    return Interval(*map(float, interval))


def _pair(numbers: Sequence[int]) -> tuple[int, int]:
    first, second = map(int, numbers)
    return first, second
