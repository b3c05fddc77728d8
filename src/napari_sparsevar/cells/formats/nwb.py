"""NWB: the regions of a ``PlaneSegmentation`` and their series, read with h5py alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sparsevar.cells.cells import BoolArray, Cells, Float32Array
from napari_sparsevar.cells.formats.format import CellChoice, CellChoiceNeeded, CellFormat
from napari_sparsevar.cells.formats.matrix import single
from napari_sparsevar.cells.formats.naming import text_of, unique_names
from napari_sparsevar.cells.formats.nwb_caiman import is_caiman, mended
from napari_sparsevar.cells.formats.nwb_masks import Masks, masks_of
from napari_sparsevar.cells.formats.nwb_series import Series, series_in, times_of, traces_of_series
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats import nwb as movies
from napari_sparsevar.movie.formats.hdf5_file import holds, is_dataset, open_hdf5
from napari_sparsevar.movie.formats.nwb_series import is_series, type_of
from napari_sparsevar.movie.times import timing_of

if TYPE_CHECKING:
    import h5py

_SEGMENTATION = "PlaneSegmentation"
_NAMES = ("cell_name", "roi_name", "name", "label", "roi_id", "cell_specimen_id")
_ACCEPTED = ("accepted", "iscell", "is_cell", "keep", "valid_roi")
_SUITE2P, _SUITE2P_FIELD, _SUITE2P_UM = "suite2p output", ("vcorr", "max_proj"), 2.0
"""How suite2p describes its cells, what it has of the field where it did not register, and the
edge of a pixel that it writes for every recording: nobody measured it."""


def claims(path: Path) -> bool:
    """Return whether this is an NWB file with regions of interest."""
    return movies.claims(path) and holds(path, _is_segmentation)


def read(path: Path, choice: CellChoice) -> Cells:
    """Open the regions of a segmentation with their traces.

    Of several segmentations, or of several series of one kind, ``choice.variable`` names one.
    """
    with open_hdf5(path) as file:
        return _read(file, path, choice)


def _read(file: h5py.File, path: Path, choice: CellChoice) -> Cells:
    table, found = _chosen(file, path, choice)
    n_cells = len(table["id"])
    traces, notes = traces_of_series(file, found, n_cells)
    said = _said(path, found, traces, n_cells)
    names, twice = _names(table, path)
    known = _timing(file, found, path, max(map(len, traces.values()), default=0))
    plane = table.get("imaging_plane")
    outlines = _outlines(file, table, n_cells, path)
    width = outlines["shape"][1] if "shape" in outlines else 1
    known["notes"] = (*twice, *notes, *said, *outlines.pop("notes"), *known["notes"])
    size = None if plane is None else movies.pixel_size_of(table, width)
    if _is_suite2p(table) and size is not None and np.isclose(size, _SUITE2P_UM):
        size = None
    if known["fps"] is None and plane is not None:
        known["fps"] = movies.rate_of(table)
    cells = Cells(
        names,
        traces=traces,
        accepted=_accepted(table, n_cells),
        pixel_size_um=size,
        **outlines,
        **known,
    )
    return mended(cells, table, found) if is_caiman(table) else cells


def _chosen(file: h5py.File, path: Path, choice: CellChoice) -> tuple[h5py.Group, list[Series]]:
    """Return the segmentation that is meant, and those of its series that are read."""
    tables: list[str] = []
    file.visititems(lambda _, node: tables.append(node.name) if _is_segmentation(node) else None)
    series = [entry for entry in series_in(file) if entry.table in tables]
    wanted = choice.variable
    named = [entry for entry in series if wanted and _means(wanted, entry.path)]
    if wanted is None and len(tables) == 1:
        return file[tables[0]], _of_each_kind(series, path)
    if len(named) == 1:
        return file[named[0].table], _with_neuropil(named[0], series)
    found = [table for table in tables if wanted and _means(wanted, table)]
    if len(found) == 1:
        return file[found[0]], _of_each_kind([s for s in series if s.table == found[0]], path)
    options = [table.strip("/") for table in tables] + [entry.path.strip("/") for entry in series]
    if wanted is None:
        options = options[: len(tables)]
        raise CellChoiceNeeded(
            f"{path} holds {len(tables)} segmentations ({', '.join(options)}) and does not say "
            "which is meant.",
            "variable",
            options,
        )
    raise UserError(f"{path} does not hold one {wanted!r}; it holds {', '.join(options)}.")


def _of_each_kind(series: Sequence[Series], path: Path) -> list[Series]:
    """Return series such that of each kind none is of the same rows as another.

    Raises
    ------
    CellChoiceNeeded
        If several are.
    """
    kept = [entry for entry in series if not entry.aside] or list(series)
    for kind in {entry.kind for entry in kept}:
        same = [entry for entry in kept if entry.kind == kind]
        rows = np.concatenate([entry.rows for entry in same])
        if len(np.unique(rows)) < len(rows):
            options = [entry.name for entry in same]
            raise CellChoiceNeeded(
                f"{path} holds {len(same)} series of {kind} traces ({', '.join(options)}) and does "
                "not say which is meant.",
                "variable",
                options,
            )
    if any(entry.corrected for entry in kept):
        return [entry for entry in kept if entry.kind != "neuropil"]
    return kept


def _with_neuropil(chosen: Series, series: Sequence[Series]) -> list[Series]:
    """Return a series that was named, and the one neuropil beside it where it is raw."""
    beside = [
        entry
        for entry in series
        if entry.kind == "neuropil"
        and entry.table == chosen.table
        and entry.aside == chosen.aside
        and np.array_equal(entry.rows, chosen.rows)
    ]
    raw = chosen.kind == "raw" and not chosen.corrected
    return [chosen, *beside] if raw and len(beside) == 1 else [chosen]


def _means(wanted: str, path: str) -> bool:
    return f"/{path.strip('/')}".endswith(f"/{wanted.strip('/')}")


def _is_segmentation(node: object) -> bool:
    return not is_dataset(node) and type_of(node) == _SEGMENTATION


def _said(
    path: Path, found: Sequence[Series], traces: dict[Any, Float32Array], n_cells: int
) -> tuple[str, ...]:
    """Return a note on cells without traces."""
    if not found:
        return ()
    rows = {int(row) for entry in found for row in entry.rows}
    missing = n_cells - len(rows)
    return (f"{path}: {missing} of {n_cells} cells have no traces.",) if missing else ()


def _timing(file: h5py.File, found: Sequence[Series], path: Path, n_frames: int) -> dict[str, Any]:
    """Return frame rate and times of the first series, and what there is to say of them."""
    if not found:
        return {"fps": None, "notes": ()}
    times, rate = times_of(file[found[0].path])
    if times is None:
        start = file[found[0].path].get("starting_time")
        begin = float(start[()]) if is_dataset(start) else 0.0
        late = rate is not None and begin != 0.0 and np.isfinite(begin)
        # On the clock of the session, on which behaviour is as well.
        known = {"times": begin + np.arange(n_frames) / rate} if late and rate else {}
        return {"fps": rate, "notes": (), **known}
    timing = timing_of(times, str(path))
    fps = float(f"{1.0 / timing.step:.6g}")
    return {"fps": fps, "times": times, "notes": timing.note(str(path))}


def _names(table: h5py.Group, path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the first column of names that tells all cells apart, or their ids."""
    for column in _NAMES:
        node = table.get(column)
        if is_dataset(node) and node.ndim == 1 and node.dtype.kind in "OSUui":
            names = [text_of(value) for value in node[()].tolist()]
            if all(names) and len(set(names)) == len(names):
                return tuple(names), ()
    return unique_names([text_of(value) for value in table["id"][()].tolist()], str(path))


def _accepted(table: h5py.Group, n_cells: int) -> BoolArray | None:
    for column in table:
        node = table[column]
        if column.lower() in _ACCEPTED and is_dataset(node) and node.shape[:1] == (n_cells,):
            # suite2p has the mark and its probability side by side.
            marks = np.asarray(node[()]).reshape(n_cells, -1)[:, 0]
            return np.asarray(marks.astype(np.float64) > 0.0)
    return None


def _outlines(file: h5py.File, table: h5py.Group, n_cells: int, path: Path) -> dict[str, Any]:
    """Return footprints, field of view, planes and mean image, as far as they are known."""
    masks = masks_of(table)
    if masks is None or not len(masks.cell):
        return {"notes": (f"{path}: its cells have no outlines.",)}
    # suite2p writes rows as x.
    by_row = _is_suite2p(table) and masks.shape is None
    masks = masks.transposed if by_row else masks
    images = _images(file, _is_mean)
    seen = images or (_images(file, _SUITE2P_FIELD.__contains__) if by_row else [])
    field = next((image.shape for image in seen), None) or _movie_shape(file, table)
    masks, shape, notes = _in_field(masks, field, path)
    known = [image for image in images if image.shape == shape]
    return {
        "footprints": masks.footprints(n_cells, shape),
        "shape": shape,
        "field_known": masks.shape is not None or field is not None,
        "plane": masks.planes(n_cells),
        "mean_image": known[0] if len(known) == 1 else None,
        "notes": notes,
    }


def _in_field(
    masks: Masks, field: tuple[int, int] | None, path: Path
) -> tuple[Masks, tuple[int, int], tuple[str, ...]]:
    """Return masks that lie in a field of view, exchanged where they fit only so."""
    shape = masks.shape or field
    if shape is None:
        note = f"{path} does not say how large its field of view is: it ends with the last outline."
        return masks, masks.extent, (note,)
    if field is not None and (shape != field or not masks.fits(field)):
        turned = masks.transposed
        if turned.fits(field) and turned.shape in (None, field):
            return turned, field, (f"{path} has rows and columns of its masks exchanged; undone.",)
        raise UserError(
            f"{path}: its outlines reach {masks.shape or masks.extent} pixels and its images have "
            f"{field}; export them again."
        )
    return masks, shape, ()


def _is_suite2p(table: h5py.Group) -> bool:
    return bool(table.attrs.get("description", "") == _SUITE2P)


def _is_mean(name: str) -> bool:
    return ("mean" in name or "average" in name) and "chan2" not in name


def _images(file: h5py.File, wanted: Callable[[str], bool]) -> list[Float32Array]:
    """Return the images in the file whose names, in lower case, are wanted."""
    found: list[Float32Array] = []

    def collect(name: str, node: Any) -> None:
        known = wanted(name.lower().split("/")[-1])
        if known and is_dataset(node) and node.ndim == 2 and node.dtype.kind in "uif":
            found.append(single(node[()]))

    file.visititems(collect)
    return found


def _movie_shape(file: h5py.File, table: h5py.Group) -> tuple[int, int] | None:
    """Return height and width of the movie that was taken in the same plane."""
    found: set[tuple[int, int]] = set()

    def collect(_: str, node: Any) -> None:
        if is_series(node) and node.get("imaging_plane") == table.get("imaging_plane"):
            data = node.get("data")
            # A movie that lies in a file of its own is empty here.
            if is_dataset(data) and data.ndim >= 3 and data.size:
                found.add((int(data.shape[1]), int(data.shape[2])))

    file.visititems(collect)
    return found.pop() if len(found) == 1 else None


FORMAT = CellFormat(
    name="NWB",
    priority=10,
    suffixes=(".nwb",),
    claims=claims,
    read=read,
    uses=("variable",),
)
