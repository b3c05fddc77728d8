"""Which series of an NWB file are movies, and how the frames of one lie in its array."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sparsevar.movie.axis_names import from_chunks
from napari_sparsevar.movie.choice import pick
from napari_sparsevar.movie.formats.hdf5_file import is_dataset, is_numeric
from napari_sparsevar.movie.units import micrometres

if TYPE_CHECKING:
    import h5py

_SQUARE = 0.01  # share by which the edges of a square pixel may differ
_TURNS = "NeuroConv"  # writes frames column by column, and their size row by row


@dataclass(frozen=True)
class Lying:
    """How frames lie in an array.

    Parameters
    ----------
    letters : str
        For each axis, see `axes.choose`.
    note : str
        A sentence where it is a guess; empty where it is not.
    """

    letters: str
    note: str = ""


def type_of(node: object) -> str:
    """Return what NWB calls something in a file; empty where it has no name for it."""
    kind = getattr(node, "attrs", {}).get("neurodata_type", "")
    return kind.decode() if isinstance(kind, bytes) else str(kind)


def is_series(node: object) -> bool:
    """Return whether something in a file is an imaging series."""
    return not is_dataset(node) and type_of(node).endswith("PhotonSeries")


def is_movie(node: object) -> bool:
    """Return whether something in a file is a series that may be a movie.

    What is processed is often kept as a plain ImageSeries; elsewhere that is a camera.
    """
    if is_dataset(node) or type_of(node) != "ImageSeries":
        return is_series(node)
    processed = str(getattr(node, "name", "")).startswith("/processing/")
    return processed and is_numeric(getattr(node, "get", lambda _: None)("data"))


def picked(
    file: h5py.File, dataset: str | None, found: Sequence[str], what: str
) -> tuple[str, tuple[str, ...]]:
    """Return the name of the series that is the movie, and a note where nobody chose it.

    A series that was corrected for motion is taken rather than what it was made from.

    Parameters
    ----------
    file : h5py.File
        An open NWB file.
    dataset : str or None
        What was asked for.
    found : sequence of str
        Names of all its movies.
    what : str
        What to call the file in a sentence.

    Raises
    ------
    ChoiceNeeded
        If there are several that do not come from each other.
    """
    raw = [name for name in found if any(file[name] == node for node in _originals(file))]
    left = [name for name in found if name not in raw]
    if dataset is not None or len(found) == 1 or len(left) != 1:
        return pick(dataset, found, what), ()
    note = (
        f"{what} holds {len(found)} movies ({', '.join(found)}); the one that was corrected for "
        f"motion, {left[0]}, is used (choose another with --dataset NAME, in Python dataset=NAME)."
    )
    return left[0], (note,)


def original_of(file: h5py.File, series: h5py.Group) -> h5py.Group | None:
    """Return what a series was corrected from, if the file says so."""
    stacks = _stacks(file)
    return next((s.get("original") for s in stacks if s.get("corrected") == series), None)


def _originals(file: h5py.File) -> list[h5py.Group]:
    return [stack["original"] for stack in _stacks(file) if stack.get("original") is not None]


def _stacks(file: h5py.File) -> list[h5py.Group]:
    found: list[h5py.Group] = []
    file.visititems(
        lambda _, node: found.append(node) if type_of(node) == "CorrectedImageStack" else None
    )
    return found


def lying(series: h5py.Group, what: str) -> Lying:
    """Return how the frames of a series lie in its array.

    NWB's text has frame, x, y; most programs store frame, row, column. ``dimension``, the field of
    view and the program tell which, where frames are not square; time stamps, ``dimension`` and
    chunks tell where time is last.

    Parameters
    ----------
    series : h5py.Group
        With a data set of pixels.
    what : str
        What to call it in a sentence.
    """
    data = series["data"]
    if data.ndim == 4 and data.shape[1] < min(data.shape[2:]):
        note = (
            f"{what} has fewest places along its second axis: its axes are taken as TZYX, against "
            "the NWB standard (if that is wrong: --axes TYXZ, in Python axes='TYXZ')."
        )
        return Lying("TZYX", note)
    if data.ndim != 3:
        return Lying("T" + "YXZ"[: data.ndim - 1])
    stated = _numbers(series, "dimension")
    if _time_is_last(series, stated):
        note = (
            f"{what} is stored with time last, against the NWB standard: its axes are taken as "
            "YXT (if that is wrong: --axes TYX, in Python axes='TYX')."
        )
        return Lying("YXT", note)
    first, second = data.shape[1:]
    turned = _is_square(series, first, second)
    upright = _is_square(series, second, first)
    contradicts = first != second and stated == [second, first]
    if contradicts and turned != upright:
        return _turned(what, data.shape) if turned else Lying("TYX")
    if contradicts:
        turns = _TURNS in _script(series.file)
        return _turned(what, data.shape) if turns else _open(what, data.shape)
    if turned and not upright:
        return _open(what, data.shape)
    return Lying(
        "TYX", "" if stated or "timestamps" in series else _like_a_square(what, data.shape)
    )


def _like_a_square(what: str, shape: Sequence[int]) -> str:
    """Return a note where the first two axes look like rows and columns, and nothing is said."""
    if shape[0] != shape[1] or shape[1] == shape[2]:
        return ""
    return (
        f"{what} has {shape[0]} x {shape[1]} x {shape[2]} numbers: the first axis is taken as "
        "time, as NWB has it (if that is wrong: --axes YXT, in Python axes='YXT')."
    )


def edges_of(series: h5py.Group, height: int, width: int) -> tuple[float | None, float | None]:
    """Return the edges (Y, X) of a pixel in micrometres, from the plane or the field of view.

    Parameters
    ----------
    series : h5py.Group
        Whatever has an imaging plane.
    height, width : int
        Rows and columns of a frame.
    """
    spacing = series.get("imaging_plane/grid_spacing")
    if is_dataset(spacing) and spacing.size > 1:
        unit = spacing.attrs.get("unit", "meters")
        unit = unit.decode() if isinstance(unit, bytes) else unit
        return micrometres(float(spacing[1]), unit), micrometres(float(spacing[0]), unit)
    field = _numbers(series, "field_of_view")
    if len(field) < 2:
        return None, None
    if _is_square(series, height, width) and not _is_square(series, width, height):
        field = field[1::-1]  # height comes first, whatever the standard says
    return micrometres(field[1] / height, "m"), micrometres(field[0] / width, "m")


def _time_is_last(series: h5py.Group, stated: list[float]) -> bool:
    shape = series["data"].shape
    stamps = series.get("timestamps")
    if is_dataset(stamps) and shape[0] != shape[2] and len(stamps) in (shape[0], shape[2]):
        return bool(len(stamps) == shape[2])
    if len(stated) >= 2 and sorted(shape[:2]) != sorted(shape[1:]):
        if sorted(stated[:2]) == sorted(shape[1:]):
            return False
        if sorted(stated[:2]) == sorted(shape[:2]):
            return True
    return from_chunks(shape, series["data"].chunks) == "YXT"


def _is_square(series: h5py.Group, x: int, y: int) -> bool:
    """Return whether pixels are square if the field of view has so many of them."""
    field = _numbers(series, "field_of_view")
    if len(field) < 2 or min(field[:2]) <= 0:
        return False
    return math.isclose(field[0] / x, field[1] / y, rel_tol=_SQUARE)


def _numbers(series: h5py.Group, name: str) -> list[float]:
    found = series.get(name)
    if not is_dataset(found) or found.ndim != 1 or found.dtype.kind not in "uif":
        return []
    return [float(value) for value in found[()]]


def _script(file: h5py.File) -> str:
    script = file.get("general/source_script")
    return str(script.asstr()[()]) if is_dataset(script) and script.shape == () else ""


def _turned(what: str, shape: Sequence[int]) -> Lying:
    note = (
        f"{what} is stored column by column: its frames are taken as {shape[2]} rows x {shape[1]} "
        "columns (if that is wrong: --axes TYX, in Python axes='TYX')."
    )
    return Lying("TXY", note)


def _open(what: str, shape: Sequence[int]) -> Lying:
    note = (
        f"{what} does not say clearly which of its axes are rows: its frames are taken as "
        f"{shape[1]} rows x {shape[2]} columns (if that is wrong: --axes TXY, in Python "
        "axes='TXY')."
    )
    return Lying("TYX", note)
