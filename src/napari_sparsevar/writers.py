"""Movies and maps of a viewer as TIFF that knows its units: what *File > Save* calls.

Neither napari nor Qt is imported here.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from napari_sparsevar.errors import UserError


def write_layer(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write an image or labels layer with the size of a pixel and the frame rate, where known.

    Parameters
    ----------
    path : str
        The ``.tif`` file; napari has asked before it is replaced.
    data : array-like
        A movie (T, Y, X), written block by block, or a map or labels (Y, X).
    meta : dict
        As napari hands it over: ``name``, ``scale``, ``units`` ...

    Returns
    -------
    list of str
        The file.

    Raises
    ------
    UserError
        If it is neither a movie nor a map, or the file cannot be written.
    """
    name = str(meta.get("name", "layer"))
    if meta.get("rgb") or np.ndim(data) not in (2, 3):
        raise UserError(
            f"The layer {name} is neither a movie (T, Y, X) nor a map (Y, X) of grey values: "
            "choose another way to save it."
        )
    if np.ndim(data) == 3:
        _write_movie(Path(path), data, meta)
    else:
        _write_map(Path(path), np.asarray(data), meta, name)
    return [path]


def _write_movie(path: Path, data: Any, meta: dict[str, Any]) -> None:
    from napari_sparsevar.movie.memory import read_layer
    from napari_sparsevar.movie.write import write_movie

    movie = read_layer(SimpleNamespace(**{**meta, "data": data}))
    write_movie(movie.data, path, movie.fps, movie.pixel_size_um, overwrite=True)


def _write_map(path: Path, image: Any, meta: dict[str, Any], name: str) -> None:
    from napari_sparsevar.export.maps import Map, write_map
    from napari_sparsevar.movie.units import micrometres

    scale, units = meta.get("scale"), meta.get("units")
    pixel_size_um = None
    if scale is not None and units is not None:
        pixel_size_um = micrometres(float(scale[-1]), units[-1])
    write_map(Map(name, image, f"Layer {name}."), path, pixel_size_um, overwrite=True)
