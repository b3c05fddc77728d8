"""The cells of a movie's run, read from its latents and from its pixels, and fitted either way."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from scipy import sparse

from napari_sparsevar.analysis.results import Results
from napari_sparsevar.cells.activity import Trials
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.cells import Cells, Float32Array, TraceKind
from napari_sparsevar.cells.fit import fitting_cells
from napari_sparsevar.cells.matching import orientation_notes
from napari_sparsevar.cells.memory import CellsLike
from napari_sparsevar.cells.open import open_cells
from napari_sparsevar.cells.placing import in_field
from napari_sparsevar.cells.preparing import Preparation
from napari_sparsevar.cells.reading import (
    mean_weights,
    overlap_note,
    reading_movie,
    told_apart,
)
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.progress import Step, moved
from napari_sparsevar.run.left_out import trials_kept
from napari_sparsevar.run.record import RunRecord
from napari_sparsevar.run.registration import as_run_has_it
from napari_sparsevar.run.run_movie import RunMovie, another_size, open_run_movie, why_another

ReadFrom = Literal["pixels", "latents"]
"""The pixels come first: see ``docs/accuracy/cells.md`` on pixels or latents."""

_KINDS: dict[ReadFrom, TraceKind] = {"pixels": "raw", "latents": "denoised"}

_OTHER: dict[ReadFrom, ReadFrom] = {"pixels": "latents", "latents": "pixels"}


class OfRun(Protocol):
    """What of a ``Run`` its cells are read from."""

    @property
    def path(self) -> Path:
        """The run directory."""
        ...

    @property
    def record(self) -> RunRecord:
        """Its movie and settings."""
        ...

    @property
    def results(self) -> Results:
        """Its latents."""
        ...


def cells_in(run: OfRun, given: CellsLike, names: Sequence[str] | None = None) -> Cells:
    """Return whatever a person calls cells as those of the movie of a run.

    Where they clearly fit its mean image better flipped or transposed, a note says so.

    Parameters
    ----------
    run : Run
    given : Cells, path, label image of int (Y, X), layer, or sequence of sparse footprints (Y, X)
        As ``open_cells`` takes them. Those that are not accepted as cells are left out.
    names : sequence of str, optional
        By default as they came, the labels of an image, or numbers from 0.

    Raises
    ------
    UserError
        If they have no outlines, or those of another field of view.
    """
    if run.record.movie.stack is not None:
        raise UserError(
            f"{run.path} is of several planes, of which no cells are read: train on the plane of "
            "the cells, or fit their own traces (sparsevar traces, in Python fit_traces)."
        )
    cells = open_cells(given)
    cells = cells if cells.is_accepted.all() else cells.take(cells.is_accepted)
    cells = in_field(cells, run.results.grid.shape)
    if names is not None and len(names) != len(cells):
        raise UserError(f"There are {len(names)} names for {len(cells)} cells.")
    return replace(
        cells,
        names=cells.names if names is None else [str(name) for name in names],
        notes=(*cells.notes, *orientation_notes(cells, np.nan_to_num(run.results.mean))),
        fps=run.record.movie.fps or cells.fps,
        pixel_size_um=run.record.movie.pixel_size_um or cells.pixel_size_um,
    )


def reading_cells(
    run: OfRun, cells: Cells, movie: Movie | None = None
) -> Generator[Step, None, Cells]:
    """Read what cells did from latents and movie of a run; yield how far it is.

    Parameters
    ----------
    run : Run
    cells : Cells
        With footprints, of the field of view of the run: ``cells_in``.
    movie : Movie, optional
        That of the run, if it is open; otherwise it is looked for where it was and beside the run.

    Returns
    -------
    Cells
        Its traces are ``denoised``, from the latents, and ``raw`` and ``neuropil``, from the
        pixels, all in grey values. Without the movie there are no pixels, and a note says so.
    """
    yield 0.0, "Reading cells from the latents"
    traces: dict[TraceKind, Float32Array] = {"denoised": latent_traces(run.results, cells)}
    found = _movie(run, movie)
    if found.movie is None or found.notice:
        said = f"Cells are read from the latents of the run alone. {found.notice}"
        return replace(cells, traces=traces, notes=(*cells.notes, *overlap_note(cells), said))
    read = yield from reading_movie(found.movie, cells)
    return replace(
        read, traces={**traces, **read.traces}, fps=cells.fps, pixel_size_um=cells.pixel_size_um
    )


def fitting_both_ways(
    run: OfRun,
    cells: Cells,
    read_from: ReadFrom = "pixels",
    trials: Trials | None = None,
    seed: int = 0,
    preparation: Preparation | None = None,
) -> Generator[Step, None, CellFit]:
    """Fit cells as they were read from latents and from pixels; yield how far it is.

    Parameters
    ----------
    run : Run
        Says which frames are good, the lags and the covariates.
    cells : Cells
        Of ``reading_cells``, or some of them.
    read_from : {"pixels", "latents"}
        Which way is fitted; the other is ``beside`` it, where both were read.
    trials : sequence of (start, stop), optional
        Frames that belong together; by default those of the run, if it has trials.
    seed : int
    preparation : Preparation, optional
        What else is done to either kind of traces before.

    Raises
    ------
    UserError
        If they cannot be fitted; the sentence says what to change.
    """
    preparation = preparation or Preparation()
    lags, good = run.record.network.lags, np.asarray(run.results.good)
    covariates, starts = run.results.activity.covariates, run.results.activity.starts
    trials = trials_kept(run.path, good) if trials is None else trials
    cells = replace(cells, jumps=np.array(starts, np.intp))
    both = _KINDS["pixels"] in cells.traces
    first = read_from if both else "latents"

    def fitting(way: ReadFrom) -> Generator[Step, None, CellFit]:
        wanted = replace(preparation, kind=_KINDS[way])
        fit = yield from fitting_cells(cells, lags, good, trials, seed, wanted, covariates)
        return replace(fit, said=f"{fit.said}, read from the {way}")

    if not both:
        return (yield from fitting(first))
    fit = yield from moved(fitting(first), 0.0, 0.5)
    other = _OTHER[first]
    try:
        beside = yield from moved(fitting(other), 0.5, 1.0)
    except UserError as error:
        return replace(fit, notes=(*fit.notes, f"Not compared with the {other}: {error}"))
    fit = replace(fit, beside=beside)
    return replace(fit, notes=(*fit.notes, agreement_words(fit, first, other)))


def latent_traces(results: Results, cells: Cells) -> Float32Array:
    """Return what the latents say of each cell, (T, n): its mean as decoded, in grey values.

    Parameters
    ----------
    results : Results
    cells : Cells
        With footprints, of the field of view.
    """
    assert cells.footprints is not None
    assert cells.shape is not None
    weights = sparse.coo_array(mean_weights(cells.footprints))
    rows, columns = np.divmod(weights.col, cells.shape[1])
    padded = rows * results.grid.padded_shape[1] + columns
    in_grey = weights.data * np.nan_to_num(results.noise).ravel()[weights.col]
    shape = len(cells), results.footprints.shape[1]
    share = sparse.csr_array(sparse.coo_array((in_grey, (weights.row, padded)), shape=shape))
    mixture = (results.footprints @ share.T).toarray().astype(np.float32)
    means = np.asarray(np.asarray(results.latents) @ mixture, np.float32)
    return told_apart(means, cells.footprints)


def agreement_words(fit: CellFit, way: ReadFrom, other: ReadFrom) -> str:
    """Return the sentence on how many edges both ways find."""
    assert fit.beside is not None
    if not (fit.tested and fit.beside.tested):
        return f"What {way} and {other} find cannot be compared: not both are tested."
    both, apart = fit.agreement
    if not both and apart.empty:
        return f"Neither by {way} nor by {other} is an edge beyond chance."
    alone = apart["disagreement"].value_counts()
    words = (
        f"{both} edges are beyond chance both by {way} and by {other}; "
        f"{alone.get('not beside', 0)} only by {way}, {alone.get('only beside', 0)} only by {other}"
    )
    opposed = alone.get("sign", 0)
    return f"{words}, {opposed} up by one and down by the other." if opposed else f"{words}."


def _movie(run: OfRun, movie: Movie | None) -> RunMovie:
    """Return the movie of the run, and why not where there is none or another."""
    identity = run.record.movie
    if movie is None:
        return open_run_movie(run.path, identity)
    if (movie.n_frames, *movie.shape) != identity.shape:
        return RunMovie(None, another_size(identity, movie))
    return RunMovie(as_run_has_it(movie, run.path), why_another(identity, movie))
