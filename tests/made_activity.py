"""Activity that belongs to no movie and no network: a plain array with what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_sparsevar.analysis.covariates.covariates import Covariates


@dataclass(frozen=True, eq=False)
class MadeActivity:
    """``series`` (T, n) and ``good`` (T,); each is near itself alone unless more is said."""

    series: np.ndarray
    good: np.ndarray
    labels: Sequence[str] | None = None
    pairs: np.ndarray | None = None
    starts: Sequence[int] = ()
    covariates: Covariates | None = None

    @property
    def names(self) -> Sequence[int] | Sequence[str]:
        return range(self.series.shape[1]) if self.labels is None else self.labels

    @property
    def near(self) -> np.ndarray:
        return np.eye(self.series.shape[1], dtype=bool) if self.pairs is None else self.pairs
