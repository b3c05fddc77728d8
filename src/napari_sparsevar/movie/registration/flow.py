"""How far parts of a frame are off: blocks find it roughly, the slopes of the template finely.

What is off by d shows the template T there as T - (dT/dy, dT/dx) d, to first order. The shifts c of
blocks, linear between their middles, are what makes the squares of the rest least, weighted by
noise, with a Gaussian prior of the smoothness of one block whose width the frames tell
(expectation maximisation): ``c = (G + P / w^2)^-1 (r + G c')`` at the last estimate c'. Where noise
hides how a block moved, its neighbours and the rest of the frame say it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.movie.registration.blocks import Blocks
from napari_sparsevar.movie.registration.field import field_of
from napari_sparsevar.movie.registration.interpolation import moved, moved_freely
from napari_sparsevar.movie.registration.rigid import Rigid, template_frames

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

_MOST_BYTES = 400 * 10**6
"""Of the frames that a template is made of."""
_FINE_PX, _WIDE_PX = 1.0, 13
"""Standard deviation of a blur, and side of the mean that is taken off."""
_ROUNDS, _STEPS = 3, 2
_NOISE_PX = 3.0
_CORRELATED_PX = 4 * np.pi * _FINE_PX**2
"""Pixels that the blur makes one."""
_NUGGET, _LEAST_PX, _EXPECTATIONS = 1e-3, 0.01, 20


@dataclass(frozen=True, eq=False)
class Flow:
    """A template and how well each of its pixels is known.

    Attributes
    ----------
    blocks : Blocks
    template : ndarray, shape (Y, X)
        What frames show, moved onto each other.
    variance : ndarray, shape (Y, X)
        Of what frames differ from it.
    width : float
        Standard deviation of the shifts, in pixels, before a frame is seen.
    """

    blocks: Blocks
    template: Float32Array
    variance: Float32Array
    width: float

    def shifts(self, seen: Float32Array, steps: int = _STEPS) -> Float32Array:
        """Return how far the blocks of a frame are off, (ny, nx, 2).

        Parameters
        ----------
        seen : ndarray, shape (Y, X)
            ``structure`` of the frame, moved back as a whole.
        steps : int
        """
        found = self.blocks.shifts(self._spectra, seen)
        for _ in range(steps):
            found = self.refined(seen, found)
        return found

    def refined(self, seen: Float32Array, shifts: Float32Array) -> Float32Array:
        """Return better shifts (ny, nx, 2) than those there are."""
        return self._shaped(self._shrinking @ self.pull(seen, shifts))

    def pull(self, seen: Float32Array, shifts: Float32Array) -> FloatArray:
        """Return what a frame, moved back by shifts, says of them: r + G c', (2 n,)."""
        back = self.moved(seen, shifts)
        size = float((back * self.template).sum() / max(float((self.template**2).sum()), 1e-12))
        rest = (back - size * self.template) * self._weight
        rows, columns = self.blocks.weights
        found = -np.stack([rows.T @ (slope * rest) @ columns for slope in self._slopes])
        last = np.moveaxis(shifts, -1, 0).reshape(-1).astype(np.float64)
        return np.asarray(found.reshape(-1) + self._gram @ last)

    def moved(self, seen: Float32Array, shifts: Float32Array) -> Float32Array:
        """Return a frame moved back by the shifts of blocks."""
        return moved_freely(seen, field_of(shifts, *self.blocks.weights))

    def learnt(self, pulls: FloatArray) -> tuple[Flow, Float32Array]:
        """Return the same with the width that the pulls of frames (t, 2 n) ask for, and shifts."""
        width, found = self.width, pulls.astype(np.float64)
        for _ in range(_EXPECTATIONS):
            shrinking = self._shrunk(width)
            found = pulls @ shrinking
            square = np.einsum("ti,ij,tj->t", found, self._precision, found).mean()
            spread = np.trace(self._precision @ shrinking)
            width = float(np.sqrt((square + spread) / len(shrinking)))
        return replace(self, width=width), np.stack([self._shaped(each) for each in found])

    def _shaped(self, flat: FloatArray) -> Float32Array:
        shape = 2, *(each.shape[1] for each in self.blocks.weights)
        return np.moveaxis(flat.reshape(shape), 0, -1).astype(np.float32)

    def _shrunk(self, width: float) -> FloatArray:
        inverse = np.linalg.inv(self._gram + self._precision / max(width, _LEAST_PX) ** 2)
        return np.asarray(inverse, np.float64)

    @cached_property
    def _spectra(self) -> npt.NDArray[np.complex64]:
        return self.blocks.spectra(self.template)

    @cached_property
    def _slopes(self) -> list[Float32Array]:
        return list(np.gradient(self.template))

    @cached_property
    def _weight(self) -> Float32Array:
        least = 1e-3 * float(self.variance.mean()) + 1e-12
        weight = 1.0 / (_CORRELATED_PX * np.maximum(self.variance, least))
        return weight.astype(np.float32)

    @cached_property
    def _gram(self) -> FloatArray:
        """What pixels say of pairs of shifts, y of all blocks before x, (2 n, 2 n)."""
        rows, columns = (
            np.einsum("pi,pj->pij", each, each).reshape(len(each), -1)
            for each in self.blocks.weights
        )
        ny, nx = (each.shape[1] for each in self.blocks.weights)
        gram = np.zeros((2, ny * nx, 2, ny * nx))
        for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
            product = rows.T @ (self._slopes[a] * self._slopes[b] * self._weight) @ columns
            by_block = product.reshape(ny, ny, nx, nx).transpose(0, 2, 1, 3)
            gram[a, :, b] = by_block.reshape(ny * nx, ny * nx)
        return gram.reshape(2 * ny * nx, -1)

    @cached_property
    def _precision(self) -> FloatArray:
        """Of shifts that are alike within the side of a block, of variance 1, (2 n, 2 n)."""
        places = np.stack(np.meshgrid(*self.blocks.centres, indexing="ij"), axis=-1).reshape(-1, 2)
        apart = ((places[:, None] - places) ** 2).sum(axis=-1) / self.blocks.side**2
        covariance = np.exp(-0.5 * apart) + _NUGGET * np.eye(len(places))
        return np.asarray(np.kron(np.eye(2), np.linalg.inv(covariance)), np.float64)

    @cached_property
    def _shrinking(self) -> FloatArray:
        return self._shrunk(self.width)


def learning_flow(movie: Movie, rigid: Rigid) -> Generator[float, None, Flow]:
    """Make a template of frames spread over the movie, their parts moved onto each other."""
    frame_bytes = 4 * movie.shape[0] * movie.shape[1]
    chosen = template_frames(movie, max(20, min(200, _MOST_BYTES // (2 * frame_bytes))))
    seen = []
    for number in chosen:
        frame = compute(movie.data[number : number + 1])
        shift = rigid.shift(rigid.seen(frame)[0])
        if np.isfinite(shift).all():
            seen.append(moved(structure(frame[0]), shift))
        yield 0.3 * len(seen) / len(chosen)
    stack, blocks = np.stack(seen), Blocks(movie.shape)
    flow = _learnt(blocks, stack, 1.0)
    shifts = np.stack([flow.shifts(each, 0) for each in stack])
    for number in range(_ROUNDS):
        yield 0.3 + 0.7 * number / _ROUNDS
        back = np.stack([flow.moved(*pair) for pair in zip(stack, shifts, strict=True)])
        flow = _learnt(blocks, back, flow.width)
        pulls = np.stack([flow.pull(*pair) for pair in zip(stack, shifts, strict=True)])
        flow, shifts = flow.learnt(pulls)
    return flow


def structure(frame: npt.NDArray[np.generic]) -> Float32Array:
    """Return what is wider than noise and finer than the neuropil in a frame (Y, X)."""
    known = np.nan_to_num(frame.astype(np.float32))
    fine = ndimage.gaussian_filter(known, _FINE_PX, truncate=3.0)
    wide = ndimage.uniform_filter(ndimage.uniform_filter(known, _WIDE_PX), _WIDE_PX)
    return np.asarray(fine - wide, np.float32)


def _learnt(blocks: Blocks, seen: Float32Array, width: float) -> Flow:
    """Return the mean of frames (t, Y, X), and how they differ from it."""
    template = seen.mean(axis=0)
    square = max(float((template**2).sum()), 1e-12)
    sizes = (seen * template).sum(axis=(1, 2)) / square
    variance = np.mean(
        [(each - size * template) ** 2 for each, size in zip(seen, sizes, strict=True)], axis=0
    )
    return Flow(blocks, template, ndimage.gaussian_filter(variance, _NOISE_PX), width)
