"""The ring around a cell is near it, belongs to nobody, and holds the neuropil alone."""

from __future__ import annotations

import numpy as np

import napari_sparsevar as sv
from napari_sparsevar.cells.cells import footprints_of_labels
from napari_sparsevar.cells.reading import pixel_traces
from napari_sparsevar.cells.surround import surrounds
from napari_sparsevar.movie.reading.lazy_frames import from_memory
from napari_sparsevar.progress import returned


def two_cells() -> tuple[sv.Cells, np.ndarray]:
    labels = np.zeros((40, 50), np.int32)
    labels[0:6, 10:16], labels[20:26, 18:24] = 1, 2
    footprints, _ = footprints_of_labels(labels)
    return sv.Cells(["a", "b"], footprints, labels.shape), labels


def test_rings_belong_to_no_cell_and_are_near_their_own() -> None:
    cells, labels = two_cells()
    rings = surrounds(cells)
    np.testing.assert_allclose(rings.sum(axis=1), 1.0)
    for ring, label in zip(rings.toarray().reshape(-1, *labels.shape), (1, 2), strict=True):
        assert not labels[ring > 0].any()
        away = np.linalg.norm(
            np.argwhere(ring > 0)[:, None] - np.argwhere(labels == label)[None], axis=2
        )
        assert away.min(axis=1).min() > 1.0
        assert away.min(axis=1).max() < 6.0


def test_a_cell_between_cells_alone_has_no_ring() -> None:
    labels = np.repeat(np.arange(1, 13, dtype=np.int32).reshape(3, 4), 4, axis=0).repeat(4, axis=1)
    footprints, _ = footprints_of_labels(labels)
    rings = surrounds(sv.Cells([str(n) for n in range(12)], footprints, labels.shape))
    assert not rings.nnz


def test_tails_of_a_footprint_keep_no_pixel_from_the_rings() -> None:
    cells, labels = two_cells()
    weights = np.maximum(cells.footprints.toarray(), 0.01)
    long = sv.Cells(["a", "b"], type(cells.footprints)(weights), labels.shape)
    np.testing.assert_array_equal(surrounds(long).toarray(), surrounds(cells).toarray())


def test_slow_light_over_everything_is_what_the_ring_sees() -> None:
    cells, labels = two_cells()
    rng = np.random.default_rng(0)
    neuropil, own = rng.normal(size=(2, 30))
    frames = 100.0 + neuropil[:, None, None] + own[:, None, None] * (labels == 1)
    raw, ring = returned(pixel_traces(from_memory(frames), cells))
    np.testing.assert_allclose((raw - ring)[:, 0], own, atol=1e-4)
    np.testing.assert_allclose((raw - ring)[:, 1], 0.0, atol=1e-4)
