"""Write a movie as TIFF or OME-Zarr that says its frame rate and pixel size."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.disk.files import replacing
from napari_sparsevar.disk.folder import replacing_folder
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.zarr_store import claims
from napari_sparsevar.movie.ome_zarr import new_image
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.progress import Step, returned, stage

WORKING = "Writing the movie"
_ZARR = ".zarr"
_IMAGEJ_TYPES = ("uint8", "uint16", "float32")
_IMAGEJ_BYTES = 4 * 10**9
_RESOLUTION_STEPS = 2**24  # ImageJ's resolution is a ratio of two whole numbers


def write_movie(
    movie_array: Any,
    path: str | Path,
    fps: float | None = None,
    pixel_size_um: float | None = None,
    overwrite: bool = False,
) -> Path:
    """Write frames and units to a TIFF file or an OME-Zarr folder, whole or not at all.

    The suffix says which. A TIFF file that ImageJ can open comes out where it can hold the pixels;
    OME-TIFF otherwise, as BigTIFF above 4 GB.

    Parameters
    ----------
    movie_array : ndarray or dask.array.Array, shape (T, Y, X)
        Frames of any real type; a dask array is written block by block.
    path : str or pathlib.Path
        The ``.tif`` file, or the ``.zarr`` folder (OME-Zarr 0.5), to write.
    fps : float, optional
        Frames per second.
    pixel_size_um : float, optional
        Edge of a pixel in micrometres.
    overwrite : bool
        Whether an existing file, or a folder that is Zarr, may be replaced.

    Returns
    -------
    pathlib.Path
        The file or folder.

    Raises
    ------
    UserError
        If it exists, the disk is full, permission is missing, or it is no movie.
    """
    return returned(writing_movie(movie_array, path, fps, pixel_size_um, overwrite))


def write_volumes(
    volumes: NDArray[Any], path: Path, fps: float | None = None, overwrite: bool = False
) -> None:
    """Write volumes (T, Z, Y, X), so many a second, as one OME-TIFF, whole or not at all.

    Raises
    ------
    UserError
        If it exists, the disk refuses, or the name does not say OME-TIFF.
    """
    check_volumes_name(path)
    about: dict[str, Any] = {"axes": "TZYX"}
    if fps:
        about |= {"TimeIncrement": 1.0 / fps, "TimeIncrementUnit": "s"}
    large = volumes.nbytes >= _IMAGEJ_BYTES
    with replacing(path, overwrite=overwrite) as temporary:
        tifffile.imwrite(temporary, volumes, ome=True, bigtiff=large, metadata=about)


def check_volumes_name(path: Path) -> None:
    """Refuse a file for several planes that is not called an OME-TIFF.

    Raises
    ------
    UserError
    """
    if not path.name.lower().endswith((".ome.tif", ".ome.tiff")):
        raise UserError(f"{path} is to hold several planes: choose a name that ends with .ome.tif.")


def writing_movie(
    movie_array: Any,
    path: str | Path,
    fps: float | None = None,
    pixel_size_um: float | None = None,
    overwrite: bool = False,
) -> Generator[Step, None, Path]:
    """Do as ``write_movie`` does; yield how far it is. Closing it leaves nothing behind."""
    path = Path(path)
    lazy = movie_array if isinstance(movie_array, da.Array) else np.asarray(movie_array)
    if lazy.ndim != 3 or 0 in lazy.shape:
        raise UserError(f"Cannot write {path}: a movie has three axes (T, Y, X) and pixels.")
    lazy_frames.check_dtype(lazy.dtype, "The movie")
    if isinstance(lazy, np.ndarray):
        lazy = lazy_frames.from_memory(lazy)
    write = _write_zarr if path.suffix.lower() == _ZARR else _write_tiff
    yield from stage(write(lazy, path, fps, pixel_size_um, overwrite), 0.0, 1.0, WORKING)
    return path


def _write_zarr(
    lazy: da.Array, path: Path, fps: float | None, pixel_size_um: float | None, overwrite: bool
) -> Generator[float, None, None]:
    if path.is_dir() and overwrite and not claims(path):
        raise UserError(f"{path} is a folder of something else: choose another name.")
    with replacing_folder(path, overwrite=overwrite) as folder:
        name = path.name.removesuffix(path.suffix).removesuffix(".ome")
        _, array = new_image(folder, name, lazy.shape, lazy.dtype, fps, pixel_size_um)
        frames = _frames(lazy)
        for start, stop in lazy_frames.runs(lazy.shape[0], array.chunks[0]):
            array[start:stop] = np.stack(list(itertools.islice(frames, stop - start)))
            yield stop / lazy.shape[0]


def _write_tiff(
    lazy: da.Array, path: Path, fps: float | None, pixel_size_um: float | None, overwrite: bool
) -> Generator[float, None, None]:
    layout = _layout(lazy, fps, pixel_size_um)
    with replacing(path, overwrite=overwrite) as temporary:
        tifffile.imwrite(
            temporary,
            _frames(lazy),
            shape=lazy.shape,
            dtype=lazy.dtype.newbyteorder("="),
            photometric="minisblack",
            **layout,
        )
    yield 1.0


def _layout(lazy: da.Array, fps: float | None, pixel_size_um: float | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "TYX"}
    # ImageJ cannot tell one frame from an image, nor a frame of one pixel from nothing.
    suits_imagej = lazy.dtype.name in _IMAGEJ_TYPES and lazy.nbytes < _IMAGEJ_BYTES
    if suits_imagej and lazy.shape[0] > 1 and min(lazy.shape[1:]) > 1:
        layout: dict[str, Any] = {"imagej": True, "metadata": metadata}
        if fps:
            metadata["finterval"] = 1.0 / fps
        if pixel_size_um:
            metadata["unit"] = "um"
            ratio = _ratio(pixel_size_um)
            layout["resolution"] = (ratio, ratio)
        return layout
    if fps:
        metadata |= {"TimeIncrement": 1.0 / fps, "TimeIncrementUnit": "s"}
    if pixel_size_um:
        for axis in "XY":
            metadata |= {
                f"PhysicalSize{axis}": pixel_size_um,
                f"PhysicalSize{axis}Unit": "µm",
            }
    return {"ome": True, "bigtiff": lazy.nbytes >= _IMAGEJ_BYTES, "metadata": metadata}


def _ratio(pixel_size_um: float) -> tuple[int, int]:
    """Return pixels per micrometre as a ratio that keeps about seven digits."""
    if pixel_size_um >= 1:
        return round(_RESOLUTION_STEPS / pixel_size_um * 64), _RESOLUTION_STEPS * 64
    return _RESOLUTION_STEPS * 64, round(_RESOLUTION_STEPS * pixel_size_um * 64)


def _frames(lazy: da.Array) -> Iterator[NDArray[Any]]:
    for _, frames in lazy_frames.read_blocks(lazy):
        yield from frames.astype(frames.dtype.newbyteorder("="), copy=False)
