"""Frames as the microscope takes them, a block at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift
from scipy.sparse import csr_array

from napari_sparsevar.movie.simulation.neuropil import NeuropilField
from napari_sparsevar.movie.simulation.nuisances.light import AxialMotion, Detector, LinePhase

# Grey values: the tissue, and of the noise variance the share that grows with brightness.
TISSUE = 1000.0
_SHOT_SHARE = 0.7  # the rest is read noise


@dataclass(frozen=True, eq=False)
class Scene:
    """All that the frames are made of.

    Attributes
    ----------
    shape : tuple of int
        Height and width in pixels.
    seed : int
        Decides the noise.
    static : ndarray of float32, shape (pixels,)
        Light at rest.
    fields : ndarray, shape (n_fields, pixels)
        Neuropil that does not follow anything,
    courses : ndarray of float32, shape (T, n_fields)
        and its time courses.
    footprints : scipy.sparse.csr_array, shape (n, pixels)
        Cells,
    traces : ndarray of float32, shape (T, n)
        and their light above rest.
    noise, offset : float
        Grey values, where no detector counts photons; the offset so that noise is rarely cut off.
    left : ndarray of float32, shape (T,)
        Share of the light that is left.
    neuropil : NeuropilField, optional
    motion : ndarray of float32, shape (T, 2), optional
        Where the field lies, y and x in pixels.
    out_of_plane : ndarray of float32, shape (T,), optional
        Share of each frame that is blurred.
    axial_motion : AxialMotion, optional
    line_phase : LinePhase, optional
    detector : Detector, optional
    """

    shape: tuple[int, int]
    seed: int
    static: NDArray[np.float32]
    fields: NDArray[np.floating]
    courses: NDArray[np.float32]
    footprints: csr_array
    traces: NDArray[np.float32]
    noise: float
    offset: float
    left: NDArray[np.float32]
    neuropil: NeuropilField | None = None
    motion: NDArray[np.float32] | None = None
    out_of_plane: NDArray[np.float32] | None = None
    axial_motion: AxialMotion | None = None
    line_phase: LinePhase | None = None
    detector: Detector | None = None

    @property
    def grey(self) -> float:
        """Grey values for one unit of light."""
        if self.detector is None:
            return 1.0
        return self.detector.gain * self.detector.photons / float(self.static.mean())

    def draw(self, start: int, stop: int) -> NDArray[np.uint16]:
        """Return a block of frames, (t, Y, X); seed and start decide its noise."""
        rng = np.random.default_rng((self.seed, start))
        light = self._moved(self._light(slice(start, stop)), slice(start, stop))
        frames = self._counted(light, rng) if self.detector else self._noisy(light, rng)
        np.clip(frames, 0, np.iinfo(np.uint16).max, out=frames)
        return frames.astype(np.uint16).reshape(-1, *self.shape)

    def _light(self, block: slice) -> NDArray[np.floating]:
        """Return what the tissue sends out, (t, pixels)."""
        light = self.courses[block] @ self.fields
        light += self.static
        light += (self.footprints.T @ self.traces[block].T).T
        if self.neuropil is not None:
            light += self.neuropil.frames(block).reshape(light.shape)
        light *= self.left[block, None]
        return light

    def _moved(self, light: NDArray[np.floating], block: slice) -> NDArray[np.floating]:
        """Return what reaches the detector as the field moves, (t, pixels)."""
        frames: NDArray[np.floating] = light.reshape(-1, *self.shape)
        if self.axial_motion is not None and self.out_of_plane is not None:
            away = self.out_of_plane[block]
            for t in np.flatnonzero(away):
                blurred = gaussian_filter(frames[t], self.axial_motion.blur_px)
                frames[t] += away[t] * (blurred - frames[t])
        if self.motion is not None:
            for frame, step in zip(frames, self.motion[block], strict=True):
                frame[...] = shift(frame, step, order=1, mode="nearest")
        if self.line_phase is not None:
            step = (0, 0, self.line_phase.px)
            frames[:, 1::2] = shift(frames[:, 1::2], step, order=1, mode="nearest")
        return frames.reshape(light.shape)

    def _counted(
        self, light: NDArray[np.floating], rng: np.random.Generator
    ) -> NDArray[np.floating]:
        """Return grey values of counted photons."""
        detector = self.detector
        assert detector is not None
        expected = np.maximum(light, 0.0) * (self.grey / detector.gain)
        counts = rng.poisson(expected).astype(np.float32)
        grey: NDArray[np.floating] = counts * np.float32(detector.gain)
        grey += detector.read_noise * rng.standard_normal(grey.shape, dtype=np.float32)
        grey += detector.offset + 0.5
        return grey

    def _noisy(
        self, frames: NDArray[np.floating], rng: np.random.Generator
    ) -> NDArray[np.floating]:
        """Return grey values with Gaussian noise."""
        # Shot noise: variance in proportion to the light, as of many photons.
        variance = np.maximum(frames, 0.0)
        variance *= _SHOT_SHARE * self.noise**2 / TISSUE
        variance += (1 - _SHOT_SHARE) * self.noise**2
        np.sqrt(variance, out=variance)
        variance *= rng.standard_normal(frames.shape, dtype=np.float32)
        frames += variance
        frames += self.offset + 0.5
        return frames
