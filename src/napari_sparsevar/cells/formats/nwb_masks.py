"""Masks of a ``PlaneSegmentation`` as footprints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.cells.formats.matrix import single
from napari_sparsevar.movie.formats.hdf5_file import is_dataset

if TYPE_CHECKING:
    import h5py

IntArray = npt.NDArray[np.intp]


class Masks(NamedTuple):
    """Pixels of all cells, k of them one after the other.

    Attributes
    ----------
    cell, row, column, plane : ndarray of int, shape (k,)
        All from 0.
    weight : ndarray of float32, shape (k,)
    shape : tuple of int or None
        Height and width of the field, where the masks say it.
    """

    cell: IntArray
    row: IntArray
    column: IntArray
    plane: IntArray
    weight: npt.NDArray[np.float32]
    shape: tuple[int, int] | None

    @property
    def transposed(self) -> Masks:
        """The same with rows and columns exchanged."""
        shape = None if self.shape is None else self.shape[::-1]
        return self._replace(row=self.column, column=self.row, shape=shape)

    @property
    def extent(self) -> tuple[int, int]:
        """Height and width that hold all pixels."""
        return int(self.row.max(initial=0)) + 1, int(self.column.max(initial=0)) + 1

    def fits(self, shape: tuple[int, int]) -> bool:
        """Return whether no pixel lies outside of a field of this height and width."""
        return self.extent[0] <= shape[0] and self.extent[1] <= shape[1]

    def footprints(self, n_cells: int, shape: tuple[int, int]) -> sparse.csr_array:
        """Return weights, (n, Y X); planes lie on one another."""
        pixels = self.row * shape[1] + self.column
        size = (n_cells, shape[0] * shape[1])
        return sparse.csr_array((self.weight, (self.cell, pixels)), shape=size)

    def planes(self, n_cells: int) -> IntArray | None:
        """Return the plane, from 1, in which each cell weighs most; None where all are in one."""
        if not self.plane.any():
            return None
        size = (n_cells, int(self.plane.max()) + 1)
        weight = sparse.coo_array((abs(self.weight), (self.cell, self.plane)), shape=size).toarray()
        return np.asarray(weight.argmax(axis=1) + 1, np.intp)


def masks_of(table: h5py.Group) -> Masks | None:
    """Return the masks of a segmentation; None where it has none.

    ``image_mask`` is read as images are, rows by columns; of ``pixel_mask`` and ``voxel_mask`` x
    counts columns and y rows.
    """
    for name in ("pixel_mask", "voxel_mask"):
        if is_dataset(table.get(name)) and is_dataset(table.get(f"{name}_index")):
            return _listed(table[name][()], table[f"{name}_index"][()])
    images = table.get("image_mask")
    if not is_dataset(images) or images.ndim not in (3, 4):
        return None
    found = [_of_image(number, images[number]) for number in range(len(images))]
    cell, row, column, plane, weight = (np.concatenate(part) for part in zip(*found, strict=True))
    return Masks(cell, row, column, plane, weight, (images.shape[1], images.shape[2]))


def _listed(pixels: npt.NDArray[Any], ends: npt.NDArray[Any]) -> Masks:
    bounds = np.concatenate([[0], ends]).astype(np.intp)
    cell = np.repeat(np.arange(len(ends)), bounds[1:] - bounds[:-1])
    names = pixels.dtype.names or ()
    x, y = (pixels[name].astype(np.intp) for name in ("x", "y"))
    z = pixels["z"].astype(np.intp) if "z" in names else np.zeros(len(pixels), np.intp)
    return Masks(cell, y, x, z, single(pixels["weight"]), None)


def _of_image(number: int, image: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
    places = [place.astype(np.intp) for place in np.nonzero(image)]
    plane = places[2] if len(places) == 3 else np.zeros_like(places[0])
    weight = single(image[tuple(places)])
    return np.full_like(places[0], number), places[0], places[1], plane, weight
