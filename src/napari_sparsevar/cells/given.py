"""What a person hands over to be fitted: traces as cells, and the frames that are used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.arguments import unmasked
from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.formats.format import CellChoice
from napari_sparsevar.cells.formats.table_layout import cells_of_table
from napari_sparsevar.cells.formats.table_text import table_of
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.left_out import NONE, FrameList, frames_of


def cells_of(
    traces: Cells | pd.DataFrame | npt.ArrayLike,
    fps: float | None,
    names: Sequence[str] | None,
    positions: npt.ArrayLike | None,
) -> Cells:
    """Return traces as cells, those that are accepted.

    Raises
    ------
    UserError
        If traces, names and positions do not belong together.
    """
    if isinstance(traces, pd.DataFrame):
        if traces.shape[1] > traces.shape[0] and names is None:
            raise UserError(
                f"A table of {traces.shape[0]} rows and {traces.shape[1]} columns would be more "
                "cells than frames: transpose it if cells are in rows, or give their names."
            )
        traces = cells_of_table(table_of(traces), Path("The table"), CellChoice(cells_in="columns"))
    if isinstance(traces, Cells):
        chosen = traces.take(traces.is_accepted) if not traces.is_accepted.all() else traces
        named = chosen if names is None else replace(chosen, names=[str(name) for name in names])
        placed = named if positions is None else replace(named, positions=_positions(positions))
        return placed if fps is None else replace(placed, fps=fps)
    values = _numbers(traces)
    if values.shape[1] > values.shape[0] and names is None and positions is None:
        raise UserError(
            f"Traces of the shape {values.shape} would be {values.shape[0]} frames of "
            f"{values.shape[1]} cells: transpose them if cells are in rows, or give names, one a "
            "column, if there are more cells than frames."
        )
    called = [str(name) for name in (range(values.shape[1]) if names is None else names)]
    if len(called) != values.shape[1]:
        raise UserError(
            f"There are {len(called)} names for {values.shape[1]} columns of traces"
            + (": transpose the traces." if len(called) == values.shape[0] else ".")
        )
    placed_at = None if positions is None else _positions(positions)
    return Cells(called, positions=placed_at, traces={"raw": values}, fps=fps)


def used_frames(good: npt.ArrayLike | None, cells: Cells) -> npt.NDArray[np.bool_]:
    """Return which frames are used, (T,): those given, else those that are not marked as bad.

    Raises
    ------
    UserError
        If not every frame is given.
    """
    n_frames = cells.n_frames or 0
    if good is None:
        return np.ones(n_frames, bool) if cells.bad_frames is None else ~cells.bad_frames
    marked = np.asarray(good)
    if marked.dtype != bool or marked.shape != (n_frames,):
        raise UserError(
            f"good says of each of the {n_frames} frames whether it is used: give as many of True "
            f"and False, not {marked.dtype} of the shape {marked.shape}."
        )
    return marked


def good_frames(cells: Cells, bad_frames: FrameList | None) -> npt.NDArray[np.bool_] | None:
    """Return which frames are used, (T,), where a person lists bad ones.

    Parameters
    ----------
    cells : Cells
        What their program marked is left out as well.
    bad_frames : str, path or array, optional
        As ``leaving_out`` takes them; ``"none"``: all are used.

    Returns
    -------
    ndarray of bool or None
        None where nothing is listed.
    """
    if bad_frames is None:
        return None
    if isinstance(bad_frames, str) and bad_frames.strip().lower() == NONE:
        return np.ones(cells.n_frames or 0, bool)
    left = used_frames(None, cells) & ~frames_of(bad_frames, cells.n_frames or 0)
    if not left.any():
        raise UserError(f"All {cells.n_frames or 0} frames are left out: use some.")
    return left


def _numbers(traces: Any) -> npt.NDArray[np.float32]:
    try:
        values = np.asarray(unmasked(traces), dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise UserError("Traces are numbers, a row a frame and a column a cell.") from error
    if values.ndim != 2 or 0 in values.shape:
        raise UserError(f"Traces have the shape {values.shape}: give frames x cells.")
    return values


def _positions(positions: npt.ArrayLike) -> npt.NDArray[np.float64]:
    try:
        places = np.asarray(positions, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UserError("Positions are numbers: give y and x of each cell.") from error
    if places.ndim != 2 or places.shape[1] != 2:
        raise UserError(f"Positions have the shape {places.shape}: give y and x of each cell.")
    return places
