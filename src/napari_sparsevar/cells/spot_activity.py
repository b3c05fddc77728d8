"""What the spots of a movie do, and which pixels near each do it with it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

from napari_sparsevar.cells.cells import BoolArray, FloatArray

Pixels = npt.NDArray[np.intp]

_SPOT, _RING, _REACH = 1 / 3, (0.75, 1.25), 0.75
"""In diameters: width of a spot, radii of the ring around it, how far its pixels reach."""
_TAIL, _SMOOTH = 0.2, 0.08
"""Share of its largest weight below which a pixel is no part of a footprint; by how many diameters
footprints are smoothed."""


class SpotActivity:
    """What spots do, and the pixels near them with it, added up stretch by stretch.

    Parameters
    ----------
    centres : ndarray, shape (n, 2)
        Row and column of each spot in pixels.
    diameter : float
        Of a cell, in pixels.
    held : float
        How fast frames before and after lose weight with their distance, in frames.
    ignored : ndarray of bool, shape (Y, X)
        Pixels that do not count, like those beyond the border.
    """

    def __init__(
        self, centres: FloatArray, diameter: float, held: float, ignored: BoolArray
    ) -> None:
        height, width = ignored.shape
        self.centres, self.shape = centres, (height, width)
        self.diameter, self._held = diameter, held
        around = [_around(centre, ignored, _RING[1] * diameter) for centre in centres]
        self._readers = as_rows(
            [(pixels, _centre_less_ring(away, diameter)) for pixels, away in around], self.shape
        )
        near = [away <= _REACH * diameter for _, away in around]
        self._near = [pixels[close] for (pixels, _), close in zip(around, near, strict=True)]
        self._window = [
            np.exp(-0.5 * (away[close] / (diameter / 2)) ** 2)
            for (_, away), close in zip(around, near, strict=True)
        ]
        self._together = [np.zeros(len(pixels)) for pixels in self._near]
        self._alike, self._power, self._held_power = np.zeros((3, len(centres)))
        self._n_frames = 0

    def add(self, frames: npt.NDArray[np.float32]) -> None:
        """Add a stretch of frames that follow each other, (t, Y X), less their ``drifts``."""
        does = np.asarray(self._readers @ frames.T)
        around = _before_and_after(does, self._held)
        for number, pixels in enumerate(self._near):
            self._together[number] += around[number] @ frames[:, pixels]
        slow = drifts(len(frames))
        # Noise is less alike for what was taken out of it.
        lost = float((slow * _before_and_after(slow, self._held)).sum()) / len(frames)
        power = (does * does).sum(axis=1)
        self._alike += (does * around).sum(axis=1) + lost * power
        self._power += power
        self._held_power += (around * around).sum(axis=1)
        self._n_frames += len(frames)

    def likeness(self) -> FloatArray:
        """Return how alike a frame is to those around it, in standard errors of noise, (n,)."""
        # Each pair of frames counts twice, once from either side.
        of_noise = np.sqrt(2 * self._power * self._held_power / max(self._n_frames, 1))
        return np.asarray(self._alike / np.maximum(of_noise, 1e-12))

    def footprint(self, number: int) -> tuple[Pixels, FloatArray]:
        """Return the pixels of a spot that do the same and their weights, 1 for the largest.

        They hang together: what is apart from the largest belongs to somebody else, or is noise.
        """
        rows, columns = np.divmod(self._near[number], self.shape[1])
        rows, columns = rows - rows.min(), columns - columns.min()
        patch = np.zeros((rows.max() + 1, columns.max() + 1))
        patch[rows, columns] = np.maximum(self._together[number], 0.0) * self._window[number]
        patch = ndimage.gaussian_filter(patch, _SMOOTH * self.diameter)
        parts, _ = ndimage.label(patch > _TAIL * patch.max())
        kept = (parts == parts.flat[patch.argmax()])[rows, columns] & (patch.max() > 0)
        return self._near[number][kept], patch[rows, columns][kept] / max(patch.max(), 1e-12)

    def middles(self) -> FloatArray:
        """Return where the pixels are that do the same, (n, 2)."""
        moved = self.centres.copy()
        for number in range(len(moved)):
            pixels, weight = self.footprint(number)
            if weight.any():
                rows, columns = np.divmod(pixels, self.shape[1])
                moved[number] = (
                    np.average(rows, weights=weight),
                    np.average(columns, weights=weight),
                )
        return moved


def _around(centre: FloatArray, ignored: BoolArray, reach: float) -> tuple[Pixels, FloatArray]:
    """Return the pixels that count within reach of a place, flat on the field, and how far."""
    axes = [
        np.arange(max(int(at - reach), 0), min(int(at + reach) + 2, length))
        for at, length in zip(centre, ignored.shape, strict=True)
    ]
    y, x = np.meshgrid(*axes, indexing="ij")
    away = np.hypot(y - centre[0], x - centre[1])
    within = (away <= reach) & ~ignored[y, x]
    return (y * ignored.shape[1] + x)[within], away[within]


def _centre_less_ring(away: FloatArray, diameter: float) -> FloatArray:
    """Return weights of pixels so far from a spot: a Gaussian less the mean of the ring around."""
    centre = np.where(away <= diameter / 2, np.exp(-0.5 * (away / (_SPOT * diameter)) ** 2), 0.0)
    ring = away >= _RING[0] * diameter
    return np.asarray(centre / max(centre.sum(), 1e-12) - ring / max(int(ring.sum()), 1))


def drifts(n_frames: int) -> FloatArray:
    """Return what is slow in so many frames, level and slope, as orthonormal rows, (2, t)."""
    return np.asarray(np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, n_frames), 2))[0].T)


def _before_and_after(does: FloatArray, held: float) -> FloatArray:
    """Return the frames around each, without itself, the nearer the more, (n, t)."""
    lags = np.arange(-round(3 * held), round(3 * held) + 1)
    weights = np.where(lags == 0, 0.0, np.exp(-abs(lags) / held))
    return np.asarray(ndimage.convolve1d(does, weights, axis=1, mode="constant"))


def as_rows(parts: list[tuple[Pixels, FloatArray]], shape: tuple[int, int]) -> sparse.csr_array:
    """Return weights of pixels as the rows of a matrix (n, Y X)."""
    rows = np.repeat(np.arange(len(parts)), [len(pixels) for pixels, _ in parts])
    columns = np.concatenate([pixels for pixels, _ in parts])
    weights = np.concatenate([weights for _, weights in parts])
    size = (len(parts), shape[0] * shape[1])
    return sparse.csr_array(sparse.coo_array((weights, (rows, columns)), shape=size))
