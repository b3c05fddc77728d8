"""Whether the whole field of view moves, as it does where a movie is not motion-corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from napari_sparsevar.movie.inspection.sample import Patch, middle_of, sampled_frames, standardised
from napari_sparsevar.movie.inspection.static import StaticImages
from napari_sparsevar.movie.movie import Movie

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]

_MOST_FRAMES, _SIDE_PX = 1024, 192
_BLOCK_PX = 16  # of the checkerboard that makes the two halves
_WAVE_PX = 24  # half the wavelength of the finest neuropil that is set aside
_BLUR_PX = 2.0  # standard deviation; a shift of this size still looks linear
_BIN_LENGTHS = (1, 2, 4, 8, 16, 32)  # frames
_LEAST_BINS = 16
_LEAST_Z = 6.0
_LEAST_PX = 0.3  # cells that flash together look like less than this
_PRECISION_PX = 0.4
_DISTURBING_PX = 1.0
_FAR_PX = 3.0  # from here on a shift looks linear no more
_ALIKE = 0.4  # correlation of two pictures that show the same tissue


@dataclass(frozen=True)
class Motion:
    """How far the field of view moves in its own plane.

    Parameters
    ----------
    largest : float
        Shift from the middle position that one frame in a hundred exceeds, in pixels.
    typical : float
        Root mean square of the shifts, in pixels.
    """

    largest: float
    typical: float

    def sentences(self) -> tuple[str, ...]:
        """Say what was found.

        Returns
        -------
        tuple of str
            One sentence if the movie should be motion-corrected first, else none.
        """
        if not self.disturbs:
            return ()
        return (
            f"{self.words}; register the movie first (--register rigid, Register in the Train "
            "dock, suite2p, NoRMCorre).",
        )

    @property
    def disturbs(self) -> bool:
        """Whether the movie should be motion-corrected first."""
        return self.largest >= _DISTURBING_PX

    @property
    def words(self) -> str:
        """What moves how far, and what that does."""
        return (
            f"The field of view moves by up to about {self.largest:.1f} pixels "
            f"(typically {self.typical:.1f}): moving edges flicker together and look like influence"
        )


def find_motion(movie: Movie, images: StaticImages, bad: NDArray[np.bool_] | None = None) -> Motion:
    """Look for rigid shifts in a sample of frames.

    To first order a shifted frame is the mean image plus its gradient times the shift. Two halves
    of the field, a checkerboard, estimate the shift of every frame by least squares. Noise and
    flashing cells differ between the halves, so the covariance of the two estimates over time is
    the variance of the shift alone.

    Parameters
    ----------
    movie : Movie
        The movie; about 1000 of its frames are read at most.
    images : StaticImages
        Its mean and noise.
    bad : ndarray of bool, shape (T,), optional
        Frames to leave out.

    Returns
    -------
    Motion
        Zero where no shift is sure. Shifts of more than a cell's width come out too small, unless
        the field stays there: the pictures of two stretches are then alike when one is moved.
    """
    patch = middle_of(movie.shape, _SIDE_PX)
    kernels = _shift_kernels(images, patch)
    shifts, pictures = [], []
    for frames in sampled_frames(movie, _MOST_FRAMES, bad, images.ignored):
        part = standardised(frames, images, patch)
        shifts.append(part.reshape(len(frames), -1) @ kernels)
        # In grey values: the noise of a pixel stays where it is.
        picture = part.mean(axis=0) * images.noise[patch] + images.mean[patch]
        pictures.append(np.where(images.ignored[patch], np.nanmean(picture), picture))
    far = _far_apart(pictures)
    if far >= _FAR_PX:
        return Motion(largest=far, typical=far / 2.0)
    # Frame by frame and in ever longer means: jitter shows in the first, drift in the others.
    binned = [_binned(shifts, length) for length in _BIN_LENGTHS]
    typical = max(_common_motion(both) for both in binned)
    if typical < _LEAST_PX:
        return Motion(largest=0.0, typical=0.0)
    return Motion(largest=max(_largest(binned), typical), typical=typical)


def _far_apart(pictures: Sequence[FloatArray]) -> float:
    """Return how far the field lies elsewhere in some stretch than in the first, in pixels.

    Parameters
    ----------
    pictures : sequence of ndarray, shape (Y, X)
        Mean of each stretch.
    """
    fine = [picture - gaussian_filter(picture, _WAVE_PX / 3) for picture in pictures]
    waves = [np.fft.rfft2(each / max(float(np.linalg.norm(each)), 1e-12)) for each in fine]
    found = 0.0
    for each in waves[1:]:
        alike = np.fft.irfft2(waves[0].conj() * each, fine[0].shape)
        place = np.unravel_index(int(alike.argmax()), alike.shape)
        if alike[place] > max(_ALIKE, 2.0 * alike[0, 0]):
            away = (min(i, n - i) for i, n in zip(place, alike.shape, strict=True))
            found = max(found, float(np.hypot(*away)))
    return found


def _shift_kernels(images: StaticImages, patch: Patch) -> Float32Array:
    """Return what turns standardised frames into shifts, (pixels, 4): y, x of one half, the other.

    Light that comes and goes over wide parts of the field (neuropil), by itself or in proportion to
    the mean image, is no shift, hence the other regressors.
    """
    counted = ~images.ignored[patch]
    # Outside, the edge goes on: a border of the mean image would look like a slope of it.
    mean, noise = (_continued(image[patch], counted) for image in (images.mean, images.noise))
    wide = _wide_waves(mean.shape)
    regressors = [*(-slope for slope in np.gradient(mean)), *wide, *(wave * mean for wave in wide)]
    blurred = np.stack([gaussian_filter(part, _BLUR_PX) for part in regressors])
    y, x = (np.arange(length) // _BLOCK_PX for length in mean.shape)
    colour = (y[:, None] + x) % 2
    kernels = []
    for half in (colour == 0, colour == 1):
        weight = half * counted / noise
        design = (blurred * weight).reshape(len(blurred), -1)
        inverse = np.linalg.pinv(design @ design.T, hermitian=True)[:2] @ design
        # The frames have to be blurred like the regressors: here, once for all of them.
        images_of = (weight * part.reshape(mean.shape) for part in inverse)
        kernels += [(noise * gaussian_filter(part, _BLUR_PX)).ravel() for part in images_of]
    return np.stack(kernels, axis=1).astype(np.float32)


def _continued(image: Float32Array, counted: NDArray[np.bool_]) -> FloatArray:
    """Return an image (Y, X) in which pixels that do not count are as the nearest that does."""
    nearest = distance_transform_edt(~counted, return_distances=False, return_indices=True)
    return np.asarray(image[tuple(nearest)], np.float64)


def _wide_waves(shape: tuple[int, ...]) -> list[FloatArray]:
    """Return smooth images (Y, X) that together make any wide structure."""
    rows, columns = (
        np.cos(np.pi * np.arange(n // _WAVE_PX + 1)[:, None] * (np.arange(n) + 0.5) / n)
        for n in shape
    )
    return [np.outer(row, column) for row in rows for column in columns]


def _binned(shifts: Sequence[NDArray[np.floating]], length: int) -> FloatArray:
    """Return means over ``length`` frames that follow each other, (bins, halves, 2)."""
    means = []
    for run in shifts:
        n_bins = len(run) // length
        means.append(run[: n_bins * length].reshape(n_bins, length, 2, 2).mean(axis=1))
    bins = np.concatenate(means).astype(np.float64)
    return bins - np.median(bins, axis=0) if len(bins) else bins


def _common_motion(bins: FloatArray) -> float:
    """Return the root mean square of the shift both halves see, 0 where it may be chance."""
    if len(bins) < _LEAST_BINS:
        return 0.0
    covariance = (bins[:, 0] * bins[:, 1]).mean(axis=0)
    error = np.sqrt((bins[:, 0] ** 2).mean(axis=0) * (bins[:, 1] ** 2).mean(axis=0) / len(bins))
    sure = covariance > np.minimum(_LEAST_Z, 0.8 * np.sqrt(len(bins))) * error
    return float(np.sqrt(covariance[sure].sum()))


def _largest(binned: Sequence[FloatArray]) -> float:
    """Return a large shift in the shortest means that are precise enough."""
    for bins in binned:
        if len(bins) < _LEAST_BINS:
            continue
        uncertain = np.sqrt((np.diff(bins, axis=1) ** 2).sum(axis=(1, 2)).mean()) / 2
        if uncertain < _PRECISION_PX:
            size = np.hypot(*bins.mean(axis=1).T)
            # Noise widens the spread of the estimates; the covariance knows by how much.
            widened = np.sqrt((size**2).mean()) / max(_common_motion(bins), 1e-9)
            return float(np.quantile(size, 0.99) / max(widened, 1.0))
    return 0.0
