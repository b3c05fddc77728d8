"""Files of named arrays: which is the traces, and what the others say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.formats.format import CellChoice, CellChoiceNeeded
from napari_sparsevar.cells.formats.matrix import (
    Times,
    cells_axis,
    matrix_cells,
    time_unit,
    traces_of,
)
from napari_sparsevar.cells.formats.naming import text_of
from napari_sparsevar.errors import UserError

_RATES = {"fps", "fs", "fr", "hz", "rate", "framerate", "samplingrate", "samplerate", "imagingrate"}
_PLACES = re.compile(r"pos|xy|coord|centr|center|locat", re.IGNORECASE)


@dataclass(frozen=True)
class Matrix:
    """A matrix of numbers that need not have been read.

    Attributes
    ----------
    shape : tuple of int
        As its own program shows it.
    load : callable
        Reads it.
    """

    shape: tuple[int, ...]
    load: Callable[[], npt.NDArray[Any]]


@dataclass(frozen=True)
class Contents:
    """What lies in a file, by name.

    Attributes
    ----------
    matrices : dict of Matrix
        With two rows and columns or more.
    vectors : dict of ndarray
        Rows and columns of numbers, (k,).
    numbers : dict of float
    texts : dict of tuple of str
        Lists of words.
    """

    matrices: dict[str, Matrix] = field(default_factory=dict)
    vectors: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, name: str, value: npt.NDArray[Any]) -> None:
        """Sort in an array; what is of no use is passed over."""
        array = np.squeeze(value)
        if array.dtype.kind in "US" and array.ndim == 1:
            self.texts[name] = tuple(text_of(word) for word in array.tolist())
        elif array.dtype.kind == "O" and array.ndim == 1:
            if all(isinstance(word, str) for word in array.tolist()):
                self.texts[name] = tuple(text_of(word) for word in array.tolist())
        elif array.dtype.kind not in "uifb" or array.size == 0:
            return
        elif array.ndim == 2:
            self.matrices[name] = Matrix(array.shape, lambda: array)
        elif array.ndim == 1:
            self.vectors[name] = array.astype(np.float64)
        elif array.ndim == 0:
            self.numbers[name] = float(array)


def contents_of(found: Mapping[str, Any]) -> Contents:
    """Return arrays by what they can be."""
    contents = Contents()
    for name, value in found.items():
        contents.add(name, np.asarray(value))
    return contents


def cells_of_contents(contents: Contents, path: Path, choice: CellChoice) -> Cells:
    """Return the traces among named arrays.

    Words as many as the matrix has rows or columns name the cells, and times say where frames are.

    Raises
    ------
    CellChoiceNeeded
        If there are several, or nothing says where the cells are.
    UserError
        If there are none.
    """
    name = _chosen(contents, path, choice)
    matrix, what = contents.matrices[name], f"{path}:{name}"
    words = [texts for texts in contents.texts.values() if len(texts) in matrix.shape]
    times = [
        Times(values, unit)
        for key, values in contents.vectors.items()
        if len(values) in matrix.shape and (unit := time_unit(_last(key))) is not None
    ]
    names = words[0] if len(words) == 1 else None
    clock = times[0] if len(times) == 1 else None
    axis = cells_axis(
        matrix.shape,
        what,
        choice,
        None if names is None else len(names),
        None if clock is None else len(clock.values),
    )
    traces = traces_of(matrix.load(), axis, what)
    return matrix_cells(
        traces,
        what,
        choice,
        names if names is not None and len(names) == traces.shape[1] else None,
        clock if clock is not None and len(clock.values) == len(traces) else None,
        _rate(contents.numbers),
    )


def _chosen(contents: Contents, path: Path, choice: CellChoice) -> str:
    if not contents.matrices:
        raise UserError(f"{path} holds no matrix of numbers: no traces; choose another file.")
    everything, wanted = list(contents.matrices), choice.variable
    if wanted is not None:
        found = [name for name in everything if wanted in (name, _last(name))]
        if len(found) == 1:
            return found[0]
        raise UserError(
            f"{path} holds no matrix called {wanted!r}; it holds {', '.join(everything)}."
        )
    # Where cells lie is no trace of theirs.
    likely = [
        name
        for name, matrix in contents.matrices.items()
        if not (_PLACES.search(_last(name)) and min(matrix.shape) <= 3)
    ] or everything
    if len(likely) == 1:
        return likely[0]
    raise CellChoiceNeeded(
        f"{path} holds {len(likely)} matrices ({', '.join(likely)}) and does not say which are the "
        "traces.",
        "variable",
        likely,
    )


def _rate(numbers: Mapping[str, float]) -> float | None:
    """Return frames per second, None where nothing or more than one thing says it."""
    found = {
        value
        for name, value in numbers.items()
        if re.sub(r"[^a-z]", "", _last(name).lower()) in _RATES and 0.0 < value < np.inf
    }
    return found.pop() if len(found) == 1 else None


def _last(name: str) -> str:
    """Return what comes last in the name of something that lies in something else."""
    return re.split(r"[./]", name)[-1]
