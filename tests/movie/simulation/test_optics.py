"""Shapes, tissue, detector and motion are as asked, and the truth says where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import shift

from napari_sparsevar.movie import Truth, simulate_movie
from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances

QUIET: dict[str, Any] = {
    "noise": 0.0,
    "neuropil": 0.0,
    "n_cells": 12,
    "n_drivers": 2,
    "n_followers": 2,
}


def simulated(
    *nuisances: str, n_frames: int = 300, **more: Any
) -> tuple[NDArray[np.float64], Truth]:
    chosen = Nuisances().adding(*nuisances)
    movie, truth = simulate_movie(n_frames, nuisances=chosen, **{**QUIET, **more})
    return np.asarray(movie.data, dtype=np.float64), truth


def test_cells_are_rings_with_dim_nuclei_and_a_dendrite() -> None:
    asked = "anatomy:diameter_px=12..12,nucleus=0.6,dendrite=0.35"
    _, truth = simulated(asked, n_frames=2, shape=(96, 96))
    dendrites = []  # some lie outside of the field
    for footprint, (row, column) in zip(truth.footprints, truth.centres, strict=True):
        y, x = np.indices(footprint.shape)
        away = np.hypot(y - row, x - column)
        rim = footprint[(away > 3.5) & (away < 5.0)].mean()
        assert footprint[away < 1.0].mean() < 0.6 * rim
        dendrites.append(footprint[away > 9.0].max(initial=0.0))
    assert max(dendrites) < 0.37
    assert np.median(dendrites) == pytest.approx(0.35, abs=0.02)
    assert (truth.footprints > 0.1).sum() > 1.2 * 12 * np.pi * 6**2


def test_cells_overlap_where_they_are_closer_than_a_diameter() -> None:
    crowded = {"shape": (64, 64), "n_cells": 14, "n_frames": 2}
    _, apart = simulated("anatomy:spacing=1.2,dendrite_px=0..0", **{**crowded, "n_cells": 8})
    _, near = simulated("anatomy:spacing=0.7,dendrite_px=0..0", **crowded)
    assert ((apart.footprints > 0.5).sum(axis=0) < 2).all()
    assert ((near.footprints > 0.5).sum(axis=0) >= 2).any()


def test_blurred_cells_are_in_the_movie_and_not_among_the_cells() -> None:
    sharp, _ = simulated()
    blurred, truth = simulated("out_of_focus:per_cell=0.5,light=1.0")
    assert len(truth.footprints) == 12
    assert truth.out_of_focus_traces is not None
    assert truth.out_of_focus_traces.shape == (300, 6)
    theirs = (blurred - sharp) - (blurred - sharp).mean(axis=0)
    assert truth.out_of_focus_centres is not None
    for place, trace in zip(truth.out_of_focus_centres, truth.out_of_focus_traces.T, strict=True):
        row, column = place.astype(int)
        assert np.corrcoef(theirs[:, row, column], trace)[0, 1] > 0.5


def test_neuropil_has_the_share_of_a_typical_cells_light() -> None:
    without, truth = simulated("spread", seed=1)
    with_it, _ = simulated("spread", "neuropil:share=0.3..0.7", seed=1)
    typical = np.median(truth.traces.std(axis=0) / truth.cells["amplitude"])
    share = (with_it - without).std(axis=0) / typical
    assert 0.29 < share.min() < 0.4
    assert 0.6 < share.max() < 0.71


def test_neuropil_follows_the_cells_around() -> None:
    _, truth = simulated(
        "neuropil:follows=0.7,reach_px=12", shape=(128, 128), n_frames=1500, n_cells=30
    )
    assert truth.neuropil is not None
    away = np.linalg.norm(truth.centres[:, None] - truth.centres, axis=-1)
    alike = np.corrcoef(truth.neuropil.T, truth.traces.T)[:30, 30:]
    near, far = alike[(away > 0) & (away < 15)], alike[away > 60]
    assert near.mean() > 0.15
    assert abs(far.mean()) < 0.05


def test_more_vessels_take_more_light() -> None:
    few, _ = simulated(n_frames=2)
    many, _ = simulated("vessels:per_field=6,radius_px=3..4", n_frames=2)
    none, _ = simulated("vessels:per_field=0", n_frames=2)
    assert many.mean() < few.mean() < none.mean()


def test_variance_of_photons_is_gain_times_mean() -> None:
    still = {"n_cells": 1, "n_drivers": 0, "n_followers": 0, "n_frames": 2000, "shape": (32, 32)}
    asked = "detector:photons=3,gain=50,read_noise=20,offset=300"
    frames, truth = simulated(asked, **still)
    dark = truth.footprints[0] == 0  # where nothing changes
    mean, variance = frames[:, dark].mean(axis=0), frames[:, dark].var(axis=0)
    slope, intercept = np.polyfit(mean - 300, variance, 1)
    assert slope == pytest.approx(50, rel=0.03)
    assert intercept == pytest.approx(20**2, abs=300)
    assert (mean.mean() - 300) / 50 == pytest.approx(3.0, rel=0.1)


def test_traces_are_grey_values_behind_a_detector_too() -> None:
    frames, truth = simulated("detector:photons=300,gain=2,read_noise=0", n_frames=600)
    for footprint, trace in zip(truth.footprints, truth.traces.T, strict=True):
        y, x = np.unravel_index(footprint.argmax(), footprint.shape)
        assert np.polyfit(trace, frames[:, y, x], 1)[0] == pytest.approx(1.0, abs=0.1)


def test_light_bleaches_by_the_share() -> None:
    frames, truth = simulated("bleaching:share=0.3", n_cells=1, n_drivers=0, n_followers=0)
    left = truth.light_left
    assert left is not None
    assert (left[0], left[-1]) == pytest.approx((1.0, 0.7))
    assert (np.diff(left) < 0).all()
    rest = frames.reshape(300, -1)[:, truth.footprints[0].ravel() == 0].mean(axis=1) - 100
    np.testing.assert_allclose(rest / rest[0], left, atol=0.002)


def test_the_field_moves_as_the_truth_says() -> None:
    still, _ = simulated()
    moved, truth = simulated("motion:px=0.7,memory_s=0.3", n_frames=300)
    assert truth.motion is not None
    np.testing.assert_allclose(truth.motion.std(axis=0), 0.7, rtol=0.35)
    for t in (10, 150, 299):
        expected = shift(still[t], truth.motion[t], order=1, mode="nearest")
        np.testing.assert_allclose(moved[t], expected, atol=2.0)


def test_frames_out_of_plane_are_blurred_and_few() -> None:
    sharp, _ = simulated(n_frames=900)
    frames, truth = simulated("axial_motion:per_minute=6,depth=0.8", n_frames=900)
    away = truth.out_of_plane
    assert away is not None
    assert 0.005 < (away > 0).mean() < 0.3
    np.testing.assert_array_equal(frames[away == 0], sharp[away == 0])
    fine = [np.abs(np.diff(each, axis=2)).mean(axis=(1, 2)) for each in (frames, sharp)]
    assert (fine[0][away > 0.5] < 0.8 * fine[1][away > 0.5]).all()
    assert away.max() <= 0.8


def test_every_other_line_is_shifted() -> None:
    straight, _ = simulated(n_frames=5)
    frames, _ = simulated("line_phase:px=1", n_frames=5)
    np.testing.assert_allclose(frames[:, ::2], straight[:, ::2], atol=1.0)
    np.testing.assert_allclose(frames[:, 1::2, 1:], straight[:, 1::2, :-1], atol=1.0)
