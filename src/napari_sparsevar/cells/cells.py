"""Cells that a person brings: where they lie, what they did, and what they are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.arguments import shown
from napari_sparsevar.errors import UserError

Float32Array = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
LabelImage = npt.NDArray[np.int32]

TraceKind = Literal["raw", "neuropil", "dff", "denoised", "residual", "deconvolved"]
"""What a trace is: fluorescence of the pixels, fluorescence around the cell, ΔF/F, the model of a
calcium trace, what that model leaves, or the rate of events."""

TRACE_KINDS: tuple[TraceKind, ...] = get_args(TraceKind)


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a recording, as a file of another program or a layer has them.

    Parameters
    ----------
    names : sequence of str
        What each of the n cells is called where it comes from: its number, or its name.
    footprints : csr_array, shape (n, Y X), optional
        Weight of every pixel in each cell, rows of the field of view one after the other. Cells
        may overlap. None where only traces are known.
    shape : tuple of int, optional
        Height and width of the field of view; needed with footprints.
    positions : ndarray, shape (n, 2), optional
        y and x of each cell in pixels; by default where its footprint weighs most.
    traces : mapping of str to ndarray of float32, shape (T, n)
        Activity, by its ``TraceKind``.
    accepted : ndarray of bool, shape (n,), optional
        Which are cells in the eyes of whoever sorted them; by default all.
    plane : ndarray of int, shape (n,), optional
        Plane in depth of each, the first is 1; by default all lie in one.
    fps, pixel_size_um : float, optional
        Frames per second; edge of a pixel in micrometres.
    times : ndarray, shape (T,), optional
        When each frame was taken, in seconds, or in frames where seconds are not known: time may
        jump. See ``times.timing_of``.
    jumps : ndarray of int, optional
        Frames before which time jumps besides, such as the first of each file that was joined.
    bad_frames : ndarray of bool, shape (T,), optional
        Frames that do not count in the eyes of their program.
    mean_image : ndarray, shape (Y, X), optional
        The field of view as their program saw it.
    source : path, optional
        Where they come from.
    kind : str
        Name of the format.
    notes : tuple of str
        What a person should know, a sentence each.
    neuropil_share : float or "estimated"
        How much of the neuropil's trace lies over each cell in the eyes of the program that made
        both, to be taken off the raw one.
    field_known : bool
        False where ``shape`` only ends with the last footprint and the field of view may be larger:
        see ``placing.in_field``.
    """

    names: Sequence[str]
    footprints: sparse.csr_array | None = None
    shape: tuple[int, int] | None = None
    positions: FloatArray | None = None
    traces: Mapping[TraceKind, Float32Array] = field(default_factory=lambda: MappingProxyType({}))
    accepted: BoolArray | None = None
    plane: npt.NDArray[np.intp] | None = None
    fps: float | None = None
    pixel_size_um: float | None = None
    times: FloatArray | None = None
    jumps: npt.NDArray[np.intp] | None = None
    bad_frames: BoolArray | None = None
    mean_image: Float32Array | None = None
    source: Path | None = None
    kind: str = ""
    notes: tuple[str, ...] = ()
    neuropil_share: float | Literal["estimated"] = 0.7
    field_known: bool = True

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def of_labels(cls, labels: npt.NDArray[np.integer]) -> Cells:
        """Return the cells of a label image (Y, X), named by their labels; 0 is background."""
        footprints, numbers = footprints_of_labels(labels)
        shape = (int(labels.shape[0]), int(labels.shape[1]))
        return cls([str(number) for number in numbers], footprints, shape)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def n_frames(self) -> int | None:
        """Number of frames T; None where there are no traces."""
        return next((len(trace) for trace in self.traces.values()), None)

    @property
    def n_planes(self) -> int:
        """Number of planes that cells lie in."""
        return 1 if self.plane is None else len(np.unique(self.plane))

    @cached_property
    def is_accepted(self) -> BoolArray:
        """Which are accepted, (n,)."""
        return np.ones(len(self), bool) if self.accepted is None else self.accepted

    @cached_property
    def centres(self) -> FloatArray | None:
        """Where each lies, y and x in pixels, (n, 2); None where nothing says it."""
        if self.positions is not None or self.footprints is None or self.shape is None:
            return self.positions
        weights = sparse.csr_array(abs(self.footprints))
        total = np.maximum(weights.sum(axis=1), 1e-12)
        rows, columns = np.divmod(np.arange(weights.shape[1]), self.shape[1])
        return np.stack([weights @ rows / total, weights @ columns / total], axis=1)

    def take(self, chosen: npt.NDArray[np.intp] | BoolArray) -> Cells:
        """Return some of the cells, in the order chosen.

        Parameters
        ----------
        chosen : ndarray of int or bool
            Their numbers from 0, or a mask (n,).
        """
        index = np.arange(len(self))[chosen]
        return replace(
            self,
            names=[self.names[i] for i in index],
            footprints=None if self.footprints is None else self.footprints[index],
            positions=None if self.positions is None else self.positions[index],
            traces={kind: trace[:, index] for kind, trace in self.traces.items()},
            accepted=None if self.accepted is None else self.accepted[index],
            plane=None if self.plane is None else self.plane[index],
        )

    def of_plane(self, number: int | None) -> Cells:
        """Return the cells of one plane.

        Parameters
        ----------
        number : int or None
            The first is 1. None is enough where all lie in one.

        Raises
        ------
        UserError
            If there are several planes and none was chosen, or none of this number.
        """
        planes = [1] if self.plane is None else [int(found) for found in np.unique(self.plane)]
        if number is None and len(planes) == 1:
            return self
        listed = ", ".join(map(str, planes))
        if number is None:
            raise UserError(
                f"The cells of {self.source or 'these'} lie in the planes {listed}; choose one "
                "with --plane N, in Python plane=N."
            )
        if number not in planes:
            raise UserError(f"No cell lies in plane {number}; there are {listed}.")
        return self if self.plane is None else self.take(self.plane == number)

    def label_image(self) -> LabelImage:
        """Return one number a cell, from 1, (Y, X); a pixel of several goes to the heaviest there.

        Raises
        ------
        UserError
            If only traces are known.
        """
        if self.footprints is None or self.shape is None:
            raise UserError(f"{self.source or 'These cells'} have traces but no outlines.")
        labels = np.zeros(self.footprints.shape[1], np.int32)
        heaviest = np.zeros(labels.size)
        starts, pixels, weights = (
            self.footprints.indptr,
            self.footprints.indices,
            self.footprints.data,
        )
        for cell in range(len(self)):
            here = slice(starts[cell], starts[cell + 1])
            wins = weights[here] > heaviest[pixels[here]]
            labels[pixels[here][wins]] = cell + 1
            heaviest[pixels[here][wins]] = weights[here][wins]
        return labels.reshape(self.shape)


def footprints_of_labels(
    labels: npt.NDArray[np.integer],
) -> tuple[sparse.csr_array, npt.NDArray[np.int64]]:
    """Return the footprints of a label image (Y, X), weight 1 each, and the labels, ascending.

    0 is background.
    """
    flat = np.asarray(labels).ravel()
    pixels = np.flatnonzero(flat > 0)
    found, rows = np.unique(flat[pixels], return_inverse=True)
    weights = sparse.coo_array(
        (np.ones(len(pixels), np.float32), (rows, pixels)), shape=(len(found), flat.size)
    )
    return sparse.csr_array(weights), found.astype(np.int64)


def _check(cells: Cells) -> None:
    """Raise UserError where parts of the cells do not belong to each other."""
    what = str(cells.source or "These cells")
    if isinstance(cells.names, str) or not isinstance(cells.names, Collection):
        raise UserError(f"{what}: names must be a list of texts, not {shown(cells.names)}.")
    if not isinstance(cells.traces, Mapping):
        raise UserError(f"{what}: traces must be arrays by their kind, not {shown(cells.traces)}.")
    for kind, trace in cells.traces.items():
        if kind not in TRACE_KINDS or np.ndim(trace) != 2:
            raise UserError(
                f"{what}: traces must be arrays (T, n) by their kind ({', '.join(TRACE_KINDS)}), "
                f"not {kind!r}: {shown(trace)}."
            )
    n = len(cells.names)
    if n == 0:
        raise UserError(f"{what}: there is no cell; choose another file.")
    if len(set(cells.names)) < n:
        twice = next(name for name in cells.names if list(cells.names).count(name) > 1)
        raise UserError(f"{what}: two cells are called {twice!r}; give each a name of its own.")
    sizes = {
        "footprints": None if cells.footprints is None else cells.footprints.shape[0],
        "positions": None if cells.positions is None else len(cells.positions),
        "marks of what is a cell": None if cells.accepted is None else len(cells.accepted),
        "planes": None if cells.plane is None else len(cells.plane),
        **{f"{kind} traces": trace.shape[1] for kind, trace in cells.traces.items()},
    }
    for part, size in sizes.items():
        if size is not None and size != n:
            raise UserError(f"{what}: {n} cells have {size} {part}; export them again.")
    lengths = {len(trace) for trace in cells.traces.values()}
    if len(lengths | ({len(cells.times)} if lengths and cells.times is not None else set())) > 1:
        raise UserError(f"{what}: its traces are of different length; export them again.")
    if cells.footprints is not None:
        pixels = None if cells.shape is None else cells.shape[0] * cells.shape[1]
        if cells.footprints.shape[1] != pixels:
            raise UserError(f"{what}: its outlines are not of a field of {cells.shape} pixels.")
