r"""Cells of a movie that nobody has drawn: bright or busy spots, moved to where their activity is.

A spot is a peak of the negative Laplacian of a Gaussian as wide as a cell (Lindeberg 1998), in the
mean image, which shows cells that are silent, or in the correlation with the neighbours, which
shows those the mean hides. What it does, :math:`s_t`, is a Gaussian at the spot less the ring
around it. The spot moves to the middle of the pixels that do the same,

.. math:: a(u) = \sum_t z_t(u) \sum_{k \ge 1} e^{-k / \tau} (s_{t-k} + s_{t+k}),

in frames before and after, so that no pixel agrees with its own noise, over as many as calcium
lasts, so that noise averages out. A spot is a cell if what it does is more alike from frame to
frame than noise would be, and not much less than is usual in the movie.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_sparsevar.arguments import checked
from napari_sparsevar.cells.cells import BoolArray, Cells, FloatArray
from napari_sparsevar.cells.reading import reading_movie
from napari_sparsevar.cells.spot_activity import SpotActivity, as_rows, drifts
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.inspection.cell_size import guess_cell_diameter, in_words
from napari_sparsevar.movie.inspection.inspect import inspect_movie
from napari_sparsevar.movie.inspection.sample import sampled_frames, standardised
from napari_sparsevar.movie.inspection.static import StaticImages
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.progress import Step, returned

LOOKING = "Looking for cells"
DETECTED = "detected"
"""What cells are called that came of here, as others are by their format."""

_FRAMES = 4096
_BLOB, _NARROW = 1 / 3, 0.29
"""In diameters: width of the filter that asks how wide spots are, and of the one that looks for
them, a little narrower, so that it tells cells that touch."""
_APART, _ALONE = 0.65, 1.0
"""In diameters: spots closer than this are one; how far from all bright spots one that is only
busy has to be."""
_FAINTEST, _BUSY = 0.75, 3.0
"""Height of a peak of the mean and of the correlation image in robust deviations of either."""
_CERTAIN, _USUAL, _GIVEN = 4.5, 0.6, 2.0
"""Standard errors of how alike a cell is to itself from frame to frame: the least; the share of the
median that is least; how many a cell may fall short of that by chance."""
_HELD_S, _HELD_FRAMES = 0.25, 4.0
"""Calcium lasts longer than this, noise does not: how fast frames before and after lose weight with
their distance, the latter where the frame rate is unknown."""
_CLEAR = 0.1
"""Diameters from pixels that do not count within which no middle of a cell is looked for."""
_LEAST_DIAMETER, _LARGEST_DIAMETER, _WIDTHS = 3.0, 40.0, 25
_PIXELS_A_PEAK = 1024
"""Pixels of the field for each peak that is asked how wide it is."""


@checked
def detect_cells(movie: Movie, diameter_px: float | None = None) -> Cells:
    """Find the cells of a movie, so that none has to be drawn.

    What is found are places that are active by themselves, about as wide as a cell: not every cell,
    and now and then none. Cells that a person drew or sorted are worth more.

    Parameters
    ----------
    movie : Movie
        Cells are looked for in about 4,000 of its frames.
    diameter_px : float, optional
        Of a typical cell; by default the geometric mean of ``bright_diameter`` and the width of
        what is active together (``guess_cell_diameter``).

    Returns
    -------
    Cells
        With footprints and traces read from their pixels (``raw``, ``neuropil``), the surest
        first; a note says how they were found.

    Raises
    ------
    UserError
        If no cells are seen, or the diameter is no size of a cell.
    """
    return returned(reading_movie(movie, returned(detecting_cells(movie, diameter_px))))


def detecting_cells(movie: Movie, diameter_px: float | None = None) -> Generator[Step, None, Cells]:
    """Do as ``detect_cells`` does, without traces; yield how far it is."""
    yield 0.0, LOOKING
    report, images = inspect_movie(movie)
    yield 0.2, LOOKING
    diameter = diameter_px or _diameter(movie, images, report.bad)
    if diameter is None:
        raise _unseen(movie)
    if not _LEAST_DIAMETER <= diameter <= min(movie.shape) / 2:
        raise UserError(
            f"Cells of {diameter:g} pixels cannot be looked for in {movie.shape[1]} x "
            f"{movie.shape[0]}: give {_LEAST_DIAMETER:g} to {min(movie.shape) // 2} pixels."
        )
    centres = spots(images, diameter)
    if not len(centres):
        raise _unseen(movie)
    first = yield from _watched(movie, images, report.bad, centres, diameter, 0.2)
    moved = _apart(first.middles(), _APART * diameter)
    found = yield from _watched(movie, images, report.bad, moved, diameter, 0.6)
    return _as_cells(found, movie, images)


def _watched(
    movie: Movie,
    images: StaticImages,
    bad: BoolArray,
    centres: FloatArray,
    diameter: float,
    begins: float,
) -> Generator[Step, None, SpotActivity]:
    held = max(_HELD_S * movie.fps, 1.0) if movie.fps else _HELD_FRAMES
    found = SpotActivity(centres, diameter, held, images.ignored)
    seen = 0
    for frames in _stretches(movie, images, bad):
        found.add(frames)
        seen += len(frames)
        yield begins + 0.4 * min(seen / min(_FRAMES, movie.n_frames), 1.0), LOOKING
    return found


def _diameter(movie: Movie, images: StaticImages, bad: BoolArray) -> float | None:
    """Return a width between that of what is bright and that of what is active."""
    seen = (bright_diameter(images), guess_cell_diameter(movie, images, bad))
    known = [width for width in seen if width is not None]
    return float(np.exp(np.log(known).mean())) if known else None


def bright_diameter(images: StaticImages) -> float | None:
    """Return how wide the bright spots of the mean image are, in pixels.

    The width at which the filter, normalised for its scale (Lindeberg 1998), answers most at its
    highest peaks.

    Parameters
    ----------
    images : StaticImages

    Returns
    -------
    float or None
        None where no width between the least and the largest answers most.
    """
    image = _brightness(images)
    largest = min(_LARGEST_DIAMETER, min(image.shape) / 4)
    widths = np.geomspace(_LEAST_DIAMETER, max(largest, _LEAST_DIAMETER), _WIDTHS)
    n_peaks = max(5, image.size // _PIXELS_A_PEAK)
    answers = []
    for width in widths:
        heights = _answer(image, _BLOB * width) * width**2
        peaks = heights[_is_peak(heights, width) & (heights > 0)]
        answers.append(np.sort(peaks)[-n_peaks:].sum() / n_peaks)
    best = int(np.argmax(answers))
    return None if best in (0, _WIDTHS - 1) else float(widths[best])


def spots(images: StaticImages, diameter: float) -> FloatArray:
    """Return y and x of the peaks of mean and correlation image that are as wide as a cell, (n, 2).

    Parameters
    ----------
    images : StaticImages
    diameter : float
        Of a cell, in pixels.
    """
    bright = _peaks(_brightness(images), diameter, _FAINTEST)
    busy = _peaks(np.nan_to_num(images.correlation), diameter, _BUSY)
    alone = [place for place in busy if not _close(place, bright, _ALONE * diameter)]
    found = _apart(np.array([*bright, *alone]).reshape(-1, 2), _APART * diameter)
    if not images.ignored.any():
        return found
    row, column = found.astype(int).T
    away = ndimage.distance_transform_edt(~images.ignored)[row, column]
    return np.asarray(found[away >= _CLEAR * diameter])


def _peaks(image: npt.NDArray[np.floating], diameter: float, least: float) -> FloatArray:
    """Return the peaks of an image that are as wide as a cell, the highest first, (n, 2)."""
    heights = _answer(image, _NARROW * diameter)
    heights /= max(1.4826 * float(np.median(abs(heights - np.median(heights)))), 1e-12)
    top = _is_peak(heights, diameter) & (heights > least)
    return np.argwhere(top)[np.argsort(-heights[top])].astype(float)


def _brightness(images: StaticImages) -> FloatArray:
    """Return the mean image so that a spot is as bright over a dark as over a light background."""
    level = images.mean.astype(np.float64) - np.nanmin(images.mean)
    usual = float(np.nanmedian(level))
    # A filled rim of another brightness would look like an edge of spots.
    nearest = ndimage.distance_transform_edt(
        images.ignored | np.isnan(level), return_distances=False, return_indices=True
    )
    return np.asarray(np.log(level[tuple(nearest)] + usual + 1e-9))


def _answer(image: npt.NDArray[np.floating], width: float) -> FloatArray:
    """Return the negative Laplacian of a Gaussian of that width."""
    return -np.asarray(ndimage.gaussian_laplace(image.astype(np.float64), width))


def _is_peak(heights: FloatArray, diameter: float) -> npt.NDArray[np.bool_]:
    window = 2 * int(_APART * diameter / 2) + 1
    return np.asarray(heights == ndimage.maximum_filter(heights, window))


def _close(place: FloatArray, others: FloatArray, distance: float) -> bool:
    return bool((np.linalg.norm(others - place, axis=1) < distance).any())


def _apart(places: FloatArray, distance: float) -> FloatArray:
    """Return the places that are far enough from all before them."""
    kept = np.empty((0, 2))
    for place in places:
        if not _close(place, kept, distance):
            kept = np.vstack([kept, place])
    return kept


def _stretches(
    movie: Movie, images: StaticImages, bad: BoolArray
) -> Iterator[npt.NDArray[np.float32]]:
    """Yield frames that follow each other, standardised, their slow drift taken out."""
    everything = slice(None), slice(None)
    for frames in sampled_frames(movie, _FRAMES, bad, images.ignored):
        if len(frames) > 2:
            part = standardised(frames, images, everything).reshape(len(frames), -1)
            slow = drifts(len(part)).astype(np.float32)
            yield part - slow.T @ (slow @ part)


def _as_cells(found: SpotActivity, movie: Movie, images: StaticImages) -> Cells:
    """Return the spots that do something by themselves, the surest first."""
    sure = found.likeness()
    least = _least(sure)
    chosen = [number for number in np.argsort(-sure) if sure[number] >= least]
    if not chosen:
        raise _unseen(movie, f" that are {in_words(found.diameter, None)} wide")
    wide = in_words(found.diameter, movie.pixel_size_um)
    return Cells(
        names=[str(number + 1) for number in range(len(chosen))],
        footprints=as_rows([found.footprint(number) for number in chosen], found.shape),
        shape=found.shape,
        positions=found.centres[chosen],
        fps=movie.fps,
        pixel_size_um=movie.pixel_size_um,
        mean_image=images.mean,
        kind=DETECTED,
        notes=(f"The cells were found by brightness and activity, as spots {wide} wide.",),
    )


def _least(sure: FloatArray) -> float:
    """Return how alike from frame to frame a cell is at least, given how alike all spots are.

    Light that is shared, a dendrite or half a cell is also more alike than noise, if less than
    cells are; how much less can be told where noise is not the larger part of it.
    """
    certain = sure[sure >= _CERTAIN]
    return max(_CERTAIN, _USUAL * float(np.median(certain)) - _GIVEN) if len(certain) else _CERTAIN


def _unseen(movie: Movie, which: str = "") -> UserError:
    return UserError(
        f"No cells{which} are seen in {movie.name}: give their diameter in pixels, or bring cells."
    )
