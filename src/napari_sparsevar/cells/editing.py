"""What a person changes about cells that came: names, cells that are one, cells left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.cells.cells import Cells, Float32Array
from napari_sparsevar.errors import UserError

JOINED = " + "
"""Between the names of cells that are one."""


@dataclass(frozen=True)
class Edits:
    """Changes to some cells; none is lost, each makes new ``Edits``.

    A cell is known by its number among those that came, from 0; one that was merged, by the first
    of its parts.

    Parameters
    ----------
    names : mapping of int to str
        Names of a person's own.
    merged : tuple of tuple of int
        Cells that are one, ascending; no cell is in two of them.
    excluded : frozenset of int
        Not fitted.
    hidden : frozenset of int
        Fitted, but not shown.
    """

    names: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    merged: tuple[tuple[int, ...], ...] = ()
    excluded: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()

    def rename(self, cell: int, name: str) -> Edits:
        """Call a cell something else; by its own name again where empty."""
        kept = {known: called for known, called in self.names.items() if known != cell}
        return replace(self, names={**kept, cell: name.strip()} if name.strip() else kept)

    def merge(self, cells: Iterable[int]) -> Edits:
        """Take cells for one, with all that were taken for one of them before."""
        wanted = set(cells)
        parts = {part for group in self.merged if wanted & set(group) for part in group} | wanted
        others = tuple(group for group in self.merged if not wanted & set(group))
        gone = parts - {min(parts)}
        return replace(
            self,
            merged=(*others, tuple(sorted(parts))),
            names={cell: name for cell, name in self.names.items() if cell not in gone},
            excluded=self.excluded - gone,
            hidden=self.hidden - gone,
        )

    def split(self, cell: int) -> Edits:
        """Take a merged cell apart again."""
        return replace(self, merged=tuple(group for group in self.merged if group[0] != cell))

    def exclude(self, cells: Iterable[int], *, out: bool = True) -> Edits:
        """Leave cells out of the fit, or take them in again."""
        given = frozenset(cells)
        return replace(self, excluded=self.excluded | given if out else self.excluded - given)

    def hide(self, cells: Iterable[int], *, out: bool = True) -> Edits:
        """Show cells no longer, or again."""
        given = frozenset(cells)
        return replace(self, hidden=self.hidden | given if out else self.hidden - given)


class Listed(NamedTuple):
    """Which cells are left after the edits, without their traces.

    Attributes
    ----------
    numbers : ndarray of int, shape (m,)
        What each is known by, see ``Edits``.
    names : list of str
    groups : list of tuple of int
        The cells that came of which each is made.
    """

    numbers: npt.NDArray[np.intp]
    names: list[str]
    groups: list[tuple[int, ...]]


class Edited(NamedTuple):
    """Cells as a person has changed them.

    Attributes
    ----------
    cells : Cells
        The m cells that are left.
    numbers : ndarray of int, shape (m,)
        What each is known by, see ``Edits``.
    """

    cells: Cells
    numbers: npt.NDArray[np.intp]


def listed(cells: Cells, edits: Edits, *, with_excluded: bool = False) -> Listed:
    """Say which cells are left, and what they are called.

    Parameters
    ----------
    cells : Cells
        As they came.
    edits : Edits
    with_excluded : bool
        Whether cells that are not fitted stay.

    Raises
    ------
    UserError
        If two cells would have one name, or none is left.
    """
    parts = {group[0]: group for group in edits.merged}
    gone = {part for group in edits.merged for part in group[1:]}
    out = set() if with_excluded else edits.excluded
    numbers = np.array([n for n in range(len(cells)) if n not in gone and n not in out], np.intp)
    if not len(numbers):
        raise UserError("All cells are excluded: take some in again.")
    groups = [parts.get(int(number), (int(number),)) for number in numbers]
    names = [_name(cells, edits, group) for group in groups]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"Two cells would be called “{twice}”: give them different names.")
    return Listed(numbers, names, groups)


def edited(cells: Cells, edits: Edits) -> Edited:
    """Change cells as a person wishes; those that are excluded are left out.

    The weights of merged cells add up; their trace is the mean of the parts, each as often as it
    has weight, so that it is what the whole would have been read as.

    Raises
    ------
    UserError
        If two cells would have one name, or none is left.
    """
    numbers, names, groups = listed(cells, edits)
    if not edits.merged:
        return Edited(replace(cells.take(numbers), names=names), numbers)
    return Edited(_joined(cells, groups, names), numbers)


def name_of(cells: Cells, edits: Edits, cell: int) -> str:
    """Return what a cell is called after the edits."""
    group = next((group for group in edits.merged if group[0] == cell), (cell,))
    return _name(cells, edits, group)


def _name(cells: Cells, edits: Edits, group: tuple[int, ...]) -> str:
    own = JOINED.join(cells.names[part] for part in group)
    return edits.names.get(group[0], own)


def _joined(cells: Cells, groups: list[tuple[int, ...]], names: list[str]) -> Cells:
    first = np.array([group[0] for group in groups])
    rows = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    columns = np.concatenate([np.array(group) for group in groups])
    shape = len(groups), len(cells)
    members = sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    weight = np.ones(len(cells))
    if cells.footprints is not None:
        weight = np.maximum(abs(cells.footprints).sum(axis=1), 1e-12)
    total = members @ weight
    mean = sparse.csr_array(members * weight[None] / total[:, None])
    footprints = cells.footprints
    return replace(
        cells,
        names=names,
        footprints=None if footprints is None else sparse.csr_array(members @ footprints),
        positions=None if cells.positions is None else mean @ cells.positions,
        traces={kind: _mixed(mean, trace) for kind, trace in cells.traces.items()},
        accepted=None if cells.accepted is None else (members @ cells.accepted) > 0,
        plane=None if cells.plane is None else cells.plane[first],
    )


def _mixed(mean: sparse.csr_array, trace: Float32Array) -> Float32Array:
    return np.ascontiguousarray((mean @ trace.T).T, np.float32)
