"""How far parts of a frame are off: the correlation of blocks that overlap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import fft

from napari_sparsevar.movie.registration.field import weights_between

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

_LONGEST_PX, _SHORTEST_PX = 96, 48
"""Side of a block: long enough to hold a few cells."""
_FEWEST = 8
"""So many of the longest blocks lie side by side in a large field, but not more."""
_REACH = 0.125
"""Share of a block by which it is off at most, beyond all of the frame."""
_SPREAD = 1.0
"""Standard deviation, in blocks, over which neighbours tell each other what they see."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of a field of view, each overlapping its neighbours by half.

    Parameters
    ----------
    shape : tuple of int
        Height and width (Y, X) in pixels.
    """

    shape: tuple[int, int]

    @cached_property
    def side(self) -> int:
        """Rows and columns of a block."""
        length = min(self.shape)
        longest = max(_LONGEST_PX, length // _FEWEST)
        return min(longest, max(_SHORTEST_PX, length // 3), length)

    @cached_property
    def starts(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """First row and first column of the blocks, (ny,) and (nx,)."""
        lasts = [length - self.side for length in self.shape]
        rows, columns = (
            np.linspace(0, last, max(1, -(-2 * last // self.side) + 1)) for last in lasts
        )
        return rows.round().astype(np.intp), columns.round().astype(np.intp)

    @property
    def centres(self) -> tuple[FloatArray, FloatArray]:
        """Row and column in the middle of the blocks, (ny,) and (nx,)."""
        rows, columns = (start + (self.side - 1) / 2 for start in self.starts)
        return rows.astype(np.float64), columns.astype(np.float64)

    @cached_property
    def weights(self) -> tuple[Float32Array, Float32Array]:
        """Weight of the blocks at each row and each column, (Y, ny) and (X, nx)."""
        pairs = zip(self.centres, self.shape, strict=True)
        rows, columns = (weights_between(centres, length) for centres, length in pairs)
        return rows, columns

    @cached_property
    def _window(self) -> Float32Array:
        wave = np.hanning(self.side + 2)[1:-1].astype(np.float32)
        return np.outer(wave, wave)

    @cached_property
    def _sharing(self) -> tuple[Float32Array, Float32Array]:
        """What a block takes from each in its column and row, (ny, ny) and (nx, nx)."""
        found = []
        for start in self.starts:
            away = (start[:, None] - start) / (self.side / 2)
            weight = np.exp(-0.5 * (away / _SPREAD) ** 2)
            found.append((weight / weight.sum(axis=1, keepdims=True)).astype(np.float32))
        return found[0], found[1]

    def spectra(self, image: Float32Array) -> npt.NDArray[np.complex64]:
        """Return the spectrum of each block of an image (Y, X), (ny, nx, side, side / 2 + 1)."""
        tiles = np.lib.stride_tricks.sliding_window_view(image, (self.side, self.side))
        rows, columns = self.starts
        found: npt.NDArray[np.complex64] = fft.rfft2(tiles[rows][:, columns] * self._window)
        return found

    def shifts(self, template: npt.NDArray[np.complex64], image: Float32Array) -> Float32Array:
        """Return how far each block of an image is off, (ny, nx, 2), y and x in pixels.

        Parameters
        ----------
        template : ndarray of complex
            Its ``spectra``.
        image : ndarray, shape (Y, X)
            Moved back as a whole.
        """
        reach = max(2, round(_REACH * self.side))
        product = fft.irfft2(np.conj(template) * self.spectra(image), s=(self.side, self.side))
        near = np.r_[-reach - 1 : reach + 2]
        alike = product[:, :, near[:, None], near[None, :]]
        rows, columns = self._sharing
        alike = np.einsum("ij,kl,jlyx->ikyx", rows, columns, alike, optimize=True)
        return _peaks(alike, reach)


def _peaks(alike: Float32Array, reach: int) -> Float32Array:
    """Return where each map (..., 2 reach + 3, 2 reach + 3) is largest, to parts of a pixel.

    0 where that is at the edge: nothing was recognised there.
    """
    inner = alike[..., 1:-1, 1:-1]
    size = inner.shape[-1]
    y, x = np.divmod(inner.reshape(*inner.shape[:-2], -1).argmax(axis=-1), size)
    first = np.indices(y.shape)
    at = (*first, y + 1, x + 1)
    top = alike[at]
    found = np.zeros((*y.shape, 2), np.float32)
    for axis, place in enumerate((y, x)):
        step = np.array([1, 0] if axis == 0 else [0, 1])
        before = alike[(*first, y + 1 - step[0], x + 1 - step[1])]
        after = alike[(*first, y + 1 + step[0], x + 1 + step[1])]
        bend = np.maximum(2 * top - before - after, 1e-12)
        found[..., axis] = place - reach + np.clip((after - before) / (2 * bend), -0.5, 0.5)
    edge = (y == 0) | (y == size - 1) | (x == 0) | (x == size - 1)
    found[edge] = 0.0
    return found
