"""What a format of cells declares, and where all of them are found."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_sparsevar.cells.cells import Cells, TraceKind
from napari_sparsevar.errors import UserError

CellsIn = Literal["rows", "columns"]
Setting = Literal["variable", "cells_in"]


@dataclass(frozen=True)
class CellChoice:
    """What a file of cells leaves open.

    Parameters
    ----------
    variable : str, optional
        Name of the array or series, where a file holds several.
    cells_in : {"rows", "columns"}, optional
        Where the cells of a bare table of numbers are; the other axis is time.
    kind : str, optional
        What the traces of a bare table are: a ``TraceKind``. By default ``raw``.
    """

    variable: str | None = None
    cells_in: CellsIn | None = None
    kind: TraceKind | None = None


class CellChoiceNeeded(UserError):
    """A file leaves open what is meant, and nobody said it.

    Parameters
    ----------
    sentence : str
        For a person.
    setting : str
        Which of ``CellChoice``.
    options : sequence of str
        What it can be.
    """

    def __init__(self, sentence: str, setting: str, options: Sequence[str]) -> None:
        super().__init__(sentence)
        self.setting = setting
        self.choices = tuple(options)


@dataclass(frozen=True, kw_only=True)
class CellFormat:
    """A kind of file or folder that cells are read from.

    A module of this folder that has one under the name ``FORMAT`` is found without being listed
    anywhere. It imports the library that reads its files only when it looks at one.

    Parameters
    ----------
    name : str
        What a person calls it: ``suite2p``.
    suffixes : tuple of str
        Endings of its files, in lower case: ``.npy``; empty for a folder.
    claims : callable
        ``claims(path)``: whether the content of a file or folder is of this format; fast.
    read : callable
        ``read(path, choice)`` opens what was claimed, or raises one sentence.
    priority : int
        The highest is asked first: a special case before the general one.
    uses : tuple of {"variable", "cells_in"}
        What of ``CellChoice`` its files can leave open; the other is refused.
    """

    name: str
    suffixes: tuple[str, ...]
    claims: Callable[[Path], bool]
    read: Callable[[Path, CellChoice], Cells]
    priority: int = 0
    uses: tuple[Setting, ...] = ()


def unused(what: object, setting: str) -> UserError:
    """Return the error that a setting says nothing of a file or layer."""
    return UserError(f"{what} leaves nothing open that {setting} could say: leave {setting} out.")


def cell_format_of(path: Path) -> CellFormat | None:
    """Return the first format that claims a file or folder, None where none does.

    Raises
    ------
    OSError
        If it cannot be looked at.
    """
    return next((format_ for format_ in cell_formats() if format_.claims(path)), None)


@functools.cache
def cell_formats() -> tuple[CellFormat, ...]:
    """Return all formats, the one that is asked first first."""
    package = importlib.import_module(__package__)
    modules = (
        importlib.import_module(f"{__package__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    )
    found = (getattr(module, "FORMAT", None) for module in modules)
    here = [format_ for format_ in found if isinstance(format_, CellFormat)]
    return tuple(sorted(here, key=lambda format_: -format_.priority))
