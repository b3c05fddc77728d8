r"""Traces of cells read from the pixels of a movie, in one pass over it.

A frame y is the sum of its cells, each footprint :math:`w_i` times what the cell does, and a
background. The weighted means :math:`m_i = w_i^T y / \sum w_i` of cells that overlap hold light of
both, and the brighter seems to drive the other. With the gram matrix :math:`G = W W^T` of the
footprints, least squares tell them apart,

.. math:: a = (G + \epsilon \, \mathrm{diag}\, G)^{-1} W y,

and :math:`a_i G_{ii} / \sum w_i` is again a mean over the cell: without overlap, the same.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from napari_sparsevar.cells.cells import Cells, Float32Array, FloatArray
from napari_sparsevar.cells.matching import orientation_notes
from napari_sparsevar.cells.placing import in_field
from napari_sparsevar.cells.surround import surrounds
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.movie.traces import sparse_traces
from napari_sparsevar.progress import Step, stage

if TYPE_CHECKING:
    import dask.array as da

    from napari_sparsevar.movie.movie import Movie

_RIDGE = 0.01
"""Keeps footprints that are nearly the same from being told apart by noise."""

_LOOKED_AT = 64
"""Frames, spread over a movie, whose mean is enough to see which way round cells lie."""

_FRAMES = 1024
"""Frames whose cells are told apart at once: the working memory."""


def reading_movie(movie: Movie, cells: Cells) -> Generator[Step, None, Cells]:
    """Read what cells did from the pixels of a movie; yield how far it is.

    Parameters
    ----------
    movie : Movie
    cells : Cells
        Of its field of view.

    Returns
    -------
    Cells
        Its traces are ``raw`` and ``neuropil``, in grey values.

    Raises
    ------
    UserError
        If they have no outlines, or those of another field of view.
    """
    cells = in_field(cells, movie.shape)
    reading = pixel_traces(movie.data, cells)
    raw, neuropil = yield from stage(reading, 0.0, 1.0, "Reading cells from the movie")
    return replace(
        cells,
        traces={"raw": raw, "neuropil": neuropil},
        neuropil_share="estimated",
        fps=movie.fps or cells.fps,
        times=cells.times if movie.times is None else movie.times,
        jumps=np.array(movie.jumps, np.intp),
        bad_frames=None if movie.left_out is None else movie.left_out.frames,
        pixel_size_um=movie.pixel_size_um or cells.pixel_size_um,
        notes=(*cells.notes, *overlap_note(cells)),
    )


def looked_over(movie: Movie, cells: Cells) -> Cells:
    """Return cells with a note where they clearly fit a movie better flipped or transposed.

    Parameters
    ----------
    movie : Movie
        A few of its frames are read.
    cells : Cells
        With footprints, of its field of view.
    """
    few = movie.data[:: max(1, movie.n_frames // _LOOKED_AT)]
    mean = np.asarray(compute(few.mean(axis=0)), np.float32)
    return replace(cells, notes=(*cells.notes, *orientation_notes(cells, mean)))


def overlap_note(cells: Cells) -> tuple[str, ...]:
    """Return the sentence on cells that share pixels; nothing where none do."""
    shared = 0 if cells.footprints is None else overlapping(cells.footprints)
    said = f"{shared} cells overlap others: their light is told apart by least squares."
    return (said,) if shared else ()


def pixel_traces(
    frames: da.Array, cells: Cells
) -> Generator[float, None, tuple[Float32Array, Float32Array]]:
    """Return the light of each cell and of what surrounds it, (T, n) each; yield the part done.

    Parameters
    ----------
    frames : dask.array.Array, shape (T, Y, X)
        Read block by block: memory does not grow with their number.
    cells : Cells
        With footprints. They are weights of a mean, so that traces are in grey values; cells that
        overlap are ``told_apart``.
    """
    assert cells.footprints is not None
    n = len(cells)
    weights = sparse.csr_array(sparse.vstack([mean_weights(cells.footprints), surrounds(cells)]))
    found = np.empty((frames.shape[0], 2 * n), np.float32)
    for piece in sparse_traces(frames, weights):
        found[piece.start : piece.stop] = piece.values
        yield piece.stop / len(found)
    # Both, so that one less a share of the other is told apart too.
    return told_apart(found[:, :n], cells.footprints), told_apart(found[:, n:], cells.footprints)


def mean_weights(footprints: sparse.csr_array) -> sparse.csr_array:
    """Return footprints whose weights add up to 1 each: those of a mean over the cell."""
    return sparse.csr_array(footprints.multiply(1.0 / _total(footprints)[:, None]))


def told_apart(means: Float32Array, footprints: sparse.csr_array) -> Float32Array:
    """Return weighted means (T, n) over cells without what overlapping cells add to them."""
    if not overlapping(footprints):
        return np.ascontiguousarray(means)
    gram, total = sparse.csc_array(footprints @ footprints.T).astype(np.float64), _total(footprints)
    own = np.maximum(gram.diagonal(), 1e-12)
    solver = splu(sparse.csc_matrix(gram + sparse.diags_array(_RIDGE * own)))
    in_means = (1.0 + _RIDGE) * own / total
    found = np.empty(means.shape, np.float32)
    for start in range(0, len(means), _FRAMES):
        part = slice(start, start + _FRAMES)
        found[part] = solver.solve((means[part] * total).T).T * in_means
    return found


def overlapping(footprints: sparse.csr_array) -> int:
    """Return how many cells share pixels with another."""
    shared = sparse.coo_array(abs(footprints) @ abs(footprints).T)
    beside = (shared.row != shared.col) & (shared.data > 0)
    return len(np.unique(shared.row[beside]))


def _total(footprints: sparse.csr_array) -> FloatArray:
    return np.maximum(np.asarray(abs(footprints).sum(axis=1), np.float64).ravel(), 1e-12)
