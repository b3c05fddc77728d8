"""suite2p: outlines, traces and what is a cell, from the folder of each plane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.cells.cells import Cells, Float32Array, TraceKind
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat
from napari_sparsevar.cells.placing import widened
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.plain_pickle import read_plain
from napari_sparsevar.movie.formats.suite2p import joined_at, joined_note, marked_frames

_OUTLINES, _SORTED = "stat.npy", "iscell.npy"
_TRACES: dict[str, TraceKind] = {"F.npy": "raw", "Fneu.npy": "neuropil", "spks.npy": "deconvolved"}
_OPTIONS = ("ops.npy", "db.npy", "settings.npy", "reg_outputs.npy", "detect_outputs.npy")
"""Before version 1 all lay in the first; now frame rate and images are in the others."""


def claims(path: Path) -> bool:
    """Return whether this is a folder of suite2p, one that holds it, or a file in it."""
    if path.is_dir():
        return bool(_planes(path))
    known = path.name in (_OUTLINES, _SORTED, *_TRACES)
    return known and path.is_file() and bool(_planes(path.parent))


def read(path: Path, choice: CellChoice) -> Cells:
    """Open all planes; cells are called by their number, ``plane0/12`` where there are several."""
    folder = path if path.is_dir() else path.parent
    planes = [_plane(plane) for plane in _planes(folder)]
    if _TRACES.get(path.name) == "deconvolved":  # who opens it does not mean the fluorescence
        planes = [replace(plane, traces=_only_events(plane)) for plane in planes]
    if len(planes) == 1:
        return planes[0]
    return _joined(planes, [plane.name for plane in _planes(folder)], path)


def _only_events(plane: Cells) -> dict[TraceKind, Float32Array]:
    return {"deconvolved": plane.traces["deconvolved"]}


def _planes(folder: Path) -> list[Path]:
    """Return the folders of the planes in the order of their numbers."""
    for inside in (folder, folder / "suite2p"):
        if _has_cells(inside):
            return [inside]
        found = [part for part in inside.glob("plane[0-9]*") if _has_cells(part)]
        if found:
            return sorted(found, key=lambda part: (len(part.name), part.name))
    return []


def _has_cells(folder: Path) -> bool:
    return (folder / _OUTLINES).is_file() and any(
        (folder / name).is_file() for name in (*_OPTIONS, _SORTED, *_TRACES)
    )


def _plane(folder: Path) -> Cells:
    numbers = {
        name: _numbers(folder / name) for name in (*_TRACES, _SORTED) if (folder / name).is_file()
    }
    return cells_of_plane(
        _options(folder),
        _outlines(folder / _OUTLINES),
        {kind: numbers[name] for name, kind in _TRACES.items() if name in numbers},
        numbers.get(_SORTED),
        folder / _OUTLINES,
    )


def cells_of_plane(
    options: Mapping[str, Any],
    outlines: list[dict[str, Any]],
    traces: Mapping[TraceKind, npt.NDArray[Any]],
    marks: npt.NDArray[Any] | None,
    path: Path,
) -> Cells:
    """Return the cells of a plane, called by their numbers.

    Parameters
    ----------
    options : mapping
        Without groups, see ``flat``.
    outlines : list of dict
        ``ypix``, ``xpix`` and ``lam`` of each.
    traces : mapping of ndarray, shape (n, T)
    marks : ndarray, shape (n, 2), optional
        Whether each is a cell, and how surely.
    path : pathlib.Path
        What holds the outlines.
    """
    shape, known = _shape(options, outlines)
    rate, image = options.get("fs"), options.get("meanImg")
    fits = isinstance(image, np.ndarray) and image.shape == shape
    n_frames = next((values.shape[1] for values in traces.values()), 0)
    ends = joined_at(options, n_frames)
    bad, said = marked_frames(options, n_frames, path.parent)
    return Cells(
        [str(number) for number in range(len(outlines))],
        _footprints(outlines, shape, path),
        shape,
        traces={
            kind: np.ascontiguousarray(values.T, dtype=np.float32)
            for kind, values in traces.items()
        },
        accepted=None if marks is None else np.asarray(marks[:, 0] > 0),
        fps=float(rate) if isinstance(rate, int | float) and rate > 0 else None,
        mean_image=np.asarray(image, np.float32) if fits else None,
        jumps=np.array(ends, np.intp),
        bad_frames=bad,
        source=path.parent if path.name == _OUTLINES else path,
        notes=(*joined_note(path.parent, ends), *said),
        field_known=known,
    )


def _options(folder: Path) -> dict[str, Any]:
    """Return what all files of options say."""
    found: dict[str, Any] = {}
    for name in _OPTIONS:
        if (folder / name).is_file():
            said = read_plain(folder / name)
            if not isinstance(said, dict):
                raise UserError(f"{folder / name} holds no options of suite2p; copy it again.")
            found |= flat(said)
    return found


def flat(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the groups of version 1 laid flat."""
    found: dict[str, Any] = {}
    for key, value in options.items():
        found |= value if isinstance(value, dict) else {key: value}
    return found


def _outlines(path: Path) -> list[dict[str, Any]]:
    return checked_outlines(read_plain(path), path)


def checked_outlines(found: Any, path: Path) -> list[dict[str, Any]]:
    """Return outlines as they come.

    Raises
    ------
    UserError
        If there are none, or this is something else.
    """
    whole = isinstance(found, list) and all(
        isinstance(cell, dict) and {"ypix", "xpix", "lam"} <= set(cell) for cell in found
    )
    if not whole:
        raise UserError(f"{path} holds no outlines of suite2p; copy it again.")
    if not found:
        raise UserError(f"{path} holds no cell; run the detection again.")
    return list(found)


def _shape(
    options: Mapping[str, Any], outlines: list[dict[str, Any]]
) -> tuple[tuple[int, int], bool]:
    """Return height and width of the field, and whether they are known."""
    height, width = options.get("Ly"), options.get("Lx")
    if isinstance(height, int) and isinstance(width, int):
        return (height, width), True
    image = options.get("meanImg")
    if isinstance(image, np.ndarray) and image.ndim == 2:
        return (int(image.shape[0]), int(image.shape[1])), True
    reach = (max(int(np.max(cell[axis])) for cell in outlines) for axis in ("ypix", "xpix"))
    rows, columns = reach
    return (rows + 1, columns + 1), False


def _footprints(
    outlines: list[dict[str, Any]], shape: tuple[int, int], path: Path
) -> sparse.csr_array:
    """Return the weights of pixels, also of those that cells share, (n, Y X)."""
    with explained(path, f"{path} is damaged"):
        sizes = [len(cell["lam"]) for cell in outlines]
        y, x, weight = (
            np.concatenate([np.asarray(cell[part]).ravel() for cell in outlines])
            for part in ("ypix", "xpix", "lam")
        )
        if not ((y >= 0) & (y < shape[0]) & (x >= 0) & (x < shape[1])).all():
            raise UserError(f"{path} has pixels outside its field of {shape}; copy it again.")
        rows = np.repeat(np.arange(len(outlines)), sizes)
        pixels = y.astype(np.int64) * shape[1] + x
        placed = (weight.astype(np.float32), (rows, pixels))
        return sparse.csr_array(
            sparse.coo_array(placed, shape=(len(outlines), shape[0] * shape[1]))
        )


def _numbers(path: Path) -> npt.NDArray[Any]:
    with explained(path, f"{path} is damaged or cut short"):
        values = np.load(path, allow_pickle=False)
    if values.ndim != 2:
        raise UserError(f"{path} has {values.ndim} axes, not cells x frames; copy it again.")
    return np.asarray(values)


def _joined(planes: list[Cells], called: list[str], source: Path) -> Cells:
    """Return the cells of all planes; fields of different size are one of the largest."""
    shape = (
        max(plane.shape[0] for plane in planes if plane.shape),
        max(plane.shape[1] for plane in planes if plane.shape),
    )
    kinds = [kind for kind in planes[0].traces if all(kind in plane.traces for plane in planes)]
    length, bad = min(plane.n_frames or 0 for plane in planes), planes[0].bad_frames
    return Cells(
        [
            f"{name}/{cell}"
            for name, plane in zip(called, planes, strict=True)
            for cell in plane.names
        ],
        sparse.csr_array(sparse.vstack([_widened(plane, shape) for plane in planes])),
        shape,
        # The last planes of a volume may lack a frame.
        traces={
            kind: np.concatenate([plane.traces[kind][:length] for plane in planes], axis=1)
            for kind in kinds
        },
        accepted=np.concatenate([plane.is_accepted for plane in planes]),
        plane=np.repeat(np.arange(1, len(planes) + 1), [len(plane) for plane in planes]),
        fps=planes[0].fps,
        jumps=planes[0].jumps,
        bad_frames=None if bad is None else bad[:length],
        source=source,
        notes=tuple(dict.fromkeys(note for plane in planes for note in plane.notes)),
        field_known=all(plane.field_known for plane in planes),
    )


def _widened(plane: Cells, shape: tuple[int, int]) -> sparse.csr_array:
    assert plane.footprints is not None
    assert plane.shape is not None
    return widened(plane.footprints, plane.shape, shape)


FORMAT = CellFormat(
    name="suite2p",
    priority=10,
    suffixes=(".npy",),
    claims=claims,
    read=read,
)
