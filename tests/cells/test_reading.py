"""What cells did is read from the pixels: of overlapping cells each for itself."""

from __future__ import annotations

import numpy as np
from scipy import sparse

import napari_sparsevar as sv
from napari_sparsevar.cells.cells import footprints_of_labels
from napari_sparsevar.cells.reading import mean_weights, overlapping, pixel_traces, told_apart
from napari_sparsevar.movie.reading.lazy_frames import from_memory, from_reader
from napari_sparsevar.progress import returned

SHAPE = (24, 30)


def discs(*centres: tuple[float, float], radius: float = 4.0) -> sparse.csr_array:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    away = [np.hypot(y - row, x - column) for row, column in centres]
    weights = [np.clip(1.2 - distance / radius, 0.0, 1.0).ravel() for distance in away]
    return sparse.csr_array(np.array(weights))


def activity(n: int, n_frames: int = 400) -> np.ndarray:
    return np.random.default_rng(0).gamma(0.5, 1.0, (n_frames, n))


def test_what_overlapping_cells_did_is_told_apart() -> None:
    footprints, did = discs((10, 9), (10, 14), (10, 24)), activity(3)
    assert overlapping(footprints) == 2
    means = (did @ (footprints @ mean_weights(footprints).T)).astype(np.float32)
    mixed = np.corrcoef(means[:, 0], did[:, 1])[0, 1]
    found = told_apart(means, footprints)
    across = np.corrcoef(found.T, did.T)[:3, 3:]
    assert (across.diagonal() > 0.999).all()
    assert abs(across[0, 1]) < 0.2 < mixed
    np.testing.assert_allclose(found[:, 2], means[:, 2], rtol=1e-5)


def test_cells_apart_are_plain_means() -> None:
    labels = np.zeros(SHAPE, np.int32)
    labels[2:8, 2:8], labels[12:18, 16:22] = 4, 9
    frames = np.random.default_rng(1).integers(0, 4000, (60, *SHAPE)).astype(np.uint16)
    footprints, found = footprints_of_labels(labels)
    cells = sv.Cells([str(label) for label in found], footprints, SHAPE)
    raw, _ = returned(pixel_traces(from_memory(frames), cells))
    wanted = [frames[:, labels == label].mean(axis=1) for label in found]
    np.testing.assert_allclose(raw.T, wanted, rtol=1e-5)


def test_two_copies_of_a_cell_share_its_light() -> None:
    footprints = discs((10, 9), (10, 9))
    means = np.repeat(activity(1), 2, axis=1).astype(np.float32)
    found = told_apart(means, footprints)
    np.testing.assert_allclose(found, means / 2, rtol=0.02)


def test_an_empty_footprint_has_no_light() -> None:
    footprints = sparse.csr_array(np.vstack([discs((10, 9), (10, 14)).toarray(), np.zeros(720)]))
    means = np.column_stack([activity(2), np.zeros(400)]).astype(np.float32)
    found = told_apart(means, footprints)
    assert np.isfinite(found).all()
    assert not found[:, 2].any()


def test_every_block_is_read_once() -> None:
    asked: list[tuple[int, int]] = []

    def read(start: int, stop: int) -> np.ndarray:
        asked.append((start, stop))
        return np.ones((stop - start, *SHAPE), np.uint16)

    cells = sv.Cells(["a"], discs((10, 9)), SHAPE)
    list(pixel_traces(from_reader(read, (50, *SHAPE), np.uint16, length=20), cells))
    assert asked == [(0, 20), (20, 40), (40, 50)]


def test_a_rim_that_is_no_number_in_some_frames_spoils_no_cell() -> None:
    """As registration leaves it: what is missing counts as it usually is."""
    rng = np.random.default_rng(1)
    frames = rng.normal(5.0, 0.01, size=(90, *SHAPE)) * np.linspace(1.0, 9.0, SHAPE[1])
    whole = frames.copy()
    for frame in range(0, 90, 3):
        frames[frame, :8] = np.nan
    frames[7, 6:16] = np.nan
    cells = sv.Cells(["a", "b"], discs((10, 9), (10, 24)), SHAPE)
    raw, around = returned(pixel_traces(from_memory(frames), cells))
    complete, _ = returned(pixel_traces(from_memory(whole), cells))
    seen = np.arange(90) != 7
    assert np.isnan(raw[7]).all()
    np.testing.assert_allclose(raw[seen], complete[seen], rtol=0.01)
    assert np.isfinite(around[seen]).all()
