"""Cells, found or known, and our own statistics on their traces (`sv.fit_traces`)."""

from __future__ import annotations

import numpy as np
from scipy import sparse

import napari_sparsevar as sv
from napari_sparsevar.cells.reading import reading_movie
from napari_sparsevar.progress import returned
from recovery_parts.answer import Answer, Edges, FloatArray, nothing_found, paint
from recovery_parts.cases import Trial
from recovery_parts.suite2p_regions import THRESHOLD_SCALING, find_regions

LEVEL = 0.05
_FAINT = 1e-6
"""Of the strongest: what a cell whose listed strength is 0 has more than a pixel without one."""


def detected_fit(trial: Trial) -> Answer:
    """Find the cells in the movie, so that nobody has to draw one."""
    return _fitted(sv.detect_cells(trial.movie))


def suite2p_fit(trial: Trial) -> Answer:
    """Take the regions of suite2p, told cell size, decay and frame rate, with our statistics."""
    regions = find_regions(trial, THRESHOLD_SCALING)
    if len(regions.images) < 2:
        return nothing_found(trial.movie.shape, f"suite2p found {len(regions.images)} regions")
    cells = sv.Cells(
        [str(number) for number in range(len(regions.images))],
        _flat(regions.images),
        trial.movie.shape,
        traces={"raw": regions.traces.astype(np.float32)},  # less the neuropil already
        fps=trial.movie.fps,
    )
    return _fitted(cells)


def footprints_fit(trial: Trial) -> Answer:
    """Know where the cells are and read them from the pixels: what a person could draw at best."""
    return _fitted(true_cells(trial.movie, trial.truth))


def true_cells(movie: sv.Movie, truth: sv.Truth) -> sv.Cells:
    """Return the cells of a simulated movie, read from its pixels."""
    drawn = sv.Cells(
        [str(number) for number in range(len(truth.footprints))],
        _flat(truth.footprints),
        movie.shape,
        positions=truth.centres,
        fps=movie.fps,
    )
    return returned(reading_movie(movie, drawn))


def _fitted(cells: sv.Cells) -> Answer:
    """Fit cells; their strength is painted, the drivers beyond chance are listed."""
    fit = sv.fit_traces(cells)
    index = [cells.names.index(name) for name in fit.names]
    assert cells.footprints is not None
    assert cells.shape is not None
    images = cells.footprints[index].toarray().reshape(-1, *cells.shape)
    drivers = fit.drivers.set_index("name").reindex(fit.names)
    strength = np.abs(drivers["strength"].fillna(0.0).to_numpy(np.float64))
    painted = paint(strength + _FAINT * max(float(strength.max()), 1e-12), images)
    centres = np.asarray(cells.centres[index], dtype=np.float64)
    listed = centres[(drivers["p_adjusted"] <= LEVEL).to_numpy()]
    note = f"{len(index)} cells"
    return Answer(painted, _edges(fit, centres), note, listed=listed)


def _edges(fit: sv.CellFit, centres: FloatArray) -> Edges:
    at = dict(zip(fit.names, centres, strict=True))
    found = fit.edges[fit.edges["estimate"] > 0]
    # The surest first; among those as sure, the larger.
    sure = (1.0 - found["p_adjusted"].to_numpy()) + 1e-3 * found["stability"].fillna(0).to_numpy()
    ends = [[at[name] for name in found[end]] for end in ("source", "target")]
    sources, targets = (np.array(end, np.float64).reshape(-1, 2) for end in ends)
    return Edges(sources, targets, sure)


def _flat(images: np.ndarray) -> sparse.csr_array:
    return sparse.csr_array(images.reshape(len(images), -1).astype(np.float32))
