"""A new OME-Zarr image of a movie: its array, and the metadata that other programs read."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import DTypeLike

CHUNK_BYTES = 2**23
"""Of one chunk of the store, and so of what is held in memory at a time."""

_AXES = "tzyx"


def frames_per_chunk(shape: tuple[int, ...], dtype: DTypeLike) -> int:
    """Return how many frames of a movie (T, Y, X), or volumes (T, Z, Y, X), make a chunk."""
    return min(shape[0], max(1, CHUNK_BYTES // (np.dtype(dtype).itemsize * math.prod(shape[1:]))))


def new_image(
    folder: Path,
    name: str,
    shape: tuple[int, ...],
    dtype: DTypeLike,
    fps: float | None,
    pixel_size_um: float | None,
) -> tuple[Any, Any]:
    """Make an OME-Zarr 0.5 image (Zarr 3) without pixels.

    Parameters
    ----------
    folder : Path
    name : str
        Of the image.
    shape : tuple of int
        T, Y, X, or T, Z, Y, X.
    dtype : dtype
    fps, pixel_size_um : float or None
        Frames per second and edge of a pixel; axes have no unit where they are None.

    Returns
    -------
    group : zarr.Group
        For further attributes.
    array : zarr.Array
        In chunks of whole frames, all of which are written: one that is missing was lost.
    """
    kind = np.dtype(dtype)
    group = zarr.open_group(str(folder), mode="w", zarr_format=3)
    names = _AXES if len(shape) == len(_AXES) else _AXES.replace("z", "")
    group.attrs["ome"] = _description(name, names, fps, pixel_size_um)
    array = group.create_array(
        "0",
        shape=shape,
        chunks=(frames_per_chunk(shape, kind), *shape[1:]),
        dtype=kind.newbyteorder("="),
        dimension_names=tuple(names),
        fill_value=float("nan") if kind.kind == "f" else 0,
        config={"write_empty_chunks": True},
    )
    return group, array


def _description(
    name: str, names: str, fps: float | None, pixel_size_um: float | None
) -> dict[str, Any]:
    time = {"unit": "second"} if fps else {}
    space = {"unit": "micrometer"} if pixel_size_um else {}
    # How far planes lie apart is not known: their axis has no unit.
    units = {"t": {"type": "time", **time}, "z": {"type": "space"}}
    axes = [{"name": axis, **units.get(axis, {"type": "space", **space})} for axis in names]
    sizes = {"t": 1.0 / fps if fps else 1.0, "z": 1.0}
    scale = [sizes.get(axis, pixel_size_um or 1.0) for axis in names]
    scaled = [{"type": "scale", "scale": scale}]
    dataset = {"path": "0", "coordinateTransformations": scaled}
    return {"version": "0.5", "multiscales": [{"name": name, "axes": axes, "datasets": [dataset]}]}
