"""A run read back from disk: round trips, the path, influence, damage."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import torch

import napari_sparsevar as sv
from napari_sparsevar.analysis.maps.contribution import contribution_map
from napari_sparsevar.analysis.maps.drive import drive
from napari_sparsevar.lasso import optimality_residual


def test_maps_on_disk_are_the_maps_of_the_run(run: sv.Run) -> None:
    np.testing.assert_array_equal(
        tifffile.imread(run.path / "contribution.tif"), run.contribution_map
    )
    np.testing.assert_array_equal(tifffile.imread(run.path / "drivers.tif"), run.driver_labels)
    assert run.contribution_map.shape == run.driver_labels.shape == (33, 38)
    assert run.contribution_map.dtype == np.float32
    assert run.driver_labels.dtype.kind == "i"


def test_drivers_labels_and_table_agree(run: sv.Run) -> None:
    labels = np.unique(run.driver_labels)
    assert set(labels[labels > 0]) == set(run.drivers["label"])
    assert list(run.drivers["rank"]) == list(range(1, len(run.drivers) + 1))
    assert run.drivers["strength"].is_monotonic_decreasing
    for row in run.drivers.itertuples():
        region = run.driver_labels == row.label
        assert region.sum() == row.area_px
        assert run.contribution_map[region].max() == pytest.approx(row.strength, rel=1e-5)
    assert run.drivers["stability"].between(0, 1).all()


def test_the_fit_is_the_optimum_of_its_own_moments(run: sv.Run) -> None:
    fitted = run.results.fitted
    residual = optimality_residual(
        fitted.statistics.gram,
        fitted.statistics.cross,
        fitted.penalty * fitted.weights,
        fitted.coefficients,
    )
    assert float(residual.max()) < 1e-8


def test_same_penalty_same_run(run: sv.Run) -> None:
    again = run.at_penalty(run.penalty)
    np.testing.assert_allclose(again.contribution_map, run.contribution_map, atol=1e-5)
    pd.testing.assert_frame_equal(again.edges, run.edges, check_exact=False, rtol=1e-5)


def test_fewer_edges_at_a_larger_penalty_and_none_at_the_end(run: sv.Run) -> None:
    counts = [len(run.at_penalty(run.penalty * factor).edges) for factor in (0.3, 1.0, 3.0)]
    assert counts[0] > counts[1] >= counts[2]
    none = run.at_penalty(100.0)
    assert none.edges.empty
    assert none.drivers.empty
    assert not none.contribution_map.any()


def test_edges_are_distant_and_inside_the_field(run: sv.Run) -> None:
    edges = run.at_penalty(0.3 * run.penalty).edges
    gap = np.maximum(
        (edges["source_y"] - edges["target_y"]).abs(), (edges["source_x"] - edges["target_x"]).abs()
    )
    assert (gap > 2 * 4).all()
    assert edges["lag"].between(1, 2).all()
    assert edges["effect"].abs().is_monotonic_decreasing


def regions(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.zeros(shape, bool), np.zeros(shape, bool)
    one[4:10, 4:10] = True
    other[20:28, 22:30] = True
    return one, other


def test_what_one_region_drives_is_what_the_other_is_driven_by(run: sv.Run) -> None:
    sparse = run.at_penalty(0.3 * run.penalty)
    one, other = regions(run.contribution_map.shape)
    outgoing = sparse.influence(one, "outgoing")[other].mean()
    incoming = sparse.influence(other, "incoming")[one].mean()
    assert outgoing == pytest.approx(incoming, rel=1e-3)
    assert outgoing != 0


def test_influence_of_a_region_is_the_mean_of_its_parts(run: sv.Run) -> None:
    sparse = run.at_penalty(0.3 * run.penalty)
    one, other = regions(run.contribution_map.shape)
    for direction in ("outgoing", "incoming"):
        both = sparse.influence(one | other, direction) * (one.sum() + other.sum())
        parts = [sparse.influence(region, direction) * region.sum() for region in (one, other)]
        np.testing.assert_allclose(both, parts[0] + parts[1], rtol=1e-3, atol=1e-5)


def test_influence_refuses_what_is_no_region(run: sv.Run) -> None:
    with pytest.raises(sv.UserError, match="empty"):
        run.influence(np.zeros((33, 38), bool))
    with pytest.raises(sv.UserError, match="grid"):
        run.influence(np.ones((5, 5), bool))


def test_units_travel(run: sv.Run) -> None:
    assert run.fps == 15.0
    assert run.scale == (2.0, 2.0)
    assert run.units == ("um", "um")


def copied(run: sv.Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run.path, tmp_path / "copy"))


@pytest.mark.parametrize("name", ["analysis.safetensors", "drivers.csv", "contribution.tif"])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_damaged_run_is_one_sentence(run: sv.Run, tmp_path: Path, name: str, damage: str) -> None:
    folder = copied(run, tmp_path)
    if damage == "missing":
        (folder / name).unlink()
    else:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(b"\x00" * 8 if name.endswith("csv") else content[:20])
    with pytest.raises(sv.UserError, match="damaged"):
        sv.load_run(folder)


def test_maps_of_another_movie_are_damage(run: sv.Run, tmp_path: Path) -> None:
    folder = copied(run, tmp_path)
    tifffile.imwrite(folder / "drivers.tif", np.zeros((5, 5), np.int32))
    with pytest.raises(sv.UserError, match=r"drivers\.tif"):
        sv.load_run(folder)


def test_a_pickle_is_never_opened(run: sv.Run, tmp_path: Path) -> None:
    folder = copied(run, tmp_path)
    np.save(folder / "latents.npy", np.array([{"run": "me"}], object), allow_pickle=True)
    with pytest.raises(sv.UserError, match="damaged"):
        sv.load_run(folder)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("movie", {"shape": [10**12, 10**9, 10**9]}),
        ("movie", {"shape": [300, -5, 38]}),
        ("movie", {"shape": [300, 10**40, 38]}),
        ("network", {"lags": 7}),
        ("network", {"stride": "../../etc"}),
    ],
)
def test_hostile_numbers_are_one_sentence(
    run: sv.Run, tmp_path: Path, part: str, value: dict[str, object]
) -> None:
    folder = copied(run, tmp_path)
    record = json.loads((folder / "run.json").read_text())
    record[part] |= value
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(sv.UserError, match="damaged"):
        sv.load_run(folder)


def test_a_run_one_may_not_read_is_not_called_damaged(
    run: sv.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", "latents.npy")

    monkeypatch.setattr("napari_sparsevar.run.store.np.load", denied)
    with pytest.raises(sv.UserError, match=r"latents\.npy: permission is denied"):
        sv.load_run(run.path)


@pytest.mark.parametrize(("version", "said"), [(99, "newer"), (1, "earlier")])
def test_a_run_of_another_version_says_so(
    run: sv.Run, tmp_path: Path, version: int, said: str
) -> None:
    folder = copied(run, tmp_path)
    record = json.loads((folder / "run.json").read_text())
    record["format_version"] = version
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(sv.UserError, match=said):
        sv.load_run(folder)


def test_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(sv.UserError, match="not a run"):
        sv.load_run(tmp_path)


def test_a_map_shows_what_is_known_to_drive_and_active(run: sv.Run) -> None:
    fitted, projection = run.results.fitted, run.results.projection
    fitted = fitted.with_coefficients(fitted.coefficients.abs())
    whole = contribution_map(fitted, projection)
    assert whole.image.max() > 0
    assert whole.image.min() >= 0.0
    assert not whole.silences[whole.image > 0].any()
    negative = fitted.with_coefficients(-fitted.coefficients)
    assert not contribution_map(negative, projection).image.any()
    silent = replace(fitted.own, signal=torch.zeros_like(fitted.own.signal))
    still = replace(projection, fitted=replace(fitted, own=silent))
    assert not contribution_map(fitted, still).image.any()


def test_a_map_of_what_silences_is_that_of_what_excites_with_the_other_sign(run: sv.Run) -> None:
    fitted, projection = run.results.fitted, run.results.projection
    kept = torch.where(fitted.coefficients > 0.2, fitted.coefficients, 0.0)
    up = contribution_map(fitted.with_coefficients(kept), projection)
    down = contribution_map(fitted.with_coefficients(-kept), projection, np.ones(kept.shape, bool))
    assert up.image.any()
    np.testing.assert_allclose(down.image, up.image, rtol=1e-5)
    np.testing.assert_array_equal(down.silences, up.image > 0)


def test_the_drive_is_the_mean_square_of_what_a_source_moves(run: sv.Run) -> None:
    """The compiled pass against the definition, with latents that only some sources share."""
    projection = run.results.projection
    coefficients = run.at_penalty(0.3 * run.penalty).results.fitted.distant
    found = drive(coefficients, projection.amplitude, projection.sources_by_pixel)
    moved = np.stack([lagged.T @ projection.sources.toarray() for lagged in coefficients])
    share = projection.amplitude / projection.amplitude.sum()
    for each, side in zip(found, (np.maximum(moved, 0), np.minimum(moved, 0)), strict=True):
        expected = np.einsum("t,lts->s", share, side**2)
        np.testing.assert_allclose(each, expected, rtol=1e-5, atol=1e-6 * expected.max())


def test_the_same_influence_counts_more_where_it_moves_more(run: sv.Run) -> None:
    """Doubling every coefficient doubles the drive; its sign decides which side it counts for."""
    projection, distant = run.results.projection, run.results.fitted.distant
    once = drive(distant, projection.amplitude, projection.sources_by_pixel)
    twice = [-2.0 * edges for edges in distant]
    turned = drive(twice, projection.amplitude, projection.sources_by_pixel)
    np.testing.assert_allclose(turned.positive, 4.0 * once.negative, rtol=1e-6)
    np.testing.assert_allclose(turned.negative, 4.0 * once.positive, rtol=1e-6)
