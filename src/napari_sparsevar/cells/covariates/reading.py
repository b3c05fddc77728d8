"""Covariates from wherever a person has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.analysis.covariates.covariates import Covariates
from napari_sparsevar.arguments import unmasked
from napari_sparsevar.cells.covariates.nwb import samples_of_nwb
from napari_sparsevar.cells.covariates.samples import Frames, Samples, at_frames
from napari_sparsevar.cells.covariates.tables import samples_of_table
from napari_sparsevar.cells.formats.table import read_table
from napari_sparsevar.cells.formats.table_text import table_of
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.hdf5_file import is_hdf5

Source: TypeAlias = Path | str | pd.DataFrame | Mapping[str, npt.ArrayLike] | npt.ArrayLike
CovariateSource: TypeAlias = Covariates | Source | Sequence[Source]
"""What can be brought: one, or a list of several."""


def covariates_of(source: CovariateSource, frames: Frames) -> Covariates:
    """Return covariates at every frame.

    Parameters
    ----------
    source : path, DataFrame, dict of arrays, array (T,) or (T, c), or a list of these
        CSV, TSV, Parquet, ``.npy`` or NWB. A column of times in seconds from the first frame
        (``time``, ``time (ms)``) or of frames (``frame``, counted from 0) says when; otherwise
        there is a row a frame.
    frames : Frames
        Of the recording.

    Raises
    ------
    UserError
        If something is no covariate of this recording; the sentence says what to change.
    """
    if isinstance(source, Covariates):
        return source
    parts = [_at_frames(one, frames) for one in _each(source)]
    if len(parts) == 1:
        return parts[0]
    return Covariates(
        tuple(name for part in parts for name in part.names),
        tuple(unit for part in parts for unit in part.units),
        tuple(kind for part in parts for kind in part.kinds),
        np.concatenate([part.values for part in parts], axis=1),
        parts[0].kernels,
        tuple(note for part in parts for note in part.notes),
    )


def _each(source: CovariateSource) -> list[Any]:
    """Return several sources as a list: numbers in a list are one array."""
    several = isinstance(source, (list, tuple)) and not any(map(np.isscalar, source))
    one = isinstance(source, (list, tuple)) and all(isinstance(part, str) for part in source)
    return list(source) if (several or one) and len(source) else [source]  # type: ignore[arg-type]


def _at_frames(source: Source, frames: Frames) -> Covariates:
    if isinstance(source, (str, Path)):
        return _of_file(Path(source), frames)
    if isinstance(source, Mapping):
        try:
            source = pd.DataFrame({name: np.asarray(value) for name, value in source.items()})
        except ValueError as error:
            raise UserError(
                "Covariates by name are arrays (T,) of one length, a value a frame or beside a "
                "column time: bring others as a list of tables."
            ) from error
    if isinstance(source, pd.DataFrame):
        samples = samples_of_table(table_of(source), "The table of covariates", "events")
        return at_frames(samples, frames, "The table of covariates")
    what = "The array of covariates"
    return at_frames(_of_array(np.asarray(unmasked(source)), what, "covariate"), frames, what)


def _of_file(path: Path, frames: Frames) -> Covariates:
    if not path.is_file():
        raise UserError(f"There is no file {path}; check its name.")
    if is_hdf5(path):
        return at_frames(samples_of_nwb(path), frames, str(path))
    if path.suffix.lower() != ".npy":
        return at_frames(
            samples_of_table(read_table(path), str(path), path.stem), frames, str(path)
        )
    with explained(path, f"{path} is no array of numbers", EOFError):
        values = np.load(path, allow_pickle=False)
    if values.dtype.names:
        return _at_frames({name: values[name] for name in values.dtype.names}, frames)
    return at_frames(_of_array(values, str(path), path.stem), frames, str(path))


def _of_array(values: npt.NDArray[Any], what: str, name: str) -> list[Samples]:
    if values.dtype.kind not in "uifb" or not 1 <= values.ndim <= 2 or not values.size:
        raise UserError(
            f"{what} has the shape {values.shape} of {values.dtype}: bring numbers, a row a frame "
            "and a column a covariate."
        )
    columns = values.reshape(len(values), -1).astype(np.float64).T
    called = [name] if len(columns) == 1 else [f"{name} {i}" for i in range(len(columns))]
    return [Samples(one, "", column) for one, column in zip(called, columns, strict=True)]
