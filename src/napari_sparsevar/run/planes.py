"""What a run of several planes shows a person: stacks and planes, never the field they lie in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.movie.stack import Stack

_ENDS = ("source", "target")


def shown_image(image: npt.NDArray[Any], stack: Stack | None) -> npt.NDArray[Any]:
    """Return an image (Y, X) of the field of a run as a person has it: (Z, Y, X) of planes."""
    return image if stack is None else stack.unfolded(image)


def kept_image(image: npt.NDArray[Any], stack: Stack | None) -> npt.NDArray[Any]:
    """Return what a person has, (Z, Y, X) of several planes, as an image (Y, X) of the field.

    An image of the field itself stays as it is.
    """
    return image if stack is None or image.ndim == len(stack.shape) else stack.folded(image)


def shown_table(table: pd.DataFrame, stack: Stack | None) -> pd.DataFrame:
    """Return a table of places or edges with the plane of each and columns of that plane.

    Parameters
    ----------
    table : DataFrame
        With ``y`` and ``x``, or ``source_x`` and ``target_x``, in pixels of the field.
    stack : Stack, optional
        Without, the table stays as it is.

    Returns
    -------
    DataFrame
        ``plane`` (``source_plane``, ``target_plane``): its number in the recording, from 1. Edges
        also have ``lag_volumes``: their lag in periods of a volume, as planes are read in turns.
    """
    if stack is None:
        return table
    shown = table.copy()
    for name in ("x", *(f"{end}_x" for end in _ENDS)):
        if name in table:
            at = table[name].to_numpy(float)
            shown[name] = stack.column_at(at)
            numbers = np.array(stack.planes)[stack.index_at(at)]
            before = list(shown.columns).index(f"{name[:-1]}y")
            shown.insert(before, f"{name[:-1]}plane", numbers)
    if {"lag", "source_x", "target_x"} <= set(table.columns):
        later = stack.later(table["source_x"], table["target_x"])
        after = list(shown.columns).index("lag") + 1
        shown.insert(after, "lag_volumes", table["lag"].to_numpy(float) + later)
    return shown


def kept_table(table: pd.DataFrame, stack: Stack | None) -> pd.DataFrame:
    """Return a table of places, as ``shown_table`` makes it, in pixels of the field again."""
    if stack is None:
        return table
    index = np.searchsorted(stack.planes, table["plane"].to_numpy(int))
    return table.assign(x=table["x"] + index * stack.pitch).drop(columns="plane")
